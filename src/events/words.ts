/** What a word of a prompt does. One table; the grammar in `parse.ts` only asks for meanings, never for spellings. */
export type Meaning =
  | 'enter'
  | 'approach'
  | 'cross'
  | 'travel'
  | 'come'
  | 'run'
  | 'leave'
  | 'appear'
  | 'see'
  | 'stay'
  | 'rest'
  | 'move'
  | 'switch'
  | 'cover'
  | 'blur'
  | 'shift'
  | 'tamper'
  | 'intrude'
  | 'loiter'
  | 'empty';

const VERBS: Readonly<Record<Meaning, string>> = {
  enter: 'enter access invade reach arrive entry',
  approach: 'approach',
  cross: 'cross traverse pass',
  travel: 'walk pass ride rode roll wander travel',
  come: 'come came coming go goes went gone step drive drove get gets got getting pull break broke',
  run: 'run running ran climb jump crawl sneak fly swim swam race',
  leave: 'leave leaving left exit depart disappear vanish departure',
  appear: 'appear emerge show appearance',
  see: 'detect detection see sees seen saw seeing spot spotted visible present presence sighted observe recognise recognize find found notice occur happen gather',
  stay: 'stay remain wait linger park parked parking idle dwell abandon abandoned unattended stationary',
  rest: 'stand stood standing sit sat sitting stop stopped stopping',
  move: 'move motion movement activity',
  switch: 'turn switch flick',
  cover: 'cover block obstruct mask hide hidden obscure tape spray occlude',
  blur: 'blur blurred blurry unfocus unfocused defocus defocused foggy dirty smear',
  shift: 'shift bump rotate displace knock tilt reposition redirect',
  tamper: 'tamper sabotage vandalise vandalize vandal',
  intrude: 'intrude intrusion trespass trespasser break-in',
  loiter: 'loiter',
  empty: 'empty vacant unoccupied deserted unmanned',
};

const MEANINGS = new Map<string, Meaning>();
for (const [meaning, words] of Object.entries(VERBS)) {
  for (const word of words.split(' ')) {
    // The keys of VERBS are exactly the meanings.
    for (const form of forms(word)) if (!MEANINGS.has(form)) MEANINGS.set(form, meaning as Meaning);
  }
}

/** enter → enters, entered, entering; park → parks …; stop → stopped; cross → crosses; move → moving. */
function forms(base: string): string[] {
  const stem = base.endsWith('e') ? base.slice(0, -1) : base;
  const doubled = `${base}${base.at(-1)}`;
  const s = /(?:s|sh|ch|x)$/.test(base) ? `${base}es` : `${base}s`;
  return [base, s, `${stem}ed`, `${stem}ing`, `${doubled}ed`, `${doubled}ing`];
}

export function meaningOf(word: string): Meaning | undefined {
  return MEANINGS.get(word);
}

/** A verb in a form that can't be part of a place's name ("enters", "parked"; but "parking lot", "exit door"). */
export function isFiniteVerb(word: string): boolean {
  return MEANINGS.has(word) && /(?:s|ed)$/.test(word);
}

export const NUMBERS: Readonly<Record<string, number>> = {
  zero: 0,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  eighty: 80,
  ninety: 90,
  hundred: 100,
  dozen: 12,
};

/** Unit → milliseconds. */
export const UNITS: Readonly<Record<string, number>> = {
  ...units(1, 'ms millisecond milliseconds'),
  ...units(1000, 's sec secs second seconds'),
  ...units(60_000, 'm min mins minute minutes'),
  ...units(3_600_000, 'h hr hrs hour hours'),
  ...units(86_400_000, 'day days'),
};

function units(ms: number, words: string): Record<string, number> {
  return Object.fromEntries(words.split(' ').map((word) => [word, ms]));
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** Say that an alert is wanted, not what for; cut from the front. */
export const LEAD_INS = set(
  'alert alerts alarm notify notification warn warning tell let know inform ping message email text send give raise ' +
    'trigger flag report detect watch look monitor me us my please when whenever if once as soon time every anytime ' +
    'that i we want could would like to be told know an a the event for on about of should can you check whether see find',
);

/** Carry no meaning of their own, or have given it to the part of the grammar that took the word beside them. */
export const FILLERS = set(
  'a an the this that these those either there here is are was were be been being am it its and or then of my our your their ' +
    'his her any some has have had does do did will would can could may just currently now still again suddenly when ' +
    'if while who which for us me up last first single becomes become grows another new already very too long than time all in into inside within at ' +
    'on onto near by around through across from to toward towards past along upon back away out off down number count',
);

export const DETERMINERS = set('a an the this that these those my our your their his her any some');

/** Before a place. */
export const PREPOSITIONS = set(
  'in into inside within at on onto near by around through across from to toward towards past along upon',
);

/** Before a place, and part of its name. */
export const NAMING_PREPOSITIONS = set('outside behind under above below beside');

/** A movement towards one of these is an entry. */
export const INWARD = set('into onto inside to toward towards');
export const THROUGH = set('through across past');
export const OUTWARD = set('out away off from');
/** May stand between a movement and its direction: "walks back into". */
export const ADVERBS = set('back up straight right over down quickly slowly');

/** End a place's name. */
export const BOUNDARIES = set(
  'is are was were be been has have had for when while whenever and or but then there that which who if does do did ' +
    'can will not never without with after before until during every more fewer exactly turn go come stay remain appear ' +
    'leave move off out',
);

/** Before a length of time. */
export const DURATION_LEADS = set('for more than at least over after about around longer');

/** As a place: the whole picture. */
export const WHOLE_PICTURE = set(
  'room picture view frame scene image camera cameras cam video shot screen sight feed footage property premises area ' +
    'place zone region spot outside front',
);

/** What is tampered with. */
export const CAMERA = set('camera cameras cam lens view picture image video feed');

export const LIGHTS = set('light lights lamp lamps lighting bulb bulbs illumination');
export const LIGHT_OFF = set('off out dark darker darkness darkens dim dims black');
export const LIGHT_ON = set('on lit bright brighter brightens');
/** Say by themselves that it is about light. */
export const LIGHTNESS = set('dark darker darkness darkens dim dims bright brighter brightens');

export const ANYTHING = set('something anything nothing things thing object objects');
export const NEGATIONS = set('no not nobody nothing none never without absent missing absence');

/** What share of the picture a thing covers, by the word for its size: at least when it is large, else at most. */
export const SIZES: Readonly<Record<string, { op: '>=' | '<='; share: number }>> = {
  huge: { op: '>=', share: 0.25 },
  large: { op: '>=', share: 0.1 },
  big: { op: '>=', share: 0.1 },
  small: { op: '<=', share: 0.01 },
  little: { op: '<=', share: 0.01 },
  tiny: { op: '<=', share: 0.0025 },
};

/** Would be taken for a place, though they say what no rule can check. */
export const UNCHECKABLE = set(
  'night day daytime nighttime morning evening afternoon noon midnight dusk dawn weekend weekends monday tuesday ' +
    'wednesday thursday friday saturday sunday today tomorrow am pm fire danger trouble uniform red green blue black ' +
    'white yellow dark work once',
);

/** A number's sign: the words before it → the operator. */
export const OPERATORS: readonly (readonly [words: readonly string[], op: '>' | '>=' | '==' | '<' | '<='])[] = [
  [['more', 'than'], '>'],
  [['fewer', 'than'], '<'],
  [['at', 'least'], '>='],
  [['at', 'most'], '<='],
  [['exactly'], '=='],
  [['only'], '=='],
  [['over'], '>'],
  [['under'], '<'],
];
