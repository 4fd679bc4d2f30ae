import type { Luma } from './luma.ts';

/** Gradient, in luma steps, of an edge that is no grain. */
const STRONG_EDGE = 12;
/** Pixels on strong edges below which a part of the picture has none to go by. */
const ENOUGH_EDGES = 20;
const BLOCKS = { across: 4, down: 3 };

/**
 * Share, 0–1, of the picture's parts whose edges are no longer where they were. Something that walks through hides the
 * edges of some parts; turning the camera shifts all. Parts that never agree with themselves, as trees, don't count.
 */
export function disagreement(trust: readonly (number | undefined)[], agreed: readonly (number | undefined)[]): number {
  const telling = agreed.filter((agreement, i) => agreement !== undefined && (trust[i] ?? 0) > 0.6);
  if (telling.length < 4) return 0;
  return telling.filter((agreement) => (agreement ?? 0) < 0.45).length / telling.length;
}

/** How well the edges of each part lie on the known ones, give or take a pixel: -1…1, undefined for a part without any. */
export function agreements(known: Luma, seen: Luma): (number | undefined)[] {
  const { width, height } = known;
  const [before, after] = [gradients(known), gradients(seen)];
  return Array.from({ length: BLOCKS.across * BLOCKS.down }, (_, block) => {
    const [column, row] = [block % BLOCKS.across, Math.floor(block / BLOCKS.across)];
    const part = {
      left: Math.max(2, Math.floor((column * width) / BLOCKS.across)),
      right: Math.min(width - 2, Math.floor(((column + 1) * width) / BLOCKS.across)),
      top: Math.max(2, Math.floor((row * height) / BLOCKS.down)),
      bottom: Math.min(height - 2, Math.floor(((row + 1) * height) / BLOCKS.down)),
    };
    if (!hasEdges(before, width, part)) return undefined;
    let best = edgeLikeness(before, after, width, part, 0);
    // A camera on a pole trembles by a pixel.
    for (let dy = -1; dy <= 1 && best < 0.7; dy++) {
      for (let dx = -1; dx <= 1; dx++) best = Math.max(best, edgeLikeness(before, after, width, part, dy * width + dx));
    }
    return best;
  });
}

interface Part {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

interface Gradients {
  x: Float32Array;
  y: Float32Array;
}

function gradients({ values, width }: Luma): Gradients {
  const x = new Float32Array(values.length);
  const y = new Float32Array(values.length);
  for (let i = width; i < values.length - width; i++) {
    x[i] = (values[i + 1] ?? 0) - (values[i - 1] ?? 0);
    y[i] = (values[i + width] ?? 0) - (values[i - width] ?? 0);
  }
  return { x, y };
}

function hasEdges({ x, y }: Gradients, width: number, { left, right, top, bottom }: Part): boolean {
  let edges = 0;
  for (let v = top; v < bottom; v++) {
    for (let i = v * width + left; i < v * width + right; i++) {
      const [across, down] = [x[i] ?? 0, y[i] ?? 0];
      if (across * across + down * down > STRONG_EDGE * STRONG_EDGE) edges += 1;
    }
  }
  return edges >= ENOUGH_EDGES;
}

/** Normalised correlation of two gradient fields within a part, the second one shifted. */
function edgeLikeness(a: Gradients, b: Gradients, width: number, part: Part, shift: number): number {
  let [both, onlyA, onlyB] = [0, 0, 0];
  for (let v = part.top; v < part.bottom; v++) {
    for (let i = v * width + part.left; i < v * width + part.right; i++) {
      const [ax, ay] = [a.x[i] ?? 0, a.y[i] ?? 0];
      const [bx, by] = [b.x[i + shift] ?? 0, b.y[i + shift] ?? 0];
      both += ax * bx + ay * by;
      onlyA += ax * ax + ay * ay;
      onlyB += bx * bx + by * by;
    }
  }
  return onlyA * onlyB > 0 ? both / Math.sqrt(onlyA * onlyB) : 0;
}
