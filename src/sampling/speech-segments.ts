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
const SENTENCE_END = /[.!?…。！？]["'”’)\]]*$/u;
/** "Dr." and "e.g." end no sentence; neither does a single letter. */
const ABBREVIATION = /^(?:\p{L}|mr|mrs|ms|dr|prof|st|vs|etc|no|approx|e\.g|i\.e|u\.s)\.$/iu;

/**
 * Cuts spoken words, in order, into segments. `time` segments begin at multiples of the value, as windows of frames do,
 * and span it whole; the others run from their first word to their last. Unless the words are `complete`, the last
 * segment is left out as long as more words may belong to it.
 */
export function speechSegments(words: readonly Word[], spec: SpeechSpec, complete: boolean): SpeechSegment[] {
  const groups = spec.segmenter === 'time' ? byTime(words, spec.value * 1000) : byCount(words, spec);
  const last = groups.at(-1);
  if (last && !complete && !isFull(last, spec)) groups.pop();
  return groups.map((group) => segmentOf(group, spec));
}

function byTime(words: readonly Word[], lengthMs: number): Word[][] {
  const slots = new Map<number, Word[]>();
  for (const word of words) {
    const slot = Math.floor(word.startMs / lengthMs);
    slots.set(slot, [...(slots.get(slot) ?? []), word]);
  }
  return [...slots.entries()].sort(([a], [b]) => a - b).map(([, group]) => group);
}

function byCount(words: readonly Word[], { segmenter, value }: SpeechSpec): Word[][] {
  const groups: Word[][] = [];
  let group: Word[] = [];
  let count = 0;
  words.forEach((word, i) => {
    group.push(word);
    if (segmenter === 'word' || endsSentence(word, words[i + 1])) count += 1;
    if (count < value) return;
    groups.push(group);
    group = [];
    count = 0;
  });
  if (group.length > 0) groups.push(group);
  return groups;
}

function endsSentence(word: Word, next: Word | undefined): boolean {
  if (SENTENCE_END.test(word.text) && !ABBREVIATION.test(word.text)) return true;
  return next !== undefined && next.startMs - word.endMs > PAUSE_MS;
}

/** A stretch of time is full when a word after it came, so the last never is. */
function isFull(group: readonly Word[], { segmenter, value }: SpeechSpec): boolean {
  if (segmenter === 'time') return false;
  if (segmenter === 'word') return group.length >= value;
  return group.filter((word, i) => endsSentence(word, group[i + 1])).length >= value;
}

function segmentOf(words: Word[], { segmenter, value }: SpeechSpec): SpeechSegment {
  const first = words[0]?.startMs ?? 0;
  const text = words.map((word) => word.text.trim()).join(' ');
  if (segmenter !== 'time') return { startMs: first, endMs: Math.max(...words.map(({ endMs }) => endMs)), text, words };
  const startMs = Math.floor(first / (value * 1000)) * value * 1000;
  return { startMs, endMs: startMs + value * 1000, text, words };
}
