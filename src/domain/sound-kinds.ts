/** A sound that people ask for, and the classes that it is recognised by. */
export interface SoundKind {
  /** For sentences: "a smoke alarm", "barking". */
  name: string;
  /** What a scene says of it. */
  says: string;
  /** Ways to ask for it, word by word, each in any form (with `=` in this one); `|` parts words for one place. */
  asked: readonly string[];
  /** Of `SOUND_LABELS`; the first is its own. */
  labels: readonly string[];
  /** Who may be named beside it: "a dog barks", "someone shouts". */
  by?: SoundMaker;
}

export type SoundMaker = 'person' | 'animal' | 'vehicle';

export function kind(name: string, says: string, asked: string, labels: string, by?: SoundMaker): SoundKind {
  const parts = (text: string) => text.split(';').map((part) => part.trim());
  return { name, says, asked: asked === '' ? [] : parts(asked), labels: parts(labels), ...(by ? { by } : {}) };
}

const SHOUTS = 'yell;bellow;children shouting';
const SIRENS = 'police car (siren);ambulance (siren);fire engine, fire truck (siren);emergency vehicle';
const SHOTS = 'gunshot, gunfire;machine gun;fusillade;artillery fire';
export const ENGINES =
  'engine starting;idling;accelerating, revving, vroom;light engine (high frequency);medium engine (mid frequency);' +
  'heavy engine (low frequency);engine knocking';
export const WATER = 'water tap, faucet;trickle, dribble;gush;pour;splash, splatter;sink (filling or washing);drip';

