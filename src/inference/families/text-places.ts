import type { Box } from '#domain';
import type { Picture, Size, TensorData } from '../protocol.ts';
import { bestFirst, boxOf } from './boxes.ts';
import { BGR, normalised, planes } from './plane.ts';

const LONGEST_SIDE = 960;
const STEP = 32;
/** ImageNet's numbers of red, green and blue, given to blue, green and red: as PaddleOCR was trained. */
const LOOK = normalised(1 / 255, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
/** More likely than this a pixel belongs to a text; a place is one when its pixels are surer than that. */
const PIXEL = 0.3;
const PLACE = 0.5;
/** Pixels of the model's picture; what is smaller can't be read. */
const SMALLEST = 3;
/** The model draws texts thinner than they are. */
const GROW = 1.6;
const MOST = 300;

/** Both sides multiples of 32, the longer one at most 960. */
export function textSize({ width, height }: Size): Size {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const side = (pixels: number) => Math.max(STEP, Math.round((pixels * scale) / STEP) * STEP);
  return { width: side(width), height: side(height) };
}

/** PaddleOCR's text detector (DB): stretched to `textSize`. */
export function prepareTextPlaces(picture: Picture): TensorData {
  const size = textSize(picture);
  const how = { filled: size, channels: BGR, ...LOOK, pad: 0, antialias: false, interleaved: false };
  return { data: planes(picture, size, how), dims: [1, 3, size.height, size.width] };
}

/**
 * The upright boxes around what hangs together in the map of likelihoods, best first. A text that lies aslant has a box
 * that is larger than itself.
 */
export function readTextPlaces(map: Float32Array, size: Size): { score: number; box: Box }[] {
  const found: { score: number; box: Box }[] = [];
  for (const { left, top, right, bottom, score } of patches(map, size)) {
    const width = right - left + 1;
    const height = bottom - top + 1;
    if (Math.min(width, height) < SMALLEST || score < PLACE) continue;
    const grow = (width * height * GROW) / (2 * (width + height));
    const x = (pixels: number) => pixels / size.width;
    const y = (pixels: number) => pixels / size.height;
    found.push({ score, box: boxOf(x(left - grow), y(top - grow), x(right + 1 + grow), y(bottom + 1 + grow)) });
  }
  return bestFirst(found).slice(0, MOST);
}

interface Patch {
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** Mean likelihood of its pixels. */
  score: number;
}

/** Likely pixels that touch, also at their corners. */
function* patches(map: Float32Array, { width, height }: Size): Generator<Patch> {
  const seen = new Uint8Array(map.length);
  const open = new Int32Array(map.length);
  for (let start = 0; start < map.length; start++) {
    if (seen[start] === 1 || !((map[start] ?? 0) > PIXEL)) continue;
    const patch = { left: width, top: height, right: 0, bottom: 0 };
    let sum = 0;
    let count = 1;
    open[0] = start;
    seen[start] = 1;
    for (let next = 0; next < count; next++) {
      const at = open[next] ?? 0;
      const x = at % width;
      const y = (at - x) / width;
      sum += map[at] ?? 0;
      patch.left = Math.min(patch.left, x);
      patch.right = Math.max(patch.right, x);
      patch.top = Math.min(patch.top, y);
      patch.bottom = Math.max(patch.bottom, y);
      for (let v = Math.max(0, y - 1); v <= y + 1 && v < height; v++) {
        for (let u = Math.max(0, x - 1); u <= x + 1 && u < width; u++) {
          const beside = v * width + u;
          if (seen[beside] === 1 || !((map[beside] ?? 0) > PIXEL)) continue;
          seen[beside] = 1;
          open[count++] = beside;
        }
      }
    }
    yield { ...patch, score: sum / count };
  }
}
