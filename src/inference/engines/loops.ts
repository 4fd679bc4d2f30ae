/** Phrases of so many words or tokens at most are looked at. */
const LONGEST_LOOP = 16;
/** How often in a row the same may be meant. */
const MEANT = { word: 7, phrase: 3 };

/** The shortest phrase that is repeated too often from here on, and how far that goes; a single word when there is none. */
function loopAt(words: readonly unknown[], at: number): { length: number; whole: number } {
  for (let length = 1; length <= LONGEST_LOOP && at + length < words.length; length++) {
    let same = 0;
    while (at + length + same < words.length && words[at + same] === words[at + length + same]) same++;
    const times = 1 + Math.floor(same / length);
    if (times > (length === 1 ? MEANT.word : MEANT.phrase)) return { length, whole: length + same };
  }
  return { length: 1, whole: 1 };
}

/** Of a phrase that is repeated beyond what anyone says, only the first is kept. */
export function withoutLoops<T>(words: readonly T[], plain: readonly unknown[] = words): T[] {
  const kept: T[] = [];
  for (let at = 0; at < words.length; ) {
    const { length, whole } = loopAt(plain, at);
    kept.push(...words.slice(at, at + length));
    at += whole;
  }
  return kept;
}

/** How many of the last tokens say the same again, when it is such a phrase: nothing else is to be expected. 0 when it isn't. */
export function circlesAt(tokens: readonly unknown[]): number {
  for (let length = 1; length <= LONGEST_LOOP; length++) {
    const again = length * (length === 1 ? MEANT.word : MEANT.phrase);
    const from = tokens.length - again;
    if (from < length) break;
    if (tokens.slice(from).every((token, i) => token === tokens[from - length + i])) return again;
  }
  return 0;
}
