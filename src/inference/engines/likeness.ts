import type { LikenessQuery } from '../protocol.ts';

/** What any picture of a camera may be called: a text must say more of it than these. Only for models that were taught to choose among texts. */
export const NEUTRAL: readonly string[] = [
  'a photo',
  'a picture of something',
  'a photo of a place',
  'an empty place with nothing in it',
  'a picture from a security camera',
  'a street outside',
  'a room inside',
  'a wall or a floor',
];

/** Scale and offset that a model learnt for the products of its vectors. */
export interface Sureness {
  scale: number;
  bias: number;
}

/** CLIP's: how sure the model is of one text rather than of what may be said of any picture, 0–1. What else is asked changes nothing. */
export function chosenOver(
  picture: Float32Array,
  text: Float32Array,
  neutral: readonly Float32Array[],
  { scale }: Sureness,
): number {
  const own = product(picture, text);
  let others = 0;
  for (const one of neutral) others += Math.exp(scale * (product(picture, one) - own));
  return 1 / (1 + others);
}

/** SigLIP's: how sure the model is that the text says what the picture shows, 0–1. */
export function matched(picture: Float32Array, text: Float32Array, { scale, bias }: Sureness): number {
  return 1 / (1 + Math.exp(-(scale * product(picture, text) + bias)));
}

/**
 * CLIP's, for pictures of which only the vector is kept: how a text differs from what may be said of any picture. Stands
 * for all the neutral texts by their mean, so that one product per picture is enough. That tells whether a picture shows
 * it; which of several does is told by the text alone: what a picture has to do with neutral texts would disturb it.
 */
export function differing(text: Float32Array, neutral: readonly Float32Array[], { scale }: Sureness): LikenessQuery {
  const mean = text.map((_, i) => neutral.reduce((sum, one) => sum + (one[i] ?? 0), 0) / Math.max(1, neutral.length));
  const difference = text.map((value, i) => value - (mean[i] ?? 0));
  const length = Math.sqrt(product(difference, difference));
  const offset = -Math.log(Math.max(1, neutral.length));
  return length > 0
    ? { vector: unit(difference), slope: scale * length, offset, text }
    : { vector: text, slope: 0, offset };
}

/** Of two vectors of unit length the cosine. */
export function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** A copy of unit length. Throws when that can't be: what such a model says is worth nothing. */
export function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(product(vector, vector));
  if (!Number.isFinite(length) || length === 0)
    throw new Error("the model's vector is not a number, or nothing at all");
  return vector.map((value) => value / length);
}
