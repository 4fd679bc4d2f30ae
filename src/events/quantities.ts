import type { Rule, RulePart } from '#domain';
import { labelAt } from './subjects.ts';
import type { Sentence } from './tokens.ts';
import { DURATION_LEADS, NUMBERS, OPERATORS, SIZES, UNITS } from './words.ts';

/** "for more than 30 seconds", "1 minute and 30 s", "an hour", "five minutes or longer" → milliseconds. */
export function takeDuration(sentence: Sentence): number | undefined {
  for (let i = 0; i < sentence.words.length; i += 1) {
    const first = lengthAt(sentence, i);
    if (!first) continue;
    let { ms, end } = first;
    for (;;) {
      const next = lengthAt(sentence, sentence.free(end) === 'and' ? end + 1 : end);
      if (!next) break;
      ms += next.ms;
      end = next.end;
    }
    if (sentence.free(end) === 'or' && /^(?:more|longer|over)$/.test(sentence.free(end + 1) ?? '')) end += 2;
    let start = i;
    while (DURATION_LEADS.has(sentence.free(start - 1) ?? '')) start -= 1;
    sentence.take(start, end);
    return ms;
  }
  return undefined;
}

/** A number and its unit; "a second person" isn't one. */
function lengthAt(sentence: Sentence, at: number): { ms: number; end: number } | undefined {
  const article = /^an?$/.test(sentence.free(at) ?? '');
  const number = article ? { value: 1, end: at + 1 } : numberAt(sentence, at);
  const unit = sentence.free(number?.end ?? -1);
  if (!number || unit === undefined || !Object.hasOwn(UNITS, unit)) return undefined;
  if (article && (unit.length < 3 || labelAt(sentence, number.end + 1))) return undefined;
  return { ms: number.value * (UNITS[unit] ?? 0), end: number.end + 1 };
}

/** "3", "2.5", "three", "twenty five". */
function numberAt(sentence: Sentence, at: number): { value: number; end: number } | undefined {
  const word = sentence.free(at);
  if (word === undefined) return undefined;
  if (/^\d/.test(word)) return { value: Number(word), end: at + 1 };
  if (!Object.hasOwn(NUMBERS, word)) return undefined;
  const tens = NUMBERS[word] ?? 0;
  const ones = NUMBERS[sentence.free(at + 1) ?? ''] ?? 0;
  return tens >= 20 && tens < 100 && ones > 0 && ones < 10
    ? { value: tens + ones, end: at + 2 }
    : { value: tens, end: at + 1 };
}

/** "more than 3 people", "at least two dogs", "2 or more cars"; "one person" and "at least one" are no number. */
export function takeCount(sentence: Sentence): Rule['count'] {
  for (let i = 0; i < sentence.words.length; i += 1) {
    const operator = OPERATORS.find(([words]) => words.every((word, k) => sentence.free(i + k) === word));
    const at = i + (operator?.[0].length ?? 0);
    const number = numberAt(sentence, at);
    if (!number) continue;
    const orMore = /^or (?:more|fewer)$/.exec(sentence.phrase(number.end, 2) ?? '')?.[0];
    const end = orMore ? number.end + 2 : number.end;
    if (!operator && !labelAt(sentence, nextFree(sentence, end))) continue;
    sentence.take(i, end);
    const op = operator?.[1] ?? (orMore === 'or fewer' ? '<=' : number.value === 0 ? '==' : '>=');
    if (op === '>=' && number.value <= 1) return undefined;
    return { op, value: number.value };
  }
  return undefined;
}

/** "a large dog", "a small red car": what is named has the size. */
export function takeSize(sentence: Sentence): RulePart['size'] {
  for (const { at, word } of sentence.rest()) {
    const size = Object.hasOwn(SIZES, word) ? SIZES[word] : undefined;
    if (!size || !labelAt(sentence, nextFree(sentence, at + 1))) continue;
    sentence.take(at);
    return size;
  }
  return undefined;
}

const WINDOWS = new Set(['windows', 'pictures', 'frames', 'looks', 'scenes']);
const MOST_WINDOWS = 20;

/** "in at least 3 of 5 windows", "in 2 out of 3 pictures". */
export function takeWindows(sentence: Sentence): RulePart['windows'] {
  for (const { at, word } of sentence.rest()) {
    const last = WINDOWS.has(word) ? numberAt(sentence, at - 1) : undefined;
    if (!last) continue;
    const before = ['out', 'from'].every((one, i) => sentence.free(at - 3 + i) === one) ? at - 4 : at - 3;
    const first = before === at - 4 || sentence.free(at - 2) === 'of' ? numberAt(sentence, before) : undefined;
    if (!first || first.value < 1 || first.value > last.value || last.value > MOST_WINDOWS) continue;
    let start = before;
    while (/^(?:in|at|least|the|last)$/.test(sentence.free(start - 1) ?? '')) start -= 1;
    sentence.take(start, at + 1);
    return { least: first.value, of: last.value };
  }
  return undefined;
}

/** Past the colour that was taken. */
function nextFree(sentence: Sentence, from: number): number {
  let at = from;
  while (at < sentence.words.length && sentence.free(at) === undefined) at += 1;
  return at;
}
