import type { Asset } from '#domain';
import { type Content, LARGEST_SIDE, type Layer, LONGEST_MS, SMALLEST_SIDE } from '#editor';
import { Fault } from '#runtime';

interface Size {
  width: number;
  height: number;
}

/** A layer that is there from the beginning to the end, whole and in the middle. */
export function layerOf(content: Content, durationMs: number, change: Partial<Layer> = {}): Layer {
  const place = { position: 'center', offset: { x: 0, y: 0 }, scale: 1, opacity: 1 } as const;
  return { startMs: 0, durationMs, content, fit: 'contain', ...place, ...change };
}

/** A picture of this shape that can be drawn: its sides are even, and neither too large nor too small. */
export function canvasOf({ width, height }: Size): Size {
  const shrink = Math.min(1, LARGEST_SIDE / Math.max(width, height));
  const side = (pixels: number) => Math.max(SMALLEST_SIDE, 2 * Math.round((pixels * shrink) / 2));
  return { width: side(width), height: side(height) };
}

/** Throws `refused` for what takes longer to draw than a box has. */
export function demandLength(durationMs: number): void {
  if (durationMs <= LONGEST_MS) return;
  throw new Fault(
    'refused',
    `at most ${LONGEST_MS / 3_600_000} hours are drawn at once: give "start" and "end", or export less`,
  );
}

/** What can be seen. Throws `refused` for audio. */
export function demandPicture({ width }: Asset): void {
  if (width === 0) throw new Fault('refused', 'audio has no picture');
}
