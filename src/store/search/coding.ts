/** A query as codes are compared with it. */
export interface CodedQuery {
  /** Of unit length. */
  unit: Float32Array;
  /** For every four bits of a code what they may add, as the kernel takes them. */
  shares: Uint8Array;
  low: number;
  step: number;
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
 * counts 3, 1, -1 or -3. Returns what one bit is worth, so that what is estimated is right on average.
 */
export function encode(vector: Int8Array, centre: Float32Array, into: Uint8Array): number {
  const shrink = 1 / lengthOf(vector);
  const bytes = wordsPerBit(vector.length) * 8;
  const rest = new Float32Array(bytes * 8); // Nothing beyond the last dimension.
  let squares = 0;
  for (let i = 0; i < vector.length; i++) {
    const value = (vector[i] ?? 0) * shrink - (centre[i] ?? 0);
    rest[i] = value;
    squares += value * value;
  }
  const product =
    bitsOf(vector.length) === 2
      ? twoBits(rest, Math.sqrt(squares / vector.length), into, bytes)
      : oneBit(rest, into, bytes);
  return product > 0 ? squares / product : 0;
}

/** Returns the product of the vector and what its code stands for. */
function oneBit(rest: Float32Array, into: Uint8Array, bytes: number): number {
  let product = 0;
  for (let at = 0; at < bytes; at++) {
    let byte = 0;
    for (let k = 0; k < 8; k++) {
      const value = rest[at * 8 + k] ?? 0;
      byte |= Number(value > 0) << k;
      product += Math.abs(value);
    }
    into[at] = byte;
  }
  return product;
}

function twoBits(rest: Float32Array, large: number, into: Uint8Array, bytes: number): number {
  let product = 0;
  for (let at = 0; at < bytes; at++) {
    let [first, second] = [0, 0];
    for (let k = 0; k < 8; k++) {
      const value = rest[at * 8 + k] ?? 0;
      const size = Math.abs(value);
      const isLarge = Number(size > large);
      const bit = Number(value > 0);
      first |= bit << k;
      second |= (1 ^ bit ^ isLarge) << k;
      product += size * (1 + 2 * isLarge);
    }
    into[at] = first;
    into[bytes + at] = second;
  }
  return product;
}

/** Eight of them fit in 8 bits. */
const MOST_SHARE = 31;
const MOST_SUM = 65_535;

/** With each four bits of a code its product with the query grows by what its bits that are set stand for, or shrinks. */
export function codeQuery(query: Int8Array): CodedQuery {
  const length = lengthOf(query);
  const unit = Float32Array.from(query, (value) => value / length);
  const products = productsOf(weightsOf(unit));
  const fours = products.length / 16;
  const least = Float32Array.from({ length: fours }, (_, n) => Math.min(...products.subarray(n * 16, n * 16 + 16)));
  const most = Math.min(MOST_SHARE, Math.floor(MOST_SUM / fours));
  const step = Math.max(...products.map((product, at) => product - (least[at >> 4] ?? 0))) / most || 1;
  const shares = Uint8Array.from(products, (product, at) => Math.round((product - (least[at >> 4] ?? 0)) / step));
  const ofNone = products.reduce((sum, product, at) => (at % 16 === 15 ? sum + product : sum), 0);
  return { unit, shares, low: 2 * least.reduce((sum, value) => sum + value, 0) - ofNone, step: 2 * step };
}

/** What each bit of a code stands for; nothing for those beyond the last dimension. */
function weightsOf(unit: Float32Array): Float32Array {
  const weights = new Float32Array(wordsOf(unit.length) * 64);
  weights.set(unit);
  if (bitsOf(unit.length) === 1) return weights;
  weights.set(unit.map((value) => value * 2));
  weights.set(unit, wordsPerBit(unit.length) * 64);
  return weights;
}

/** For every four bits the sixteen sums that they may make. */
function productsOf(weights: Float32Array): Float32Array {
  return Float32Array.from({ length: weights.length * 4 }, (_, at) => {
    let sum = 0;
    for (let bit = 0; bit < 4; bit++) if ((at >> bit) & 1) sum += weights[(at >> 4) * 4 + bit] ?? 0;
    return sum;
  });
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
