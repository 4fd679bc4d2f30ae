import { labelsFor, meaningfulWords, movementWord, singular, soundWords, withStillness } from '#domain';

/** More words than this don't make a query clearer. */
const MOST_TERMS = 16;

/** One word of a query as FTS5 alternatives: the word itself, the labels and the sounds it stands for. */
export type Term = string;

/** The words of the query that carry meaning, each safely quoted for FTS5. */
export function queryTerms(text: string): Term[] {
  const terms = meaningfulWords(withStillness(text)).map(termOf);
  return [...new Set(terms)].slice(0, MOST_TERMS);
}

function termOf(word: string): Term {
  const alternatives = new Set([
    word,
    singular(word),
    ...labelsFor(word),
    ...soundWords(word),
    movementWord(word) ?? word,
  ]);
  return `(${[...alternatives].map(quoted).join(' OR ')})`;
}

function quoted(phrase: string): string {
  return `"${phrase.replaceAll('"', '""')}"`;
}
