import { KINDS } from './wordnet.ts';

/**
 * The words people use for what detectors see. One list serves prompts ("a vehicle stays…"), search ("someone") and
 * the sentence of a scene, so that what is written is also found.
 */
export const COCO_LABELS: readonly string[] = (
  'person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,parking meter,' +
  'bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,frisbee,' +
  'skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,' +
  'wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,' +
  'chair,couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,' +
  'toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush'
).split(',');

/** A word a person may use → the labels it stands for. Labels stand for themselves and need no line here. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  someone: ['person'],
  somebody: ['person'],
  anyone: ['person'],
  anybody: ['person'],
  people: ['person'],
  human: ['person'],
  man: ['person'],
  woman: ['person'],
  child: ['person'],
  toddler: ['person'],
  driver: ['person'],
  rider: ['person'],
  kid: ['person'],
  baby: ['person'],
  boy: ['person'],
  girl: ['person'],
  pedestrian: ['person'],
  visitor: ['person'],
  intruder: ['person'],
  worker: ['person'],
  burglar: ['person'],
  thief: ['person'],
  robber: ['person'],
  prowler: ['person'],
  stranger: ['person'],
  suspect: ['person'],
  individual: ['person'],
  passerby: ['person'],
  figure: ['person'],
  men: ['person'],
  women: ['person'],
  children: ['person'],
  vehicle: ['car', 'truck', 'bus', 'motorcycle'],
  automobile: ['car'],
  auto: ['car'],
  van: ['car', 'truck'],
  'delivery van': ['car', 'truck'],
  'police van': ['car', 'truck'],
  lorry: ['truck'],
  pickup: ['truck', 'car'],
  motorbike: ['motorcycle'],
  bike: ['bicycle', 'motorcycle'],
  cyclist: ['bicycle'],
  animal: ['dog', 'cat', 'bird', 'horse', 'sheep', 'cow', 'bear', 'elephant', 'zebra', 'giraffe'],
  pet: ['dog', 'cat'],
  puppy: ['dog'],
  kitten: ['cat'],
  bag: ['backpack', 'handbag', 'suitcase'],
  luggage: ['suitcase', 'backpack', 'handbag'],
  phone: ['cell phone'],
  mobile: ['cell phone'],
  sofa: ['couch'],
  television: ['tv'],
  plane: ['airplane'],
  aeroplane: ['airplane'],
  ship: ['boat'],
  vessel: ['boat'],
  watercraft: ['boat'],
  aircraft: ['airplane'],
  scooter: ['motorcycle'],
  tanker: ['truck', 'boat'],
  duck: ['bird'],
  chicken: ['bird'],
  hen: ['bird'],
  livestock: ['cow', 'sheep', 'horse'],
  appliance: ['microwave', 'oven', 'toaster', 'refrigerator', 'hair drier'],
  container: ['bottle', 'cup', 'bowl', 'vase', 'wine glass'],
  food: ['sandwich', 'hot dog', 'pizza', 'donut', 'cake', 'banana', 'apple', 'orange', 'broccoli', 'carrot'],
  fruit: ['banana', 'apple', 'orange'],
  vegetable: ['broccoli', 'carrot'],
  seat: ['chair', 'couch', 'bench'],
  electronics: ['tv', 'laptop', 'cell phone', 'keyboard', 'mouse', 'remote'],
  computer: ['laptop'],
};

/** "dogs" → "dog", "buses" → "bus", "policemen" → "policeman", "people" stays (it is a synonym). */
export function singular(word: string): string {
  return isKnown(word) ? word : (singularOf(word, isKnown) ?? word);
}

const PLURALS = [
  ['ies', 'y'],
  ['ves', 'f'],
  ['ves', 'fe'],
  ['men', 'man'],
  ['children', 'child'],
  ['people', 'person'],
  ['es', ''],
  ['s', ''],
] as const;

function singularOf(word: string, isOne: (word: string) => boolean): string | undefined {
  for (const [ending, replacement] of PLURALS) {
    if (!word.endsWith(ending) || word.length < ending.length + 2) continue;
    const stem = word.slice(0, -ending.length) + replacement;
    if (isOne(stem)) return stem;
  }
  return undefined;
}

const LABELS = new Set(COCO_LABELS);

function isKnown(word: string): boolean {
  return LABELS.has(word) || Object.hasOwn(SYNONYMS, word) || kinds().has(word);
}

/** Detector labels that a word or label phrase stands for, singular or plural; empty when it isn't a known thing. */
export function labelsFor(word: string): readonly string[] {
  const one = singular(word.toLowerCase().trim());
  if (LABELS.has(one)) return [one];
  return (Object.hasOwn(SYNONYMS, one) ? SYNONYMS[one] : kinds().get(one)) ?? [];
}

/** WordNet's words for what detectors know; what is written by hand above wins. Read when first asked for. */
let kindsRead: ReadonlyMap<string, readonly string[]> | undefined;
function kinds(): ReadonlyMap<string, readonly string[]> {
  kindsRead ??= new Map(
    KINDS.split(';').flatMap((line) => {
      const [labels = '', words = ''] = line.split('=');
      return words.split(',').map((word) => [word, labels.split('|')] as const);
    }),
  );
  return kindsRead;
}

/** Ways to say what scenes say of movement; the first word of each is theirs. */
const MOVEMENT: readonly (readonly string[])[] = [
  ['motion', 'move', 'moves', 'moved', 'moving', 'movement', 'movements', 'activity'],
  ['still', 'quiet', 'calm', 'idle', 'motionless'],
];
const STILLNESS =
  /\b(?:nothing|nobody|no|without)\s+(?:is\s+|was\s+)?(?:motion|mov(?:e[sd]?|ing|ements?)|activity)\b/gi;

/** What scenes call the movement, or the lack of it, that a word stands for; undefined when it is about neither. */
export function movementWord(word: string): string | undefined {
  return MOVEMENT.find((words) => words.includes(word))?.[0];
}

/** The text with "nothing moves", "no motion" and the like as scenes say it. */
export function withStillness(text: string): string {
  return text.replace(STILLNESS, 'still');
}

/** Every word a person may use for a label, for search. */
export function wordsFor(label: string): string[] {
  return Object.entries(SYNONYMS)
    .filter(([, labels]) => labels.includes(label))
    .map(([word]) => word);
}
