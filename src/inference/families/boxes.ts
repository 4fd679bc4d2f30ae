import { type Box, intersectionOverUnion } from '#domain';
import type { Picture, RawDetection } from '../protocol.ts';
import type { Area } from './plane.ts';

/** Of so many found at most that many are compared with one another: a model gone wild must not stop the rest. */
const MOST = 1000;

/** Of boxes of one label that overlap more than this only the best is kept; best first. */
export function suppress(found: RawDetection[], overlap: number): RawDetection[] {
  const kept: RawDetection[] = [];
  for (const one of plausible(found).slice(0, MOST)) {
    const covers = (box: Box) => intersectionOverUnion(box, one.box) > overlap;
    if (!kept.some(({ label, box }) => label === one.label && covers(box))) kept.push(one);
  }
  return kept;
}

/** Best first, without what can't be: no numbers, boxes of no size or outside of the picture. Nothing is surer than sure. */
export function plausible(found: readonly RawDetection[]): RawDetection[] {
  const can = ({ score, box }: RawDetection) => Number.isFinite(score) && box.x1 < box.x2 && box.y1 < box.y2;
  return bestFirst(found.filter(can)).map((one) => (one.score > 1 ? { ...one, score: 1 } : one));
}

export function bestFirst<T extends { score: number }>(found: T[]): T[] {
  return found.sort((a, b) => b.score - a.score);
}

/** Within the picture, whatever the model says. */
export function boxOf(x1: number, y1: number, x2: number, y2: number): Box {
  return { x1: share(x1), y1: share(y1), x2: share(x2), y2: share(y2) };
}

/** The whole pixels that a box touches: at least one, all within the picture. */
export function areaOf({ x1, y1, x2, y2 }: Box, { width, height }: Pick<Picture, 'width' | 'height'>): Area {
  const left = Math.min(width - 1, Math.floor(share(x1) * width));
  const top = Math.min(height - 1, Math.floor(share(y1) * height));
  const right = Math.max(left + 1, Math.min(width, Math.ceil(share(x2) * width)));
  const bottom = Math.max(top + 1, Math.min(height, Math.ceil(share(y2) * height)));
  return { left, top, width: right - left, height: bottom - top };
}

/** Of unit length. Throws when it has none: such an answer can't be compared with anything. */
export function unit(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const length = Math.sqrt(sum);
  if (!(length > 0 && length < Number.POSITIVE_INFINITY))
    throw new Error('the model gave a vector without a direction');
  return vector.map((value) => value / length);
}

function share(value: number): number {
  return Math.min(1, Math.max(0, value));
}
