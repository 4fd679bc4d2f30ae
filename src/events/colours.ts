import { colourCalled } from '#domain';
import { labelAt } from './subjects.ts';
import type { Sentence } from './tokens.ts';

const SHADES = new Set(['dark', 'light', 'bright', 'pale', 'deep']);
const COLOURED = new Set(['coloured', 'colored', 'colour', 'color']);
const WORN = new Set(
  (
    'jacket jackets coat coats shirt shirts tshirt hoodie hoodies sweater sweaters vest vests dress dresses clothes clothing ' +
    'outfit uniform uniforms trousers pants jeans top tops suit suits overalls raincoat jumper pullover'
  ).split(' '),
);
const WEARING = new Set(['in', 'with', 'wearing', 'wears', 'wear', 'dressed', 'clothed', 'wore']);

/** The colour of what is named: "a red car", "someone in a blue jacket", "the car is green". None of two: no rule has both. */
export function takeColour(sentence: Sentence): string | undefined {
  const hits = sentence.rest().filter(({ at, word }) => colourCalled(word) && describes(sentence, at));
  const [only] = hits;
  // The lamp that is lit is the smallest part of a traffic light.
  if (only === undefined || hits.length > 1 || sentence.words.includes('traffic')) return undefined;
  if (!sentence.rest().some(({ at }) => at !== only.at && namesThing(sentence, at))) return undefined;
  const shaded = SHADES.has(sentence.free(only.at - 1) ?? '') ? only.at - 1 : only.at;
  const coloured = COLOURED.has(sentence.free(only.at + 1) ?? '') ? only.at + 2 : only.at + 1;
  sentence.take(shaded, coloured);
  if (WORN.has(sentence.free(coloured) ?? '')) sentence.take(coloured);
  takeWearing(sentence, shaded);
  return colourCalled(only.word);
}

function namesThing(sentence: Sentence, at: number): boolean {
  return sentence.words[at] === 'nobody' || labelAt(sentence, at) !== undefined;
}

/** An orange is no colour, unless something that has one follows. */
function describes(sentence: Sentence, at: number): boolean {
  const next = COLOURED.has(sentence.free(at + 1) ?? '') ? at + 2 : at + 1;
  if (sentence.free(at) !== 'orange') return true;
  return labelAt(sentence, next) !== undefined || WORN.has(sentence.free(next) ?? '') || next > at + 1;
}

/** "dressed in", "wearing a": the words that lead to the colour. */
function takeWearing(sentence: Sentence, colour: number): void {
  let at = colour - 1;
  while (/^(?:an?|the|all|is|in)$/.test(sentence.free(at) ?? '') && !WEARING.has(sentence.free(at) ?? '')) at -= 1;
  while (WEARING.has(sentence.free(at) ?? '')) {
    sentence.take(at);
    at -= 1;
  }
}
