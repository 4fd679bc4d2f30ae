import { PLANES } from './kernel.ts';

/** What a code needs besides its bits to tell how near its vector is to a query. */
interface Coded {
  /** What one bit is worth, so that what is estimated is right on average. */
  scale: number;
  /** How many bits are set. */
  ones: number;
}

/** A query as codes are compared with it: each number in as many bits as there are planes. */
export interface CodedQuery {
  /** Of unit length. */
  unit: Float32Array;
  /** Plane by plane for each 64 dimensions, as the kernel takes them. */
  planes: Uint8Array;
  low: number;
  step: number;
  sum: number;
}

/**
 * Short vectors have two bits for each dimension, whose second tells large from small: they say less by the signs alone,
 * the built-in one of words least, which is zero nearly everywhere.
 */
const SHORT = 256;

function bitsOf(dimensions: number): 1 | 2 {
  return dimensions <= SHORT ? 2 : 1;
}

/** Numbers of 64 bits that all first bits take, or all second ones. */
function wordsPerBit(dimensions: number): number {
  return Math.ceil(dimensions / 64);
}

/** Numbers of 64 bits that a code takes. */
export function wordsOf(dimensions: number): number {
  return bitsOf(dimensions) * wordsPerBit(dimensions);
}

/**
 * For each dimension whether the vector, at unit length, lies above or below the centre of its like there: vectors of one
 * camera are all much alike, and what tells them apart is how they differ from what is usual. With two bits a dimension
 * counts 3, 1, -1 or -3. `into` must hold nothing but zeros.
 */
export function encode(vector: Int8Array, centre: Float32Array, into: Uint8Array): Coded {
  const shrink = 1 / lengthOf(vector);
  const rest = new Float32Array(vector.length);
  let squares = 0;
  for (let i = 0; i < rest.length; i++) {
    const value = (vector[i] ?? 0) * shrink - (centre[i] ?? 0);
    rest[i] = value;
    squares += value * value;
  }
  const coded =
    bitsOf(rest.length) === 2
      ? twoBits(rest, Math.sqrt(squares / rest.length), into, wordsPerBit(rest.length) * 8)
      : oneBit(rest, into);
  return { scale: coded.product > 0 ? squares / coded.product : 0, ones: coded.ones };
}

/** `product` is that of the vector and what its code stands for. */
function oneBit(rest: Float32Array, into: Uint8Array): { ones: number; product: number } {
  let ones = 0;
  let product = 0;
  for (let i = 0; i < rest.length; i++) {
    const value = rest[i] ?? 0;
    const bit = value > 0 ? 1 : 0;
    into[i >> 3] = (into[i >> 3] ?? 0) | (bit << (i & 7));
    ones += bit;
    product += Math.abs(value);
  }
  return { ones, product };
}

function twoBits(
  rest: Float32Array,
  large: number,
  into: Uint8Array,
  second: number,
): { ones: number; product: number } {
  let ones = 0;
  let product = 0;
  for (let i = 0; i < rest.length; i++) {
    const value = rest[i] ?? 0;
    const isLarge = Math.abs(value) > large ? 1 : 0;
    const bit = value > 0 ? 1 : 0;
    const low = bit === isLarge ? 1 : 0;
    into[i >> 3] = (into[i >> 3] ?? 0) | (bit << (i & 7));
    into[second + (i >> 3)] = (into[second + (i >> 3)] ?? 0) | (low << (i & 7));
    ones += bit + low;
    product += Math.abs(value) * (1 + 2 * isLarge);
  }
  return { ones, product };
}

export function codeQuery(query: Int8Array): CodedQuery {
  const length = lengthOf(query);
  const unit = Float32Array.from(query, (value) => value / length);
  const weights = bitsOf(unit.length) === 2 ? [2, 1] : [1];
  const most = weights[0] ?? 1;
  const low = Math.min(...unit) * most;
  const step = (Math.max(...unit) * most - low) / (2 ** PLANES - 1) || 1;
  const planes = new Uint8Array(wordsOf(unit.length) * PLANES * 8);
  let sum = 0;
  for (const [nth, weight] of weights.entries()) {
    for (const [i, value] of unit.entries()) {
      sum += value * weight;
      const level = Math.round((value * weight - low) / step);
      const word = (nth * wordsPerBit(unit.length) + (i >> 6)) * PLANES * 8;
      for (let k = 0; k < PLANES; k++) {
        const at = word + k * 8 + ((i & 63) >> 3);
        if ((level >> k) & 1) planes[at] = (planes[at] ?? 0) | (1 << (i & 7));
      }
    }
  }
  return { unit, planes, low, step, sum };
}

/** Cosine of the query and the centre's part of a vector: the same for all codes around the centre. */
export function nearnessOfCentre({ unit }: CodedQuery, centre: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < unit.length; i++) sum += (unit[i] ?? 0) * (centre[i] ?? 0);
  return sum;
}

/** Never zero: a vector without direction is not stored. */
export function lengthOf(vector: Int8Array): number {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += (vector[i] ?? 0) * (vector[i] ?? 0);
  return Math.sqrt(squares) || 1;
}
