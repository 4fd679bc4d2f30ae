import { describe, expect, it } from 'vitest';
import type { Frame } from '#domain';
import { dominantColours, objectColours } from '../../src/inference/built-in/colours.ts';

type Rgb = readonly [number, number, number];
const GREY: Rgb = [120, 122, 118];
const RED: Rgb = [190, 30, 25];
const BLACK: Rgb = [15, 15, 18];
const WHITE: Rgb = [240, 240, 238];
const BLUE: Rgb = [40, 60, 190];

const WIDTH = 200;
const HEIGHT = 100;
function paint(colour: (x: number, y: number) => Rgb): Frame {
  const rgb = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++) for (let x = 0; x < WIDTH; x++) rgb.set(colour(x, y), (y * WIDTH + x) * 3);
  return { atMs: 0, width: WIDTH, height: HEIGHT, rgb, sceneScore: 0 };
}
const box = (x1: number, y1: number, x2: number, y2: number) => ({
  x1: x1 / WIDTH,
  y1: y1 / HEIGHT,
  x2: x2 / WIDTH,
  y2: y2 / HEIGHT,
});

describe('the colours of a thing', () => {
  /** A red car with a black window on grey asphalt; its box has asphalt at the corners. */
  const street = paint((x, y) => {
    if (x < 50 || x >= 130 || y < 30 || y >= 70) return GREY;
    return y < 42 && x > 70 && x < 110 ? BLACK : RED;
  });

  it('are its own, not those around it', () => {
    expect(objectColours(street, box(44, 26, 136, 74))).toEqual(['red', 'black']);
    expect(dominantColours(street)[0]).toBe('grey');
  });

  it('are told most of it first', () => {
    const person = paint((x, y) => (x < 80 || x > 120 ? WHITE : y < 60 ? BLUE : BLACK));
    expect(objectColours(person, box(80, 10, 120, 95))).toEqual(['blue', 'black']);
  });

  it('are grey where nothing is coloured, and none of what is too small', () => {
    expect(
      objectColours(
        paint(() => GREY),
        box(20, 20, 80, 80),
      ),
    ).toEqual(['grey']);
    expect(objectColours(street, box(50, 30, 55, 35))).toEqual([]);
  });

  it('can be asked of a box at the border of the picture', () => {
    expect(
      objectColours(
        paint(() => RED),
        { x1: 0, y1: 0, x2: 1, y2: 1 },
      ),
    ).toEqual(['red']);
    expect(
      objectColours(
        paint(() => RED),
        { x1: 0.9, y1: 0.9, x2: 1, y2: 1 },
      ),
    ).toEqual(['red']);
  });
});
