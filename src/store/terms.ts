import { labelsFor, singular } from '#domain';

/** Words that say nothing about what is in a picture. */
const STOP_WORDS = new Set(
  (
    'a an the this that these those it its is are was were be been being am do does did done has have had having ' +
    'i we you he she they me us him her them my our your his their who whom what when where which why how ' +
    'of in on at to into onto from by for with within as and or but if then than so not no nor near around ' +
    'there here something anything any some all each every other show find tell give get see look please can could ' +
    'will would should may might just only also ever scene scenes video videos clip clips moment moments time times happen ' +
    'happens happened happening'
  ).split(' '),
);

/** More words than this don't make a query clearer. */
const MOST_TERMS = 16;

/** One word of a query as FTS5 alternatives: the word itself and the labels it stands for. */
export type Term = string;

/** The words of the query that carry meaning, each safely quoted for FTS5. */
export function queryTerms(text: string): Term[] {
  const words = text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '' && !STOP_WORDS.has(word));
  return [...new Set(words.map(termOf))].slice(0, MOST_TERMS);
}

function termOf(word: string): Term {
  const alternatives = new Set([word, singular(word), ...labelsFor(word)]);
  return `(${[...alternatives].map(quoted).join(' OR ')})`;
}

function quoted(phrase: string): string {
  return `"${phrase.replaceAll('"', '""')}"`;
}
