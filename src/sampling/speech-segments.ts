import type { Word } from '#domain';

/** Every `value` words, sentences or seconds. */
export interface SpeechSpec {
  segmenter: 'word' | 'sentence' | 'time';
  value: number;
}

export interface SpeechSegment {
  startMs: number;
  endMs: number;
  text: string;
  words: Word[];
}

/** A silence this long ends a sentence that nobody punctuated. */
const PAUSE_MS = 2000;
/** After a silence this long words and sentences begin a new segment: a segment must be a stretch one can listen to. */
export const LONGEST_SILENCE_MS = 30_000;
const SENTENCE_END = /[.!?…。！？]["'”’»)\]]*$/u;
/** "Dr.", "e.g." and "p.m." end no sentence; neither does a single letter. */
const ABBREVIATION = /^["'“‘«([]*(?:(?:\p{L}\.)+|(?:mr|mrs|ms|dr|prof|st|vs|etc|approx)\.)$/iu;

/**
 * Cuts spoken words, in order, into segments. `time` segments begin at multiples of the value, as windows of frames do,
 * and span it whole; the others run from their first word to their last. Unless the words are `complete`, the last
 * segment is left out as long as more words may belong to it.
 */
export function speechSegments(words: readonly Word[], spec: SpeechSpec, complete: boolean): SpeechSegment[] {
  const groups = spec.segmenter === 'time' ? byTime(words, lengthMs(spec)) : byCount(words, spec);
  const last = groups.at(-1);
  if (last && !complete && !isFull(last, spec)) groups.pop();
  return groups.map((group) => segmentOf(group, spec));
}

function byTime(words: readonly Word[], lengthMs: number): Word[][] {
  const slots = new Map<number, Word[]>();
  for (const word of words) {
    const slot = Math.floor(word.startMs / lengthMs);
    const group = slots.get(slot);
    if (group) group.push(word);
    else slots.set(slot, [word]);
  }
  return [...slots.entries()].sort(([a], [b]) => a - b).map(([, group]) => group);
}

function byCount(words: readonly Word[], { segmenter, value }: SpeechSpec): Word[][] {
  const groups: Word[][] = [];
  let group: Word[] = [];
  let count = 0;
  words.forEach((word, i) => {
    const next = words[i + 1];
    group.push(word);
    if (segmenter === 'word' || endsSentence(word, next)) count += 1;
    if (count < value && !(next && silenceMs(word, next) > LONGEST_SILENCE_MS)) return;
    groups.push(group);
    group = [];
    count = 0;
  });
  if (group.length > 0) groups.push(group);
  return groups;
}

function endsSentence(word: Word, next: Word | undefined): boolean {
  const text = word.text.trim();
  if (SENTENCE_END.test(text) && !ABBREVIATION.test(text)) return true;
  return next !== undefined && silenceMs(word, next) > PAUSE_MS;
}

function silenceMs(word: Word, next: Word): number {
  return next.startMs - word.endMs;
}

/** A stretch of time is full when a word after it came, so the last never is. */
function isFull(group: readonly Word[], { segmenter, value }: SpeechSpec): boolean {
  if (segmenter === 'time') return false;
  if (segmenter === 'word') return group.length >= value;
  return group.filter((word, i) => endsSentence(word, group[i + 1])).length >= value;
}

function segmentOf(words: Word[], spec: SpeechSpec): SpeechSegment {
  const first = words[0]?.startMs ?? 0;
  const text = words.map((word) => word.text.trim()).join(' ');
  if (spec.segmenter !== 'time') {
    const endMs = words.reduce((latest, word) => Math.max(latest, word.endMs), first);
    return { startMs: first, endMs, text, words };
  }
  const startMs = Math.floor(first / lengthMs(spec)) * lengthMs(spec);
  return { startMs, endMs: startMs + lengthMs(spec), text, words };
}

function lengthMs({ value }: SpeechSpec): number {
  return Math.max(1, Math.round(value * 1000));
}
