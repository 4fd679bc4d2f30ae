/** AudioSet's classes of sounds, as models that know them (YAMNet) number them, in lower case. */
export const SOUND_LABELS: readonly string[] = (
  'speech;child speech, kid speaking;conversation;narration, monologue;babbling;speech synthesizer;shout;bellow;' +
  'whoop;yell;children shouting;screaming;whispering;laughter;baby laughter;giggle;snicker;belly laugh;' +
  'chuckle, chortle;crying, sobbing;baby cry, infant cry;whimper;wail, moan;sigh;singing;choir;yodeling;chant;' +
  'mantra;child singing;synthetic singing;rapping;humming;groan;grunt;whistling;breathing;wheeze;snoring;gasp;pant;' +
  'snort;cough;throat clearing;sneeze;sniff;run;shuffle;walk, footsteps;chewing, mastication;biting;gargling;' +
  'stomach rumble;burping, eructation;hiccup;fart;hands;finger snapping;clapping;heart sounds, heartbeat;' +
  'heart murmur;cheering;applause;chatter;crowd;hubbub, speech noise, speech babble;children playing;animal;' +
  'domestic animals, pets;dog;bark;yip;howl;bow-wow;growling;whimper (dog);cat;purr;meow;hiss;caterwaul;' +
  'livestock, farm animals, working animals;horse;clip-clop;neigh, whinny;cattle, bovinae;moo;cowbell;pig;oink;' +
  'goat;bleat;sheep;fowl;chicken, rooster;cluck;crowing, cock-a-doodle-doo;turkey;gobble;duck;quack;goose;honk;' +
  'wild animals;roaring cats (lions, tigers);roar;bird;bird vocalization, bird call, bird song;chirp, tweet;squawk;' +
  'pigeon, dove;coo;crow;caw;owl;hoot;bird flight, flapping wings;canidae, dogs, wolves;rodents, rats, mice;mouse;' +
  'patter;insect;cricket;mosquito;fly, housefly;buzz;bee, wasp, etc.;frog;croak;snake;rattle;whale vocalization;' +
  'music;musical instrument;plucked string instrument;guitar;electric guitar;bass guitar;acoustic guitar;' +
  'steel guitar, slide guitar;tapping (guitar technique);strum;banjo;sitar;mandolin;zither;ukulele;' +
  'keyboard (musical);piano;electric piano;organ;electronic organ;hammond organ;synthesizer;sampler;harpsichord;' +
  'percussion;drum kit;drum machine;drum;snare drum;rimshot;drum roll;bass drum;timpani;tabla;cymbal;hi-hat;' +
  'wood block;tambourine;rattle (instrument);maraca;gong;tubular bells;mallet percussion;marimba, xylophone;' +
  'glockenspiel;vibraphone;steelpan;orchestra;brass instrument;french horn;trumpet;trombone;' +
  'bowed string instrument;string section;violin, fiddle;pizzicato;cello;double bass;' +
  'wind instrument, woodwind instrument;flute;saxophone;clarinet;harp;bell;church bell;jingle bell;bicycle bell;' +
  'tuning fork;chime;wind chime;change ringing (campanology);harmonica;accordion;bagpipes;didgeridoo;shofar;' +
  'theremin;singing bowl;scratching (performance technique);pop music;hip hop music;beatboxing;rock music;' +
  'heavy metal;punk rock;grunge;progressive rock;rock and roll;psychedelic rock;rhythm and blues;soul music;reggae;' +
  'country;swing music;bluegrass;funk;folk music;middle eastern music;jazz;disco;classical music;opera;' +
  'electronic music;house music;techno;dubstep;drum and bass;electronica;electronic dance music;ambient music;' +
  'trance music;music of latin america;salsa music;flamenco;blues;music for children;new-age music;vocal music;' +
  'a capella;music of africa;afrobeat;christian music;gospel music;music of asia;carnatic music;music of bollywood;' +
  'ska;traditional music;independent music;song;background music;theme music;jingle (music);soundtrack music;' +
  'lullaby;video game music;christmas music;dance music;wedding music;happy music;sad music;tender music;' +
  'exciting music;angry music;scary music;wind;rustling leaves;wind noise (microphone);thunderstorm;thunder;water;' +
  'rain;raindrop;rain on surface;stream;waterfall;ocean;waves, surf;steam;gurgling;fire;crackle;vehicle;' +
  'boat, water vehicle;sailboat, sailing ship;rowboat, canoe, kayak;motorboat, speedboat;ship;motor vehicle (road);' +
  'car;vehicle horn, car horn, honking;toot;car alarm;power windows, electric windows;skidding;tire squeal;' +
  'car passing by;race car, auto racing;truck;air brake;air horn, truck horn;reversing beeps;' +
  'ice cream truck, ice cream van;bus;emergency vehicle;police car (siren);ambulance (siren);' +
  'fire engine, fire truck (siren);motorcycle;traffic noise, roadway noise;rail transport;train;train whistle;' +
  'train horn;railroad car, train wagon;train wheels squealing;subway, metro, underground;aircraft;aircraft engine;' +
  'jet engine;propeller, airscrew;helicopter;fixed-wing aircraft, airplane;bicycle;skateboard;engine;' +
  "light engine (high frequency);dental drill, dentist's drill;lawn mower;chainsaw;medium engine (mid frequency);" +
  'heavy engine (low frequency);engine knocking;engine starting;idling;accelerating, revving, vroom;door;doorbell;' +
  'ding-dong;sliding door;slam;knock;tap;squeak;cupboard open or close;drawer open or close;dishes, pots, and pans;' +
  'cutlery, silverware;chopping (food);frying (food);microwave oven;blender;water tap, faucet;' +
  'sink (filling or washing);bathtub (filling or washing);hair dryer;toilet flush;toothbrush;electric toothbrush;' +
  'vacuum cleaner;zipper (clothing);keys jangling;coin (dropping);scissors;electric shaver, electric razor;' +
  'shuffling cards;typing;typewriter;computer keyboard;writing;alarm;telephone;telephone bell ringing;ringtone;' +
  'telephone dialing, dtmf;dial tone;busy signal;alarm clock;siren;civil defense siren;buzzer;' +
  'smoke detector, smoke alarm;fire alarm;foghorn;whistle;steam whistle;mechanisms;ratchet, pawl;clock;tick;' +
  'tick-tock;gears;pulleys;sewing machine;mechanical fan;air conditioning;cash register;printer;camera;' +
  'single-lens reflex camera;tools;hammer;jackhammer;sawing;filing (rasp);sanding;power tool;drill;explosion;' +
  'gunshot, gunfire;machine gun;fusillade;artillery fire;cap gun;fireworks;firecracker;burst, pop;eruption;boom;' +
  'wood;chop;splinter;crack;glass;chink, clink;shatter;liquid;splash, splatter;slosh;squish;drip;pour;' +
  'trickle, dribble;gush;fill (with liquid);spray;pump (liquid);stir;boiling;sonar;arrow;whoosh, swoosh, swish;' +
  'thump, thud;thunk;electronic tuner;effects unit;chorus effect;basketball bounce;bang;slap, smack;whack, thwack;' +
  'smash, crash;breaking;bouncing;whip;flap;scratch;scrape;rub;roll;crushing;crumpling, crinkling;tearing;' +
  'beep, bleep;ping;ding;clang;squeal;creak;rustle;whir;clatter;sizzle;clicking;clickety-clack;rumble;plop;' +
  'jingle, tinkle;hum;zing;boing;crunch;silence;sine wave;harmonic;chirp tone;sound effect;pulse;' +
  'inside, small room;inside, large room or hall;inside, public space;outside, urban or manmade;' +
  'outside, rural or natural;reverberation;echo;noise;environmental noise;static;mains hum;distortion;sidetone;' +
  'cacophony;white noise;pink noise;throbbing;vibration;television;radio;field recording'
).split(';');

/**
 * Sounds that are no events: silence, speech (it is written down), rooms, and noises that every microphone makes.
 * Shouting, screaming and crying are events.
 */
export const NO_EVENTS: ReadonlySet<string> = new Set([
  ...['silence', 'speech', 'child speech, kid speaking', 'conversation', 'narration, monologue', 'babbling'],
  ...['speech synthesizer', 'hubbub, speech noise, speech babble', 'whispering', 'breathing', 'inside, small room'],
  ...['inside, large room or hall', 'inside, public space', 'outside, urban or manmade', 'outside, rural or natural'],
  ...['reverberation', 'echo', 'noise', 'environmental noise', 'static', 'mains hum', 'hum', 'distortion', 'sidetone'],
  ...['cacophony', 'white noise', 'pink noise', 'throbbing', 'vibration', 'television', 'radio', 'field recording'],
  ...['sound effect', 'pulse', 'camera', 'single-lens reflex camera', 'effects unit', 'chorus effect'],
]);
