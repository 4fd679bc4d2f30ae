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

/** Numbers of 64 bits that a code takes. */
export function wordsOf(dimensions: number): number {
  return Math.ceil(dimensions / 64);
}

/**
 * One bit for each dimension: whether the vector, at unit length, lies above or below the centre of its like there.
 * Vectors of one camera are all much alike; what tells them apart is how they differ from what is usual. `into` must
 * hold nothing but zeros.
 */
export function encode(vector: Int8Array, centre: Float32Array, into: Uint8Array): Coded {
  const shrink = 1 / lengthOf(vector);
  let sum = 0;
  let squares = 0;
  let ones = 0;
  for (let from = 0; from < vector.length; from += 8) {
    let bits = 0;
    const end = Math.min(from + 8, vector.length);
    for (let i = from; i < end; i++) {
      const rest = (vector[i] ?? 0) * shrink - (centre[i] ?? 0);
      const bit = rest > 0 ? 1 : 0;
      sum += Math.abs(rest);
      squares += rest * rest;
      ones += bit;
      bits |= bit << (i - from);
    }
    into[from >> 3] = bits;
  }
  return { scale: sum > 0 ? squares / sum : 0, ones };
}

export function codeQuery(query: Int8Array): CodedQuery {
  const length = lengthOf(query);
  const unit = Float32Array.from(query, (value) => value / length);
  const low = Math.min(...unit);
  const step = (Math.max(...unit) - low) / (2 ** PLANES - 1) || 1;
  const planes = new Uint8Array(wordsOf(unit.length) * PLANES * 8);
  let sum = 0;
  for (const [i, value] of unit.entries()) {
    sum += value;
    const level = Math.round((value - low) / step);
    const word = (i >> 6) * PLANES * 8;
    for (let k = 0; k < PLANES; k++) {
      const at = word + k * 8 + ((i & 63) >> 3);
      if ((level >> k) & 1) planes[at] = (planes[at] ?? 0) | (1 << (i & 7));
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
