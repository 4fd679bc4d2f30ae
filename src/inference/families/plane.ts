import type { ModelShape, Picture, Size } from '../protocol.ts';

type Triple = readonly [number, number, number];

/** How a picture is laid into a model's input. */
export interface Layout {
  /** What is taken of the picture, in its pixels; all of it where not given. */
  from?: Area;
  /** Pixels of the input that it fills, from the top left corner. */
  filled: Size;
  /** Which channel of the picture becomes plane 0, 1, 2. */
  channels: Triple;
  /** Of each plane: what a value of 0–255 is multiplied with, and what is added then. */
  scale: Triple;
  offset: Triple;
  /** Value, as the model sees it, where there is no picture. */
  pad: number;
  /** Whether shrinking averages all pixels (as torchvision does) or mixes the nearest two (as OpenCV does): as in training. */
  antialias: boolean;
  /** Colours of one pixel beside each other ([height, width, 3]) instead of plane after plane ([3, height, width]). */
  interleaved: boolean;
}

export interface Area extends Size {
  left: number;
  top: number;
}

export const RGB: Triple = [0, 1, 2];
export const BGR: Triple = [2, 1, 0];
export const AS_IS: Pick<Layout, 'scale' | 'offset'> = { scale: [1, 1, 1], offset: [0, 0, 0] };

/** `(value * factor - mean) / deviation` of each plane. */
export function normalised(factor: number, mean: Triple, deviation: Triple): Pick<Layout, 'scale' | 'offset'> {
  const each = (of: (mean: number, deviation: number) => number): Triple => [
    of(mean[0], deviation[0]),
    of(mean[1], deviation[1]),
    of(mean[2], deviation[2]),
  ];
  return { scale: each((_, d) => factor / d), offset: each((m, d) => -m / d) };
}

/** Where the one picture that a model takes has its sides; undefined when it takes something else, or any size. */
export function pictureInput({ inputs }: ModelShape): { name: string; size: Size; interleaved: boolean } | undefined {
  const [first, ...others] = Object.entries(inputs);
  if (!first || others.length > 0 || first[1].length !== 4) return undefined;
  const [name, [, second, third, fourth]] = first;
  const interleaved = fourth === 3;
  const [height, width] = interleaved ? [second, third] : [third, fourth];
  if ((!interleaved && second !== 3) || typeof height !== 'number' || typeof width !== 'number') return undefined;
  return { name, size: { width, height }, interleaved };
}

/** Why an input [N, 3, height, width] doesn't take pictures of this size; undefined when it does. */
export function sizeProblem(shape: readonly (number | string)[] | undefined, size: Size): string | undefined {
  const [, , height, width] = shape ?? [];
  if (fits(height, size.height) && fits(width, size.width)) return undefined;
  return `its input is [1,3,${height},${width}] where the pack says ${size.width} × ${size.height}`;
}

/** A symbolic dimension (a name) fits any number. */
export function fits(dimension: number | string | undefined, wanted: number): boolean {
  return typeof dimension === 'string' || dimension === wanted;
}

/** Bilinear, pixel centres at half: the data of a [1, 3, height, width] tensor, or of [1, height, width, 3]. */
export function planes(picture: Picture, size: Size, layout: Layout): Float32Array {
  const { filled, pad, antialias } = layout;
  const from = layout.from ?? { left: 0, top: 0, width: picture.width, height: picture.height };
  const out = new Float32Array(3 * size.width * size.height);
  if (pad !== 0 && (filled.width < size.width || filled.height < size.height)) out.fill(pad);
  const columns = taps(from.left, from.width, filled.width, antialias);
  const rows = taps(from.top, from.height, filled.height, antialias);
  const stride = filled.width * 3;
  // The last rows of the picture, already narrowed: the next row mostly needs them again.
  const narrow = Array.from({ length: rows.each }, () => new Float32Array(stride));
  const held = new Int32Array(rows.each).fill(-1);
  const row = new Float32Array(stride);
  for (let y = 0; y < filled.height; y++) {
    row.fill(0);
    for (let tap = 0; tap < rows.each; tap++) {
      const source = (rows.first[y] ?? 0) + tap;
      const slot = source % rows.each;
      const line = narrow[slot] ?? row;
      if (held[slot] !== source) squeeze(picture, source, columns, line);
      held[slot] = source;
      addTo(row, line, rows.weights[y * rows.each + tap] ?? 0);
    }
    put(row, out, y, size, layout);
  }
  return out;
}

/** One row of the picture, scaled across. */
function squeeze({ width, rgb }: Picture, y: number, { first, weights, each }: Taps, out: Float32Array): void {
  const start = y * width;
  for (let x = 0, to = 0, tap = 0; x < first.length; x++, to += 3) {
    let at = (start + (first[x] ?? 0)) * 3;
    let a = 0;
    let b = 0;
    let c = 0;
    for (const end = tap + each; tap < end; tap++, at += 3) {
      const weight = weights[tap] ?? 0;
      a += weight * (rgb[at] ?? 0);
      b += weight * (rgb[at + 1] ?? 0);
      c += weight * (rgb[at + 2] ?? 0);
    }
    out[to] = a;
    out[to + 1] = b;
    out[to + 2] = c;
  }
}

function addTo(row: Float32Array, line: Float32Array, weight: number): void {
  if (weight === 0) return;
  for (let i = 0; i < row.length; i++) row[i] = (row[i] ?? 0) + weight * (line[i] ?? 0);
}

function put(row: Float32Array, out: Float32Array, y: number, size: Size, layout: Layout): void {
  const { channels, scale, offset, interleaved } = layout;
  const area = size.width * size.height;
  for (let plane = 0; plane < 3; plane++) {
    const factor = scale[plane] ?? 1;
    const plus = offset[plane] ?? 0;
    const step = interleaved ? 3 : 1;
    let to = interleaved ? y * size.width * 3 + plane : plane * area + y * size.width;
    for (let at = channels[plane] ?? 0; at < row.length; at += 3, to += step) out[to] = (row[at] ?? 0) * factor + plus;
  }
}

/** The pixels that make each output pixel: `each` of them from `first` on, with weights that sum to 1. */
interface Taps {
  each: number;
  first: Int32Array;
  weights: Float32Array;
}

function taps(start: number, from: number, to: number, antialias: boolean): Taps {
  const reach = antialias ? Math.max(1, from / to) : 1;
  // Where nothing is scaled each pixel is itself.
  const each = from === to ? 1 : Math.min(from, Math.ceil(reach * 2));
  const first = new Int32Array(to);
  const weights = new Float32Array(to * each);
  for (let i = 0; i < to; i++) {
    const centre = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const begin = from === to ? i : Math.min(from - each, Math.max(0, Math.floor(centre - reach) + 1));
    let sum = 0;
    for (let tap = 0; tap < each; tap++) sum += Math.max(0, 1 - Math.abs(begin + tap - centre) / reach);
    for (let tap = 0; tap < each; tap++) {
      weights[i * each + tap] = Math.max(0, 1 - Math.abs(begin + tap - centre) / reach) / sum;
    }
    first[i] = start + begin;
  }
  return { each, first, weights };
}
