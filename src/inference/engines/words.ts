import type { Word } from '#domain';
import type { Piece } from './pieces.ts';

/** Marks that belong to the word before them. */
const MARKS = /^[\p{P}\p{S}]+$/u;

/** Words in order, none before the one before it, none beyond the sound: milliseconds from its start. */
export function wordsOf(pieces: readonly Piece[], offsetSeconds: number, seconds: number): Word[] {
  const words: Word[] = [];
  let earliest = 0;
  for (const { text, start, end } of pieces.flatMap((piece) => (piece.segment ? spread(piece) : [piece]))) {
    const said = text.trim();
    const last = words.at(-1);
    if (said === '') continue;
    if (last && MARKS.test(said)) {
      last.text += said;
      continue;
    }
    const at = (second: number) => Math.round(1000 * Math.min(seconds, Math.max(0, second + offsetSeconds)));
    const startMs = Math.max(earliest, at(start));
    const endMs = Math.max(startMs, at(end));
    words.push({ text: said, startMs, endMs });
    earliest = endMs;
  }
  return words;
}

/** A segment's words, each with a share of its time as long as it is written. */
function spread({ text, start, end }: Piece): Piece[] {
  const words = text.trim().split(/\s+/);
  const letters = words.reduce((sum, word) => sum + word.length, 0);
  let at = start;
  return words.map((word) => {
    const from = at;
    at += ((end - start) * word.length) / Math.max(1, letters);
    return { text: word, start: from, end: at, segment: false };
  });
}
