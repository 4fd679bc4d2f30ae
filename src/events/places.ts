import { labelsFor } from '#domain';
import type { Sentence } from './tokens.ts';
import {
  BOUNDARIES,
  DETERMINERS,
  isFiniteVerb,
  LIGHTS,
  type Meaning,
  meaningOf,
  NAMING_PREPOSITIONS,
  PREPOSITIONS,
  UNCHECKABLE,
  WHOLE_PICTURE,
} from './words.ts';
import { matchZone, type Place, sameZone } from './zones.ts';

/** Every "in the …", "enters …", "leaves …"; the whole picture is no place. */
export function takePlaces(sentence: Sentence, zones: readonly string[]): Place[] {
  const places: Place[] = [];
  for (let i = 0; i < sentence.words.length; i += 1) {
    const word = sentence.free(i) ?? '';
    const meaning = meaningOf(word);
    const verb = meaning === 'enter' || meaning === 'leave' || meaning === 'cross' || meaning === 'approach';
    const named = NAMING_PREPOSITIONS.has(word);
    if (!verb && !named && !PREPOSITIONS.has(word)) continue;
    const start = named ? i : skipDeterminers(sentence, i + 1);
    const phrase = phraseFrom(sentence, start);
    const agent = (verb || word === 'by') && labelsFor(phrase[0] ?? '').length > 0;
    if (phrase.length === 0 || (agent && matchZone(phrase.join(' '), zones) === undefined)) continue;
    const { place, length } = resolve(phrase, zones);
    sentence.take(start, start + length);
    if (place && !places.some(({ name }) => name === place.name)) places.push(place);
  }
  return places;
}

/** A place without a preposition: "yard motion", "the desk is empty". An unknown one only where it must be a place. */
export function takeRemainingPlace(
  sentence: Sentence,
  zones: readonly string[],
  meanings: readonly Meaning[],
  nobodyNamed: boolean,
): Place[] {
  const rest = sentence.rest();
  const words = rest.map(({ word }) => word);
  const known = matchZone(words.join(' '), zones);
  const whole = words.every((word) => WHOLE_PICTURE.has(word));
  const mustBe = nobodyNamed && meanings.some((meaning) => meaning === 'empty' || meaning === 'stay');
  if (words.length === 0 || (known === undefined && !whole && !mustBe)) return [];
  for (const { at } of rest) sentence.take(at);
  return known !== undefined ? [{ name: known, known: true }] : whole ? [] : [{ name: words.join(' '), known: false }];
}

function skipDeterminers(sentence: Sentence, from: number): number {
  let at = from;
  while (DETERMINERS.has(sentence.free(at) ?? '')) at += 1;
  return at;
}

function phraseFrom(sentence: Sentence, start: number): string[] {
  const phrase: string[] = [];
  for (let word = sentence.free(start); word !== undefined; word = sentence.free(start + phrase.length)) {
    const ends = PREPOSITIONS.has(word) || BOUNDARIES.has(word) || (phrase.length > 0 && startsAnew(word));
    if (ends) break;
    phrase.push(word);
  }
  return phrase;
}

function startsAnew(word: string): boolean {
  return DETERMINERS.has(word) || isFiniteVerb(word) || NAMING_PREPOSITIONS.has(word);
}

/** The place that a phrase begins with (none: the whole picture) and how many of its words say so (0: it is no place). */
function resolve(phrase: readonly string[], zones: readonly string[]): { place?: Place; length: number } {
  for (let length = phrase.length; length > 0; length -= 1) {
    const name = sameZone(phrase.slice(0, length).join(' '), zones);
    if (name !== undefined) return { place: { name, known: true }, length };
  }
  const { length } = phrase;
  const near = matchZone(phrase.join(' '), zones);
  if (near !== undefined) return { place: { name: near, known: true }, length };
  if (phrase.every((word) => WHOLE_PICTURE.has(word))) return { length };
  if (phrase.some((word) => UNCHECKABLE.has(word) || LIGHTS.has(word))) return { length: 0 };
  return { place: { name: phrase.join(' '), known: false }, length };
}
