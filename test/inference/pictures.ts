import type { Frame } from '#domain';

export const WIDTH = 320;
export const HEIGHT = 180;

export type Painter = (x: number, y: number) => number;

/** Grey frame whose pixel at (x, y) has the painted brightness, 0–255. */
export function frame(atMs: number, paint: Painter): Frame {
  const rgb = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const value = Math.max(0, Math.min(255, Math.round(paint(x, y))));
      rgb.fill(value, (y * WIDTH + x) * 3, (y * WIDTH + x) * 3 + 3);
    }
  }
  return { atMs, width: WIDTH, height: HEIGHT, rgb, sceneScore: 0 };
}

/** A room: furniture of different greys with sharp edges, always the same. */
export const room: Painter = (x, y) => {
  const random = hash(Math.floor(x / 23) * 57 + Math.floor(y / 19));
  return 60 + 120 * random + 10 * Math.sin(x / 40);
};

/** The same with something of this brightness in the rectangle. */
export const withRectangle =
  (paint: Painter, left: number, top: number, width: number, height: number, brightness = 240): Painter =>
  (x, y) =>
    x >= left && x < left + width && y >= top && y < top + height ? brightness : paint(x, y);

export const dimmed =
  (paint: Painter, factor: number): Painter =>
  (x, y) =>
    paint(x, y) * factor;

export const shifted =
  (paint: Painter, right: number, down: number): Painter =>
  (x, y) =>
    paint(x - right + 10_000 * 23, y - down + 10_000 * 19);

/** Grain and 8 × 8 steps, as a sensor and H.264 leave them; another at every seed. */
export const noisy =
  (paint: Painter, seed: number, strength = 12): Painter =>
  (x, y) =>
    paint(x, y) +
    strength * (hash(x * 7919 + y * 104_729 + seed * 31) - 0.5) * 2 +
    4 * (hash(Math.floor(x / 8) * 131 + Math.floor(y / 8) * 17 + seed * 977) - 0.5);

/** Out of focus: the mean of a neighbourhood. */
export const blurred =
  (paint: Painter, radius: number): Painter =>
  (x, y) => {
    let sum = 0;
    let n = 0;
    for (let v = -radius; v <= radius; v += 3) {
      for (let u = -radius; u <= radius; u += 3) {
        sum += paint(Math.max(0, x + u), Math.max(0, y + v));
        n += 1;
      }
    }
    return sum / n;
  };

function hash(value: number): number {
  let bits = Math.imul(value ^ 0x9e3779b9, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}
