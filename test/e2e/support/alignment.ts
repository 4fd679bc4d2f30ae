import { ffmpeg, greyFrames } from './ffmpeg.ts';

const WIDTH = 48;
const HEIGHT = 27;
/** Pictures; farther away an empty room looks like any other empty room. */
const FARTHEST = 100;

/** All pictures at `fps` of a video as small grey ones: enough to tell which is which. */
export async function sketch(source: string, fps: number): Promise<Buffer[]> {
  const scale = `fps=${fps},scale=${WIDTH}:${HEIGHT}:flags=area`;
  return greyFrames(
    await ffmpeg('-i', source, '-an', '-vf', scale, '-pix_fmt', 'gray', '-f', 'rawvideo', '-'),
    WIDTH,
    HEIGHT,
  );
}

/**
 * How many pictures into `original` the first picture of `copy` is: where they differ least. `copy` must be all of
 * it, give or take some pictures at its ends.
 */
export function offsetOf(copy: readonly Buffer[], original: readonly Buffer[]): number {
  let best = { offset: 0, difference: Number.POSITIVE_INFINITY };
  for (let offset = -FARTHEST; offset <= FARTHEST; offset += 1) {
    const found = meanDifference(copy, original, offset);
    if (found < best.difference) best = { offset, difference: found };
  }
  return best.offset;
}

function meanDifference(copy: readonly Buffer[], original: readonly Buffer[], offset: number): number {
  let sum = 0;
  let pairs = 0;
  for (let i = Math.max(0, -offset); i < copy.length && i + offset < original.length; i += 5) {
    const [a, b] = [copy[i], original[i + offset]];
    if (!a || !b) break;
    for (let p = 0; p < a.length; p += 1) sum += Math.abs((a[p] ?? 0) - (b[p] ?? 0));
    pairs += 1;
  }
  return sum / Math.max(1, pairs);
}
