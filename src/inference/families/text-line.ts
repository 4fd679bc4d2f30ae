import type { Box } from '#domain';
import type { Picture, TensorData } from '../protocol.ts';
import { areaOf } from './boxes.ts';
import { BGR, normalised, planes } from './plane.ts';

const LOOK = normalised(1 / 255, [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]);
/** Narrower ones are filled up with nothing; longer ones are squeezed, as nobody writes so much in one line. */
const NARROWEST = 100;
const WIDEST = 1280;

/** PaddleOCR's text reader: what is in the box, as high as the model wants it, its proportions kept. */
export function prepareTextLine(picture: Picture, box: Box, height: number): TensorData {
  const from = areaOf(box, picture);
  const wide = Math.min(WIDEST, Math.max(1, Math.ceil((from.width * height) / from.height)));
  const size = { width: Math.max(NARROWEST, wide), height };
  const filled = { width: wide, height };
  const how = { from, filled, channels: BGR, ...LOOK, pad: 0, antialias: false, interleaved: false };
  return { data: planes(picture, size, how), dims: [1, 3, height, size.width] };
}

/** How many classes a model has that knows this alphabet: each character, "nothing" before them, perhaps a space after. */
export function fitsAlphabet(classes: number, alphabet: readonly string[]): boolean {
  return classes === alphabet.length + 1 || classes === alphabet.length + 2;
}

/**
 * Connectionist temporal classification, the likeliest class of each step: what is said twice in a row is one
 * character, class 0 is none. The score is the mean of those that are kept; 0 when nothing is.
 */
export function readTextLine(
  steps: Float32Array,
  classes: number,
  alphabet: readonly string[],
): { text: string; score: number } {
  let text = '';
  let sum = 0;
  let kept = 0;
  let before = 0;
  for (let start = 0; start + classes <= steps.length; start += classes) {
    let best = 0;
    for (let i = 1; i < classes; i++) if ((steps[start + i] ?? 0) > (steps[start + best] ?? 0)) best = i;
    if (best !== 0 && best !== before) {
      text += alphabet[best - 1] ?? ' ';
      sum += steps[start + best] ?? 0;
      kept += 1;
    }
    before = best;
  }
  return { text: text.trim(), score: kept === 0 ? 0 : Math.min(1, Math.max(0, sum / kept)) };
}
