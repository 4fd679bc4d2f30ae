import {
  labelsFor,
  type RuleSubject,
  rootOf,
  SOUND_KINDS,
  SOUNDING_THINGS,
  type SoundKind,
  type SoundMaker,
  soundCalled,
} from '#domain';
import { takeLostSound, takeMicrophone } from './microphone.ts';
import { labelAt } from './subjects.ts';
import type { Sentence } from './tokens.ts';
import { CAMERA } from './words.ts';

type SoundSubject = Extract<RuleSubject, { kind: 'sound' }>;
type Microphone = Extract<RuleSubject, { kind: 'microphone' }>;

/** What a prompt asks to listen for. */
export interface Heard {
  subject: SoundSubject | Microphone;
  /** "silence", "it is quiet": that there is none. */
  silent: boolean;
  /** "keeps barking". */
  lasting: boolean;
  /** "is no longer heard". */
  ended: boolean;
  /** Several sounds that are all wanted: no rule hears that. */
  together: boolean;
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));

const SILENCE = set('silence silent quiet soundless noiseless');
const NOISE = set('sound sounds noise noises audio');
const HEARING = set(
  'hear hears heard hearing audible listen listens listening sound sounds sounding noise noises audio',
);
/** What sounds do besides being heard; "goes off" says no more than that. */
const SOUNDING = set(
  'go goes going went gone off ring rings ringing rang blare blares blaring wail wails wailing run runs running start ' +
    'starts started starting begin begins beginning began play plays playing make makes making made trigger triggers ' +
    'triggered activate activates activated loud loudly noisy give gives out come comes coming blow blows sounded ' +
    'microphone mic can could them other',
);
const LASTING = set(
  'keep keeps kept continue continues continued continuing constant constantly continuously persistent',
);
/** May stand between the words of a sound: "a window is being broken". */
const BETWEEN = set('a an the this that my our of is are was were be been being gets got has have had');

/** The sound that a prompt asks for, with all the words that say so; undefined when it asks for none. */
export function takeHeard(sentence: Sentence): Heard | undefined {
  const listens = sentence.words.some((word) => HEARING.has(word));
  const broken = takeMicrophone(sentence);
  if (broken) return ofMicrophone(broken);
  if (!listens && sentence.words.some((word) => CAMERA.has(word))) return undefined;
  const kinds = takeKinds(sentence, SOUND_KINDS);
  if (kinds.length === 0 && listens) kinds.push(...takeKinds(sentence, SOUNDING_THINGS), ...takeNamed(sentence));
  const lost = kinds.length === 0 ? takeLostSound(sentence) : undefined;
  if (lost) return ofMicrophone(lost);
  const silent = kinds.length === 0 && sentence.takeAll(SILENCE).length > 0;
  if (kinds.length === 0 && !silent && !sentence.words.some((word) => NOISE.has(word)) && !hearsAnything(sentence))
    return undefined;
  const makers = new Set(kinds.length === 0 ? (['person'] as const) : kinds.map(({ by }) => by));
  for (const { at, word } of sentence.rest()) if (isMaker(word, makers)) sentence.take(at);
  sentence.takeAll(HEARING);
  sentence.takeAll(SOUNDING);
  const several = kinds.length > 1;
  const together = several && sentence.words.includes('and');
  const lasting = sentence.takeAll(LASTING).length > 0;
  // Without a word between them they are one: "a fire alarm bell".
  const subject = subjectOf(several && !sentence.words.includes('or') ? kinds.slice(0, 1) : kinds);
  return { subject, silent, lasting, ended: takeNoLonger(sentence), together };
}

function ofMicrophone(troubles: Microphone['troubles']): Heard {
  return { subject: { kind: 'microphone', troubles }, silent: false, lasting: false, ended: false, together: false };
}

function subjectOf(kinds: readonly SoundKind[]): SoundSubject {
  if (kinds.length === 0) return { kind: 'sound', name: 'a sound', labels: [] };
  const name = kinds.map((kind) => kind.name).join(' or ');
  return { kind: 'sound', name, labels: [...new Set(kinds.flatMap(({ labels }) => labels))] };
}

const ANY = set('something anything nothing');

function hearsAnything(sentence: Sentence): boolean {
  const heard = sentence.words.some((word) => /^hear/.test(word)) && sentence.words.some((word) => ANY.has(word));
  return heard && sentence.takeAll(ANY).length > 0;
}

