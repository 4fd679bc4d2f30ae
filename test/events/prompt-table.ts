/**
 * What people write for events, and what it must mean: the first list was written before anybody looked at what the
 * grammar does with it. 57 % of it were right then; the meanings of six were changed since ("three trucks" are at least
 * three, the night after 10 pm ends at six, names of sounds and of a minivan). A meaning reads: subject, relation, `@place`, colour, length, number, time of day, days.
 */
export type Row = readonly [prompt: string, meaning: string];

/** The zones that the box knows. */
export const ZONES = ['loading zone', 'driveway', 'gate', 'yard', 'pool', 'side door'];

const VEHICLE = 'bus|car|motorcycle|truck';
const ANIMAL = 'bear|bird|cat|cow|dog|elephant|giraffe|horse|sheep|zebra';

export const WRITTEN_FIRST: readonly Row[] = [
  // In different words
  ['someone enters the loading zone', 'person enters @loading zone'],
  ['A person walks into the loading zone', 'person enters @loading zone'],
  ['tell me when anybody comes into the yard', 'person enters @yard'],
  ['Please notify me if a man goes through the gate', 'person crosses @gate'],
  ['people crossing the driveway', 'person crosses @driveway'],
  ['a car crosses the yard', 'car crosses @yard'],
  ['a dog runs across the yard', 'dog crosses @yard'],
  ['Detect when a vehicle enters the driveway', `${VEHICLE} enters @driveway`],
  ['a delivery truck arrives', 'truck enters'],
  ['a lorry pulls up to the loading zone', 'truck enters @loading zone'],
  ['somebody leaves through the side door', 'person leaves @side door'],
  ['the last person leaves', 'person leaves'],
  ['a cat appears', 'cat appears'],
  ['there is a dog in the pool', 'dog present @pool'],
  ['is anyone in the pool?', 'person present @pool'],
  ['pedestrian detected', 'person present'],
  ['a kid near the pool', 'person present @pool'],
  ['an animal in the yard', `${ANIMAL} present @yard`],
  ['a puppy enters the driveway', 'dog enters @driveway'],
  ['minivan in the driveway', 'car|truck present @driveway'],
  ['a taxi stops at the gate', 'car present @gate'],
  ['a toddler enters the pool', 'person enters @pool'],
  ['a policeman enters the yard', 'person enters @yard'],
  ['a speedboat appears', 'boat appears'],
  ['somebody left a suitcase', 'suitcase stays for 60s'],
  ['an abandoned bag', 'backpack|handbag|suitcase stays for 60s'],
  ['the camera is covered', 'tamper covered appears'],
  ['someone moves the camera', 'tamper moved appears'],
  ['the picture is blurry', 'tamper blurred appears'],
  ['the lights go out', 'light off appears'],
  ['somebody turns on the lights', 'light on appears'],
  ['motion in the yard', 'motion present @yard'],
  ['something moves near the gate', 'motion present @gate'],
  ['no movement for 10 minutes', 'motion absent for 600s'],
  // Numbers
  ['more than 3 people', 'person count >3'],
  ['at least two cars in the driveway', 'car count >=2 @driveway'],
  ['exactly one person at the gate', 'person count ==1 @gate'],
  ['fewer than 2 workers in the loading zone', 'person count <2 @loading zone'],
  ['two or more dogs', 'dog count >=2'],
  ['a crowd gathers at the gate', 'person count >=5 @gate'],
  ['5+ people in the yard', 'person count >=5 @yard'],
  ['between 2 and 4 people in the pool', 'refused'],
  ['three trucks are waiting in the loading zone for more than 5 minutes', 'truck count >=3 for 300s @loading zone'],
  // Lengths
  ['a car stays in the driveway for more than 30 seconds', 'car stays for 30s @driveway'],
  ['someone loiters at the gate for 2 minutes', 'person stays for 120s @gate'],
  ['a truck is parked in the loading zone longer than half an hour', 'truck stays for 1800s @loading zone'],
  ['nobody in the loading zone for an hour', 'person absent for 3600s @loading zone'],
  ['a vehicle stands still in the driveway', `${VEHICLE} stays for 60s @driveway`],
  ['the gate is unattended for 5 min', 'person absent for 300s @gate'],
  // Times
  ['someone enters the yard after 10 pm', 'person enters @yard during 22:00-06:00'],
  ['a person at night', 'person present during 22:00-06:00'],
  ['anyone in the pool between 8 and 18 on weekdays', 'person present @pool during 08:00-18:00 1,2,3,4,5'],
  ['motion between 22:00 and 06:00', 'motion present during 22:00-06:00'],
  ['a car in the driveway before 7am', 'car present @driveway during 00:00-07:00'],
  ['someone enters the gate on weekends', 'person enters @gate during 00:00-00:00 0,6'],
  ['a truck arrives on sunday', 'truck enters during 00:00-00:00 0'],
  ['people in the yard from 11pm to 5am', 'person present @yard during 23:00-05:00'],
  [
    'someone loiters at the side door for 1 minute after midnight',
    'person stays for 60s @side door during 00:00-06:00',
  ],
  ['more than 2 people in the pool after 9:30 pm', 'person count >2 @pool during 21:30-06:00'],
  ['nobody at the gate during the day', 'person absent @gate during 06:00-22:00'],
  ['a vehicle enters outside business hours', `${VEHICLE} enters during 17:00-09:00`],
  // Colours
  ['a red car enters the driveway', 'car enters @driveway red'],
  ['a white van in the yard', 'car|truck present @yard white'],
  ['someone in a blue jacket at the gate', 'person present @gate blue'],
  ['a black dog', 'dog present black'],
  ['a person dressed in yellow enters', 'person enters yellow'],
  ['the car is green', 'car present green'],
  ['more than one grey truck', 'truck count >1 grey'],
  ['a red car stays in the driveway for 2 minutes at night', 'car stays for 120s @driveway red during 22:00-06:00'],
  // Negations
  ['no one is at the gate', 'person absent @gate'],
  ['no car in the driveway for 10 minutes', 'car absent for 600s @driveway'],
  ['the yard is empty', 'person absent @yard'],
  ['the driveway is no longer empty', 'person present @driveway'],
  ['a truck has not left the loading zone', 'truck stays for 60s @loading zone'],
  // Heard
  ['a dog barks', 'sound barking present'],
  ['glass breaks', 'sound breaking glass present'],
  ['someone says help', 'speech'],
  // Only its words tell
  ['someone without a helmet', 'text'],
  ['a person falls down', 'text'],
  ['two people are fighting', 'text'],
  ['a forklift in the yard', 'text'],
  ['the baby escapes its crib', 'text'],
  // Nonsense
  ['asdf qwer', 'refused'],
  ['', 'refused'],
  ['when', 'refused'],
  ['detect', 'refused'],
  ['???', 'refused'],
  ['xkcd zzzt brrrp', 'refused'],
  ['alert me', 'refused'],
  ['more than 3 and fewer than 2 people', 'refused'],
  ['a car is there and not there', 'refused'],
  ['12345', 'refused'],
  ['someone enters the yard after 25:00', 'refused'],
];
