import { labelsFor, singular } from './lexicon.ts';

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
/** What a command to watch begins with. */
const ORDERS = new Set('detect detects alert alerts notify warn monitor identify check report watch'.split(' '));
const NEGATIONS = new Set('no not without never nobody nothing'.split(' '));
/** A shorter stem would be shared by words that mean different things. */
const SHORTEST_STEM = 3;

/** The words of a query that carry meaning, in order, each once, in lower case. */
export function meaningfulWords(text: string): string[] {
  return [...new Set(wordsOf(text).filter((word) => !STOP_WORDS.has(word)))];
}

/** The words by which a prompt is recognised in a description: negations count, the order to watch doesn't. */
export function tellingWords(prompt: string): string[] {
  const words = wordsOf(prompt).filter((word) => NEGATIONS.has(word) || (!STOP_WORDS.has(word) && !ORDERS.has(word)));
  return [...new Set(words)];
}

/**
 * Share of the words that the text has, 0–1: as they are, in another form ("opens", "opened"), or as another name. None
 * when it lacks a negation: "without helmet" is not "with a helmet".
 */
export function shareOfWords(words: readonly string[], text: string): number {
  if (last?.words !== words || last.text !== text) last = { words, text, share: counted(words, text) };
  return last.share;
}

/** The same is often asked several times in a row: by alerts on one event, for each threshold of a rehearsal. */
let last: { words: readonly string[]; text: string; share: number } | undefined;

function counted(words: readonly string[], text: string): number {
  if (words.length === 0) return 0;
  const there = wordsOf(text);
  if (words.some((word) => NEGATIONS.has(word) && !there.includes(word))) return 0;
  const found = words.filter((word) => there.some((other) => meansTheSame(word, other)));
  return found.length / words.length;
}

function meansTheSame(a: string, b: string): boolean {
  if (a === b || stem(a) === stem(b)) return true;
  const labels = labelsFor(b);
  return labelsFor(a).some((label) => labels.includes(label));
}

/** Without the endings of verbs and plurals. */
function stem(word: string): string {
  const one = singular(word);
  const cut = one.replace(/(?:ing|ed|es|s|e)$/, '');
  return cut.length >= SHORTEST_STEM ? cut : one;
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}
