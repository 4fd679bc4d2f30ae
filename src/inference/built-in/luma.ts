import type { Frame } from '#domain';

/** A small grey picture: all that the built-in pack looks at. Averaging takes most noise and coding artefacts away. */
export interface Luma {
  width: number;
  height: number;
  /** 0–255, row by row. */
  values: Float32Array;
  /** 0–1. */
  mean: number;
}

const WIDTH = 160;
const made = new WeakMap<Frame, Luma>();

/** Made once per frame, however many indexes look at it. */
export function lumaOf(frame: Frame): Luma {
  const known = made.get(frame);
  if (known) return known;
  const luma = shrink(frame);
  made.set(frame, luma);
  return luma;
}

function shrink(frame: Frame): Luma {
  const width = Math.min(WIDTH, frame.width);
  const height = Math.max(1, Math.round((frame.height * width) / frame.width));
  const values = new Float32Array(width * height);
  let sum = 0;
  for (let y = 0; y < height; y++) {
    const top = Math.floor((y * frame.height) / height);
    const bottom = Math.floor(((y + 1) * frame.height) / height);
    for (let x = 0; x < width; x++) {
      const left = Math.floor((x * frame.width) / width);
      const right = Math.floor(((x + 1) * frame.width) / width);
      const value = average(frame, left, right, top, bottom);
      values[y * width + x] = value;
      sum += value;
    }
  }
  return { width, height, values, mean: sum / values.length / 255 };
}

/** Mean luma (BT.601) of a block of pixels. */
function average({ rgb, width }: Frame, left: number, right: number, top: number, bottom: number): number {
  let red = 0;
  let green = 0;
  let blue = 0;
  for (let y = top; y < bottom; y++) {
    for (let at = (y * width + left) * 3, end = (y * width + right) * 3; at < end; at += 3) {
      red += rgb[at] ?? 0;
      green += rgb[at + 1] ?? 0;
      blue += rgb[at + 2] ?? 0;
    }
  }
  return (0.299 * red + 0.587 * green + 0.114 * blue) / Math.max(1, (right - left) * (bottom - top));
}

/** 3 × 3 mean: sums of three beside each other, then of three such above each other. */
export function smooth(values: Float32Array, width: number, height: number): Float32Array {
  const threes = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    const end = (y + 1) * width - 1;
    for (let i = y * width; i <= end; i++) {
      const left = i > y * width ? (values[i - 1] ?? 0) : 0;
      threes[i] = left + (values[i] ?? 0) + (i < end ? (values[i + 1] ?? 0) : 0);
    }
  }
  const out = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    const [isFirst, isLast] = [y === 0, y === height - 1];
    const rows = 3 - (isFirst ? 1 : 0) - (isLast ? 1 : 0);
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const columns = 3 - (x === 0 ? 1 : 0) - (x === width - 1 ? 1 : 0);
      const above = isFirst ? 0 : (threes[i - width] ?? 0);
      out[i] = (above + (threes[i] ?? 0) + (isLast ? 0 : (threes[i + width] ?? 0))) / (rows * columns);
    }
  }
  return out;
}
