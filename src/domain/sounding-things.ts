import { ENGINES, kind, type SoundKind, WATER } from './sound-kinds.ts';

/** Things that are seen as well: asked for as sounds only with "hear", "the sound of" and the like. */
export const SOUNDING_THINGS: readonly SoundKind[] = [
  kind('a dog', 'a dog is heard', 'dog', 'dog;bark;yip;howl;bow-wow;growling;whimper (dog)'),
  kind('a cat', 'a cat is heard', 'cat', 'cat;meow;purr;hiss;caterwaul'),
  kind(
    'a bird',
    'a bird is heard',
    'bird',
    'bird;bird vocalization, bird call, bird song;chirp, tweet;squawk;crow;caw;owl;hoot;coo',
  ),
  kind(
    'a car',
    'a car is heard',
    'car',
    `car;motor vehicle (road);car passing by;vehicle horn, car horn, honking;${ENGINES}`,
  ),
  kind(
    'a truck',
    'a truck is heard',
    'truck|lorry',
    `truck;motor vehicle (road);air brake;air horn, truck horn;heavy engine (low frequency)`,
  ),
  kind('a motorcycle', 'a motorcycle is heard', 'motorcycle|motorbike', 'motorcycle;accelerating, revving, vroom'),
  kind(
    'a train',
    'a train is heard',
    'train',
    'train;rail transport;train horn;train whistle;train wheels squealing;railroad car, train wagon',
  ),
  kind(
    'an aircraft',
    'an aircraft is heard',
    'aircraft|airplane|aeroplane|plane|jet',
    'aircraft;aircraft engine;jet engine;fixed-wing aircraft, airplane;propeller, airscrew;helicopter',
  ),
  kind(
    'a vehicle',
    'a vehicle is heard',
    'vehicle|traffic',
    `vehicle;car;truck;bus;motorcycle;train;motor vehicle (road);traffic noise, roadway noise;car passing by;engine;${ENGINES}`,
  ),
  kind(
    'an animal',
    'an animal is heard',
    'animal|pet',
    'animal;domestic animals, pets;dog;cat;bird;bark;meow;horse;wild animals;livestock, farm animals, working animals',
  ),
  kind('a door', 'a door is heard', 'door', 'door;slam;sliding door;creak;knock'),
  kind('a fire', 'a fire is heard', 'fire', 'fire;crackle'),
  kind('water', 'water is heard', 'water', `water;liquid;stream;waterfall;rain;raindrop;rain on surface;${WATER}`),
  kind('wind', 'wind is heard', 'wind', 'wind;wind noise (microphone);rustling leaves'),
  kind('a crowd', 'a crowd is heard', 'crowd', 'crowd;chatter;cheering'),
];
