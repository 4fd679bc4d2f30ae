import { nearlyTheSame, rootOf } from './word-forms.ts';

/** A stretch of speech as words; `clause` counts the punctuation before it. */
interface Spoken {
  word: string;
  clause: number;
}

/** What people say who call for help, for speech as it is and as recognisers write it. */
export const CALLS_FOR_HELP: readonly string[] = (
  'help me;help us;please help;help please;somebody help;someone help;anybody help;anyone help;someone to help;' +
  'somebody to help;i need help;we need help;needs help;send help;get help;call for help;help help;help i;help we;' +
  'help;save me;save us;this is an emergency;it is an emergency;emergency;call an ambulance;call the police;' +
  'call 911;call nine one one;call 112;mayday'
).split(';');

/** After one of these nobody asks: "don't help me", "that would help me", "nobody needs help". */
const NOT_MEANT_AFTER = new Set(
  'not never nobody without cannot no to can will would may might should could did does they'.split(' '),
);
/** Beside a cry of one word. */
const CALLED_WITH = new Set('oh please hey hello hi god my'.split(' '));
/** Recognisers drop and add them. */
const ARTICLES = new Set(['a', 'an', 'the']);

/**
 * How well one of the phrases is said in the text, 0–1: all of its words in their order, of four and more most of them.
 * `meant`: see `RuleSubject`. `before` is what was said just before; at least the end of the phrase must be in the text.
 */
export function sharePhrase(phrases: readonly string[], text: string, { before = '', meant = false } = {}): number {
  const earlier = spoken(before);
  const offset = (earlier.at(-1)?.clause ?? 0) + (/[.!?;:,…]\s*$/.test(before) ? 1 : 0);
  const words = [...earlier, ...spoken(text).map(({ word, clause }) => ({ word, clause: clause + offset }))];
  if (phrases.length === 0) return words.length > earlier.length ? 1 : 0;
  const shares = phrases.map((phrase) => {
    const wanted = spoken(phrase).map(({ word }) => word);
    return meant ? called(wanted, words, earlier.length) : said(wanted, words, earlier.length);
  });
  return Math.max(...shares);
}

/** The last words of a text, for a phrase that goes on in the next. */
export function lastWords(text: string): string {
  return text.split(/\s+/).slice(-MOST_PHRASE_WORDS).join(' ');
}
const MOST_PHRASE_WORDS = 12;

/** The best share of the phrase that ends behind `from`. */
function said(wanted: readonly string[], words: readonly Spoken[], from: number): number {
  const missable = Math.floor(wanted.length / 4);
  let best = 0;
  for (let start = 0; start < words.length; start += 1) {
    const { matched, end } = walk(wanted, words, start, missable);
    if (matched > 0 && end > from && wanted.length - matched <= missable)
      best = Math.max(best, matched / wanted.length);
  }
  return best;
}

/** How many of the phrase's words come from `start` on, in order, with a word between here and there. */
function walk(wanted: readonly string[], words: readonly Spoken[], start: number, missable: number) {
  const reach = start + wanted.length + Math.ceil(wanted.length / 3);
  let next = 0;
  let matched = 0;
  let end = start;
  for (let at = start; at < Math.min(reach, words.length) && next < wanted.length; at += 1) {
    const word = words[at]?.word ?? '';
    const skipped = wanted.slice(next, next + missable + 1).findIndex((one) => sounds(one, word));
    if (skipped < 0 && at === start) break;
    if (skipped < 0) continue;
    next += skipped + 1;
    matched += 1;
    end = at + 1;
  }
  return { matched, end };
}

/** 1 when the words follow each other as they are ("helped" is no cry) and are meant. */
function called(wanted: readonly string[], words: readonly Spoken[], from: number): number {
  for (let start = 0; start + wanted.length <= words.length; start += 1) {
    const end = start + wanted.length;
    if (end <= from || !wanted.every((word, i) => word === words[start + i]?.word)) continue;
    const isMeant = wanted.length === 1 ? isAlone(words, start) : !isDenied(words, start);
    if (isMeant) return 1;
  }
  return 0;
}

function isDenied(words: readonly Spoken[], at: number): boolean {
  const [here, before, twoBefore] = [words[at], words[at - 1], words[at - 2]];
  if (!here || !before || before.clause !== here.clause) return false;
  return NOT_MEANT_AFTER.has(before.word) || (before.word === 'one' && twoBefore?.word === 'no');
}

/** A cry of its own: nothing else is said in the clause. */
function isAlone(words: readonly Spoken[], at: number): boolean {
  const here = words[at];
  return words.every(
    ({ word, clause }, i) => i === at || clause !== here?.clause || CALLED_WITH.has(word) || word === here.word,
  );
}

function sounds(wanted: string, word: string): boolean {
  return rootOf(wanted) === rootOf(word) || nearlyTheSame(wanted, word);
}

function spoken(text: string): Spoken[] {
  const clauses = plain(text).split(/[.!?;:,…]+/);
  return clauses.flatMap((part, clause) => {
    const words = part.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '' && !ARTICLES.has(word));
    return words.map((word) => ({ word, clause }));
  });
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[’`´]/g, "'")
    .replace(/\bcan't\b/g, 'can not')
    .replace(/\bwon't\b/g, 'will not')
    .replace(/n't\b/g, ' not')
    .replace(/'(?:s|ve|d|ll|m|re)?(?=\s|$)/g, ' ');
}