/** Danger and alarm first: of several that a sentence may mean, the longer words win, then the order. */
export const SOUND_KINDS: readonly SoundKind[] = [
  kind('a smoke alarm', 'a smoke alarm sounds', 'smoke alarm|detector|alert', 'smoke detector, smoke alarm;fire alarm'),
  kind('a fire alarm', 'a fire alarm sounds', 'fire alarm|detector|bell', 'fire alarm;smoke detector, smoke alarm'),
  kind('a car alarm', 'a car alarm sounds', 'car|vehicle alarm', 'car alarm'),
  kind('an alarm clock', 'an alarm clock rings', 'alarm clock', 'alarm clock'),
  kind('a police siren', 'a police siren wails', 'police siren; police car siren', 'police car (siren);siren'),
  kind('an ambulance', 'an ambulance wails', 'ambulance siren', 'ambulance (siren);siren'),
  kind('a fire engine', 'a fire engine wails', 'fire engine|truck siren', 'fire engine, fire truck (siren);siren'),
  kind('a siren', 'a siren wails', 'siren', `siren;civil defense siren;${SIRENS}`),
  kind(
    'breaking glass',
    'glass breaks',
    'glass|window|windowpane|bottle|mirror break|broke|broken|shatter|smash|crack|splinter; ' +
      'break|broke|broken|shatter|smash glass|window|windowpane|bottle|mirror; ' +
      'breakage of glass; glass breakage',
    'shatter;glass;breaking;smash, crash',
    'person',
  ),
  kind('a gunshot', 'a gunshot is heard', 'gunshot; gunfire; gun shot|fire; shot fire; machine gun', SHOTS),
  kind(
    'an explosion',
    'something explodes',
    'explosion; explode; detonation; detonate; blast',
    'explosion;boom;eruption',
  ),
  kind('fireworks', 'fireworks go off', 'firework; firecracker', 'fireworks;firecracker'),
  kind('screaming', 'someone screams', 'scream; shriek; cry out in pain|fear', `screaming;shout;${SHOUTS}`, 'person'),
  kind('shouting', 'someone shouts', 'shout; yell; bellow; holler', `shout;screaming;${SHOUTS}`, 'person'),
  kind(
    'a crying baby',
    'a baby cries',
    'baby|infant|newborn|toddler cry|scream|wail; cry|scream baby|infant|newborn|toddler',
    'baby cry, infant cry;crying, sobbing',
  ),
  kind(
    'crying',
    'someone cries',
    'cry; sob; weep',
    'crying, sobbing;baby cry, infant cry;wail, moan;whimper',
    'person',
  ),
  kind('moaning', 'someone moans', 'moan; groan', 'groan;wail, moan', 'person'),
  kind(
    'laughter',
    'someone laughs',
    'laugh; laughter; giggle',
    'laughter;giggle;chuckle, chortle;belly laugh;snicker;baby laughter',
    'person',
  ),
  kind('coughing', 'someone coughs', 'cough', 'cough;throat clearing', 'person'),
  kind('sneezing', 'someone sneezes', 'sneeze', 'sneeze', 'person'),
  kind('snoring', 'someone snores', 'snore', 'snoring', 'person'),
  kind('whistling', 'someone whistles', 'whistle', 'whistling;whistle', 'person'),
  kind('singing', 'someone sings', 'sing', 'singing;choir;chant;child singing', 'person'),
  kind('applause', 'people applaud', 'applause; applaud; clap; hand clap', 'applause;clapping', 'person'),
  kind('cheering', 'people cheer', 'cheer', 'cheering', 'person'),
  kind('footsteps', 'footsteps are heard', 'footstep; foot step', 'walk, footsteps', 'person'),
  kind(
    'knocking',
    'someone knocks',
    'knock on|at door|window; door knock; bang|pound|hammer on|at door|window; knock',
    'knock;tap',
    'person',
  ),
  kind(
    'a doorbell',
    'the doorbell rings',
    'doorbell; door bell; ding dong; ring bell|doorbell',
    'doorbell;ding-dong',
    'person',
  ),
  kind('a church bell', 'a church bell rings', 'church bell', 'church bell;bell'),
  kind('a slamming door', 'a door slams', 'door slam|bang; slam door; slam of door', 'slam', 'person'),
  kind('barking', 'a dog barks', 'bark; dog bark; yap; woof', 'bark;dog;yip;bow-wow', 'animal'),
  kind('howling', 'a dog howls', 'howl', 'howl', 'animal'),
  kind('growling', 'a dog growls', 'growl', 'growling', 'animal'),
  kind('meowing', 'a cat meows', 'meow; miaow; mew', 'meow;cat;caterwaul', 'animal'),
  kind(
    'birdsong',
    'birds sing',
    'birdsong; bird song|sing|chirp|tweet|call; chirp; tweet',
    'bird vocalization, bird call, bird song;chirp, tweet;bird;squawk',
    'animal',
  ),
  kind('crowing', 'a rooster crows', 'rooster|cock crow', 'crowing, cock-a-doodle-doo;chicken, rooster'),
  kind('mooing', 'a cow moos', 'moo', 'moo;cattle, bovinae', 'animal'),
  kind('neighing', 'a horse neighs', 'neigh; whinny', 'neigh, whinny', 'animal'),
  kind('bleating', 'a sheep bleats', 'bleat', 'bleat;sheep;goat', 'animal'),
  kind('buzzing', 'something buzzes', 'buzz; buzzer', 'buzz;buzzer;bee, wasp, etc.;fly, housefly;mosquito', 'animal'),
  kind('a train horn', 'a train sounds its horn', 'train horn|whistle', 'train horn;train whistle'),
  kind(
    'a car horn',
    'a vehicle sounds its horn',
    'car|truck|bus|lorry|vehicle horn; horn; honk; toot; beep horn',
    'vehicle horn, car horn, honking;toot;air horn, truck horn',
    'vehicle',
  ),
  kind(
    'reversing beeps',
    'a vehicle beeps in reverse',
    'reverse beep|beeper|alarm; backup beep|beeper|alarm',
    'reversing beeps',
    'vehicle',
  ),
  kind('a crash', 'something crashes', 'car|vehicle crash; crash', 'smash, crash;bang;skidding;tire squeal', 'vehicle'),
  kind(
    'squealing tyres',
    'tyres squeal',
    'tire|tyre squeal|screech; brake screech|squeal; squeal tire|tyre; skid',
    'tire squeal;skidding',
    'vehicle',
  ),
  kind(
    'an engine',
    'an engine runs',
    'car|truck|vehicle|motorcycle engine|motor; engine; motor; rev',
    `engine;${ENGINES}`,
    'vehicle',
  ),
  kind('thunder', 'it thunders', 'thunder; thunderstorm', 'thunder;thunderstorm'),
  kind('rain', 'it rains', 'rain; rainfall; downpour; rain falls', 'rain;rain on surface;raindrop'),
  kind('wind', 'the wind blows', 'wind blow|howl; strong wind', 'wind;wind noise (microphone)'),
  kind('running water', 'water runs', 'water run|flow|leak|splash|gush; run|flow|drip water; splash', WATER),
  kind('dripping', 'something drips', 'water|tap|faucet drip; drip', 'drip;trickle, dribble'),
  kind('a flushing toilet', 'a toilet is flushed', 'toilet flush; flush toilet', 'toilet flush', 'person'),
  kind(
    'a ringing telephone',
    'a phone rings',
    'phone|telephone|cellphone|mobile ring|rang; ring phone|telephone; ringtone',
    'telephone bell ringing;ringtone;telephone',
  ),
  kind('beeping', 'something beeps', 'beep; bleep', 'beep, bleep;reversing beeps;smoke detector, smoke alarm'),
  kind('a bell', 'a bell rings', 'bell', 'bell;church bell;chime;ding'),
  kind(
    'typing',
    'someone types',
    '=typing; type on|at keyboard; keyboard click',
    'typing;computer keyboard;typewriter',
    'person',
  ),
  kind('drilling', 'someone drills', 'drill', 'drill;power tool', 'person'),
  kind('hammering', 'someone hammers', 'hammer; jackhammer', 'hammer;jackhammer', 'person'),
  kind('sawing', 'someone saws', '=sawing; chainsaw', 'sawing;chainsaw;power tool', 'person'),
  kind('a crackle fire', 'a fire crackles', 'fire crackle; crackle fire', 'crackle;fire'),
  kind('boiling water', 'something boils', 'boil; kettle boil|whistle|sing', 'boiling;steam whistle;steam'),
  kind('creaking', 'something creaks', 'creak; squeak', 'creak;squeak'),
  kind('a bang', 'something bangs', 'bang; thud; thump', 'bang;thump, thud;slam;whack, thwack'),
  kind('music', 'music plays', 'music; music play; song play', 'music;musical instrument;song'),
  kind(
    'an alarm',
    'an alarm sounds',
    'alarm; burglar|intruder|intrusion|security alarm',
    'alarm;smoke detector, smoke alarm;fire alarm;car alarm;siren;civil defense siren;buzzer',
  ),
  kind(
    'a carbon monoxide alarm',
    'an alarm sounds',
    'carbon monoxide alarm|detector; co alarm|detector',
    'alarm;smoke detector, smoke alarm;beep, bleep',
  ),
  kind(
    'a loud noise',
    'there is a loud noise',
    'loud noise|sound|bang; noise loud',
    `bang;boom;explosion;slam;smash, crash;thump, thud;burst, pop;whack, thwack;breaking;shatter;fireworks;firecracker;${SHOTS}`,
  ),
];
