import type { Transcript, Word } from '#domain';

/** What is shown at once while something is said; times as the words have them. */
export interface Caption {
  /** The same for the same words, wherever they are cut from. */
  id: string;
  startMs: number;
  endMs: number;
  /** One line, or two. */
  lines: string[];
}

const LINE = 42;
const MOST = 2 * LINE;
const LONGEST_MS = 7000;
const SHORTEST_MS = 1000;
/** A silence this long ends a caption. */
const PAUSE_MS = 1000;
/** A sentence shorter than this is shown with the next one. */
const FULL_SENTENCE = 24;
const SENTENCE_END = /[.!?…。！？]["'”’»)\]]*$/u;

/** Cuts words, in order, into captions that can be read: two lines, seven seconds, a sentence at a time where it fits. */
export function captionsOf(words: readonly Word[]): Caption[] {
  const groups = captionWords(words, (group) => textOf(group).length <= MOST);
  return groups.map((group, i) => {
    const startMs = group[0]?.startMs ?? 0;
    const endMs = captionEndMs(group, groups[i + 1]);
    return { id: String(Math.round(startMs)), startMs, endMs, lines: linesOf(textOf(group)) };
  });
}

/** The words of each caption, of which as many are shown at once as fit. */
export function captionWords(words: readonly Word[], fits: (words: readonly Word[]) => boolean): Word[][] {
  const groups: Word[][] = [];
  for (const word of words.map((said) => ({ ...said, text: plain(said.text) }))) {
    if (word.text === '') continue;
    const group = groups.at(-1);
    if (group && joins(group, word) && fits([...group, word])) group.push(word);
    else groups.push([word]);
  }
  return groups;
}

/** Until when a caption is shown: a second at least, where the next one doesn't come before. */
export function captionEndMs(group: readonly Word[], next: readonly Word[] | undefined): number {
  const startMs = group[0]?.startMs ?? 0;
  const nextMs = next?.[0]?.startMs ?? Number.POSITIVE_INFINITY;
  const saidMs = Math.max(...group.map(({ endMs }) => endMs));
  return Math.max(saidMs, startMs + 1, Math.min(startMs + SHORTEST_MS, nextMs));
}

/** The words of a transcript, within its time. Where the model told no words, its text is spread over it by length. */
export function spokenIn({ words, text, startMs, endMs }: Transcript): Word[] {
  const within = (ms: number) => Math.min(Math.max(ms, startMs), endMs);
  if (words.length > 0) {
    return words.map((word) => ({ ...word, startMs: within(word.startMs), endMs: within(word.endMs) }));
  }
  const parts = text.split(/\s+/).filter(Boolean);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  let before = 0;
  const at = () => Math.round(startMs + ((endMs - startMs) * before) / Math.max(1, length));
  return parts.map((part) => {
    const from = at();
    before += part.length;
    return { text: part, startMs: from, endMs: at() };
  });
}

function joins(group: readonly Word[], word: Word): boolean {
  const last = group.at(-1);
  const text = textOf(group);
  if (last && word.startMs - last.endMs >= PAUSE_MS) return false;
  if (word.endMs - (group[0]?.startMs ?? 0) > LONGEST_MS) return false;
  return text.length < FULL_SENTENCE || !SENTENCE_END.test(text);
}

/** In two where it is too long, as near to the middle as a space is. */
function linesOf(text: string): string[] {
  if (text.length <= LINE) return [text];
  const spaces = [...text.matchAll(/ /g)].map(({ index }) => index);
  const [middle] = spaces.sort((a, b) => Math.abs(a - text.length / 2) - Math.abs(b - text.length / 2));
  return middle === undefined ? [text] : [text.slice(0, middle), text.slice(middle + 1)];
}

function textOf(words: readonly Word[]): string {
  return words.map(({ text }) => text).join(' ');
}

function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
