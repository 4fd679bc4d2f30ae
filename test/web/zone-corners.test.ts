import { describe, expect, it } from 'vitest';
import { type Corner, cornerAfter, placeFor, placeWords, within } from '../../src/web/cameras/zone-corners.ts';

const SQUARE: Corner[] = [
  [0.2, 0.2],
  [0.8, 0.2],
  [0.8, 0.8],
  [0.2, 0.8],
];

describe('the corners of a zone', () => {
  it('stay in the picture, to a thousandth', () => {
    expect(within([-0.5, 1.2])).toEqual([0, 1]);
    expect(within([1 / 3, 0.66666])).toEqual([0.333, 0.667]);
  });

  it('are put into the edge that they are beside', () => {
    expect(placeFor(SQUARE, [0.5, 0.1])).toBe(1);
    expect(placeFor(SQUARE, [0.9, 0.5])).toBe(2);
    expect(placeFor(SQUARE, [0.1, 0.5])).toBe(4);
    expect(placeFor(SQUARE.slice(0, 2), [0.5, 0.9])).toBe(2);
  });

  it('enclose something when three are added with the keyboard alone', () => {
    for (const start of [undefined, [0, 0], [1, 1], [0.5, 0.05]] satisfies (Corner | undefined)[]) {
      const polygon: Corner[] = [start ?? cornerAfter([], 0)];
      for (let i = 0; i < 2; i += 1) polygon.push(cornerAfter(polygon, polygon.length - 1));
      const [a, b, c] = polygon.map(([x, y]) => ({ x, y }));
      if (!a || !b || !c) throw new Error('Three corners were added.');
      expect(Math.abs((b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y))).toBeGreaterThan(0.02);
    }
    expect(cornerAfter(SQUARE, 3)).toEqual([0.2, 0.5]);
  });

  it('are told in words', () => {
    expect(placeWords([0.254, 1])).toBe('25 % from the left, 100 % from the top');
  });
});