/** The longest, then the first of the list. */
function takeKinds(sentence: Sentence, kinds: readonly SoundKind[]): SoundKind[] {
  const found: SoundKind[] = [];
  for (;;) {
    const hits = kinds.flatMap((kind) => patternsOf(kind).flatMap((pattern) => hitOf(sentence, kind, pattern)));
    const best = hits.sort((a, b) => b.length - a.length)[0];
    if (!best) return found;
    sentence.take(best.from, best.to);
    found.push(best.kind);
  }
}

interface Hit {
  kind: SoundKind;
  from: number;
  to: number;
  length: number;
}

function hitOf(sentence: Sentence, kind: SoundKind, pattern: readonly ReadonlySet<string>[]): Hit[] {
  for (let from = 0; from < sentence.words.length; from += 1) {
    const to = matchAt(sentence, from, pattern);
    if (to !== undefined && !isCommand(sentence, from, to) && !isPartOfThing(sentence, from, to))
      return [{ kind, from, to, length: pattern.length }];
  }
  return [];
}

/** "Alarm me when …" wants an alarm, it doesn't listen for one. */
function isCommand(sentence: Sentence, from: number, to: number): boolean {
  const next = sentence.words[to] ?? '';
  return (
    to === from + 1 && sentence.words[from] === 'alarm' && /^(?:me|us|when|whenever|if|once|as|on|about)$/.test(next)
  );
}

/** A motor vehicle is no motor, and an alarm clock no alarm. */
function isPartOfThing(sentence: Sentence, from: number, to: number): boolean {
  const thing = labelAt(sentence, from);
  return thing !== undefined && thing.length > to - from;
}

function matchAt(sentence: Sentence, from: number, pattern: readonly ReadonlySet<string>[]): number | undefined {
  let at = from;
  for (const [i, forms] of pattern.entries()) {
    while (i > 0 && BETWEEN.has(sentence.free(at) ?? '')) at += 1;
    const word = sentence.free(at);
    if (word === undefined || !(forms.has(`=${word}`) || forms.has(sentence.roots[at] ?? ''))) return undefined;
    at += 1;
  }
  return at;
}

const PATTERNS = new Map<SoundKind, ReadonlySet<string>[][]>();

/** `SoundKind.asked` as roots of words, and words as they are with `=`. */
function patternsOf(kind: SoundKind): ReadonlySet<string>[][] {
  const known = PATTERNS.get(kind);
  if (known) return known;
  const forms = (word: string) => (word.startsWith('=') ? word : rootOf(word));
  const patterns = kind.asked.map((asked) => asked.split(' ').map((place) => new Set(place.split('|').map(forms))));
  PATTERNS.set(kind, patterns);
  return patterns;
}

/** Any class by its name: "hear a chainsaw". */
function takeNamed(sentence: Sentence): SoundKind[] {
  for (const length of [3, 2, 1]) {
    for (let at = 0; at < sentence.words.length; at += 1) {
      const name = sentence.phrase(at, length);
      const label = name === undefined || HEARING.has(name) ? undefined : soundCalled(name);
      if (name === undefined || label === undefined) continue;
      sentence.take(at, at + length);
      const article = /^an?$/.test(sentence.words[at - 1] ?? '') ? `${sentence.words[at - 1]} ` : '';
      return [{ name: article + name, says: '', asked: [], labels: [label] }];
    }
  }
  return [];
}

function takeNoLonger(sentence: Sentence): boolean {
  const at = sentence.words.findIndex((word, i) => word === 'no' && sentence.words[i + 1] === 'longer');
  if (at >= 0) sentence.take(at, at + 2);
  return at >= 0;
}

const PEOPLE = set('nobody baby infant toddler crowd neighbour neighbor neighbours neighbors audience');
const VEHICLES = set('car truck bus motorcycle train boat');

function isMaker(word: string, makers: ReadonlySet<SoundMaker | undefined>): boolean {
  const labels = labelsFor(word);
  if (makers.has('person') && (PEOPLE.has(word) || labels.includes('person'))) return true;
  if (makers.has('vehicle') && labels.some((label) => VEHICLES.has(label))) return true;
  return makers.has('animal') && (INSECTS.has(word) || labels.some((label) => ANIMALS.has(label)));
}
const ANIMALS = new Set(labelsFor('animal'));
const INSECTS = set('bee bees wasp wasps insect insects mosquito mosquitoes');
