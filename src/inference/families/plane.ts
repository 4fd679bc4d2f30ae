import type { Picture, Size } from '../protocol.ts';

/** How a picture is laid into a model's input. */
export interface Layout {
  /** Pixels of the input that the picture fills, from the top left corner. */
  filled: Size;
  /** Which channel of the picture becomes plane 0, 1, 2. */
  channels: readonly [number, number, number];
  scale: number;
  /** Value, after scaling, where there is no picture. */
  pad: number;
  /** Whether shrinking averages all pixels (as torchvision does) or mixes the nearest two (as OpenCV does): as in training. */
  antialias: boolean;
}

/** Bilinear, pixel centres at half; planes one after the other: the data of a [1, 3, height, width] tensor. */
export function planes(picture: Picture, size: Size, layout: Layout): Float32Array {
  const { filled, channels, scale, pad, antialias } = layout;
  const area = size.width * size.height;
  const out = new Float32Array(3 * area).fill(pad);
  const narrow = squeeze(picture, taps(picture.width, filled.width, antialias));
  const rows = taps(picture.height, filled.height, antialias);
  const stride = filled.width * 3;
  rows.forEach(({ first, weights }, y) => {
    for (let x = 0; x < filled.width; x++) {
      for (let plane = 0; plane < 3; plane++) {
        let at = first * stride + x * 3 + (channels[plane] ?? 0);
        let sum = 0;
        for (const weight of weights) {
          sum += weight * (narrow[at] ?? 0);
          at += stride;
        }
        out[plane * area + y * size.width + x] = sum * scale;
      }
    }
  });
  return out;
}

/** Scales across only; the height stays. */
function squeeze({ width, height, rgb }: Picture, columns: readonly Tap[]): Float32Array {
  const out = new Float32Array(columns.length * height * 3);
  for (let y = 0; y < height; y++) {
    let to = y * columns.length * 3;
    for (const { first, weights } of columns) {
      let at = (y * width + first) * 3;
      let [a, b, c] = [0, 0, 0];
      for (const weight of weights) {
        a += weight * (rgb[at] ?? 0);
        b += weight * (rgb[at + 1] ?? 0);
        c += weight * (rgb[at + 2] ?? 0);
        at += 3;
      }
      out[to] = a;
      out[to + 1] = b;
      out[to + 2] = c;
      to += 3;
    }
  }
  return out;
}

/** The source pixels that make one output pixel: their weights, summing to 1, from `first` on. */
interface Tap {
  first: number;
  weights: number[];
}

function taps(from: number, to: number, antialias: boolean): Tap[] {
  const reach = antialias ? Math.max(1, from / to) : 1;
  return Array.from({ length: to }, (_, i) => {
    const centre = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const first = Math.max(0, Math.floor(centre - reach) + 1);
    const last = Math.min(from - 1, Math.ceil(centre + reach) - 1);
    const weights: number[] = [];
    for (let source = first; source <= last; source++) weights.push(1 - Math.abs(source - centre) / reach);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}
