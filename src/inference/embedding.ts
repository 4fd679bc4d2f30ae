import { labelsFor, singular } from '#domain';

/** Built in, lexical: words, their pieces and what they stand for, hashed. Stored beside each vector. */
export const TEXT_EMBEDDING: { model: string; dim: 256 } = { model: 'built-in-lexical-1', dim: 256 };

/** Ways to say what scenes say that aren't names of things. */
const CONCEPTS: readonly (readonly string[])[] = [
  ['motion', 'move', 'moves', 'moving', 'moved', 'movement', 'activity'],
  ['still', 'quiet', 'calm', 'idle', 'nothing'],
  ['enter', 'enters', 'entered', 'entering', 'came', 'comes', 'arrive', 'arrives', 'arrived', 'appear', 'appeared'],
  ['leave', 'leaves', 'leaving', 'gone', 'exit', 'exits', 'exited', 'departed', 'went'],
  ['light', 'lights', 'lamp', 'lighting', 'illumination'],
  ['dark', 'darkness', 'night', 'off'],
  ['covered', 'cover', 'blocked', 'obscured', 'obstructed', 'tamper', 'tampered', 'tampering', 'hidden'],
  ['blurred', 'blurry', 'focus', 'unfocused', 'tamper', 'tampered', 'tampering'],
  ['turned', 'shifted', 'knocked', 'tamper', 'tampered', 'tampering'],
];

const EMPTY_WORDS = new Set(
  'a an the is are was were be been of in on at to and or with from by for there it its that this one zone'.split(' '),
);

const WEIGHT = { thing: 2, concept: 1.2, word: 1, piece: 0.25 } as const;

/** 256 numbers of unit length (all zero for a text without words); similar texts have a large dot product. */
export function embedText(text: string): Float32Array {
  const vector = new Float32Array(TEXT_EMBEDDING.dim);
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  words.forEach((word, i) => {
    if (EMPTY_WORDS.has(word)) return;
    const next = words[i + 1];
    addThings(vector, next === undefined ? [word] : [word, `${word} ${next}`]);
    addWord(vector, word);
  });
  return unit(vector);
}

/** "someone" and "people" both stand for "person"; a word for several things counts once in all. */
function addThings(vector: Float32Array, phrases: readonly string[]): void {
  for (const phrase of phrases) {
    const labels = labelsFor(phrase);
    for (const label of labels) add(vector, `thing ${label}`, WEIGHT.thing / Math.sqrt(labels.length));
  }
}

function addWord(vector: Float32Array, word: string): void {
  CONCEPTS.forEach((words, i) => {
    if (words.includes(word)) add(vector, `concept ${i}`, WEIGHT.concept);
  });
  const stem = singular(word);
  add(vector, `word ${stem}`, WEIGHT.word);
  const framed = `^${stem}$`;
  for (let i = 0; i + 3 <= framed.length; i++) add(vector, `piece ${framed.slice(i, i + 3)}`, WEIGHT.piece);
}

/** Two places per feature with signs of their own, so that features that meet by chance seldom agree. */
function add(vector: Float32Array, feature: string, weight: number): void {
  for (const seed of [0x811c9dc5, 0x9747b28c]) {
    const hash = fnv1a(feature, seed);
    const at = hash & 0xff;
    vector[at] = (vector[at] ?? 0) + ((hash >>> 8) & 1 ? weight : -weight);
  }
}

function fnv1a(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
