import { labelsFor, type RuleSubject } from '#domain';
import type { Sentence } from './tokens.ts';
import { ANYTHING, CAMERA, LIGHT_OFF, LIGHT_ON, LIGHTNESS, LIGHTS, type Meaning } from './words.ts';

/** A thing that a detector may know, by the person's word for it. */
export interface Named {
  word: string;
  labels: readonly string[];
}

/** The label, of up to three words, that begins at the position. */
export function labelAt(sentence: Sentence, at: number): (Named & { length: number }) | undefined {
  for (const length of [3, 2, 1]) {
    const word = sentence.phrase(at, length);
    const labels = word === undefined ? [] : labelsFor(word);
    if (word !== undefined && labels.length > 0) return { word, labels, length };
  }
  return undefined;
}

/** Everything that is named, in order; "nobody" names a person. */
export function takeSubjects(sentence: Sentence): Named[] {
  const found: Named[] = [];
  for (let i = 0; i < sentence.words.length; i += 1) {
    const label = labelAt(sentence, i);
    if (label) {
      found.push({ word: label.word, labels: label.labels });
      sentence.take(i, i + label.length);
    } else if (sentence.free(i) === 'nobody') found.push({ word: 'person', labels: ['person'] });
  }
  return found;
}

type Special = Exclude<RuleSubject, { kind: 'object' | 'parts' }>;

/** The camera itself and the light win over a person who covers or switches it; motion is what is left without a name. */
export function takeSpecial(sentence: Sentence, meanings: readonly Meaning[], named: boolean): Special | undefined {
  return takeTamper(sentence, meanings) ?? takeLight(sentence) ?? (named ? undefined : takeMotion(sentence, meanings));
}

const ALL_TAMPERS = ['covered', 'blurred', 'moved'] as const;

function takeTamper(sentence: Sentence, meanings: readonly Meaning[]): Special | undefined {
  const mentioned = sentence.words.some((word) => CAMERA.has(word));
  const subject = sentence.rest().some(({ word }) => CAMERA.has(word));
  const tampers = new Set<(typeof ALL_TAMPERS)[number]>();
  for (const meaning of meanings) {
    if (meaning === 'cover' && mentioned) tampers.add('covered');
    if (meaning === 'blur') tampers.add('blurred');
    if (subject && (meaning === 'shift' || meaning === 'move' || meaning === 'switch')) tampers.add('moved');
    if (meaning === 'tamper') for (const tamper of ALL_TAMPERS) tampers.add(tamper);
  }
  if (tampers.size === 0) return undefined;
  sentence.takeAll(CAMERA);
  sentence.takeAll(ANYTHING);
  sentence.takeAll(new Set(['with']));
  return { kind: 'tamper', tampers: [...tampers] };
}

function takeLight(sentence: Sentence): Special | undefined {
  const words = sentence.rest().map(({ word }) => word);
  if (!words.some((word) => LIGHTS.has(word) || LIGHTNESS.has(word))) return undefined;
  const change = words.some((word) => LIGHT_OFF.has(word))
    ? 'off'
    : words.some((word) => LIGHT_ON.has(word) || word === 'lightens')
      ? 'on'
      : undefined;
  if (!change) return undefined;
  for (const taken of [LIGHTS, LIGHTNESS, LIGHT_OFF, LIGHT_ON, ANYTHING]) sentence.takeAll(taken);
  return { kind: 'light', change };
}

function takeMotion(sentence: Sentence, meanings: readonly Meaning[]): Special | undefined {
  const nothing = sentence.words.includes('nothing');
  const anything = sentence.takeAll(ANYTHING).length > 0;
  if (!nothing && !anything && !meanings.includes('move')) return undefined;
  return { kind: 'motion' };
}
