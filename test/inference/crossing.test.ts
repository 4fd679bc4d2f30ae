import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Point, Zone } from '#domain';
import { type Entries, takeStep } from '../../src/inference/crossing.ts';

/** A strip across the middle of the picture; its sides are the upper, the right, the lower and the left one. */
const line: Zone = {
  name: 'line',
  polygon: [
    [0.1, 0.48],
    [0.9, 0.48],
    [0.9, 0.52],
    [0.1, 0.52],
  ],
};
const yard: Zone = {
  name: 'yard',
  polygon: [
    [0.2, 0.2],
    [0.8, 0.2],
    [0.8, 0.8],
    [0.2, 0.8],
  ],
};

/** What was crossed with each step of the path. */
function walk(path: readonly Point[], zone: Zone, entries: Entries = new Map()): boolean[] {
  return path.slice(1).map((to, i) => takeStep(entries, path[i] ?? to, to, [zone]).length > 0);
}

describe('a zone is crossed', () => {
  it('between two looks, when none falls inside', () => {
    expect(
      walk(
        [
          [0.5, 0.3],
          [0.5, 0.7],
        ],
        line,
      ),
    ).toEqual([true]);
    expect(
      walk(
        [
          [0.5, 0.7],
          [0.5, 0.3],
        ],
        line,
      ),
    ).toEqual([true]);
    expect(
      walk(
        [
          [0.05, 0.3],
          [0.05, 0.7],
        ],
        line,
      ),
    ).toEqual([false]);
  });

  it('when its other side is reached, however long that takes', () => {
    expect(
      walk(
        [
          [0.1, 0.5],
          [0.3, 0.5],
          [0.5, 0.6],
          [0.7, 0.5],
          [0.9, 0.5],
        ],
        yard,
      ),
    ).toEqual([false, false, false, true]);
    expect(
      walk(
        [
          [0.5, 0.1],
          [0.5, 0.5],
          [0.9, 0.5],
        ],
        yard,
      ),
    ).toEqual([false, true]);
  });

  it('not by whoever turns back, or trembles on its border', () => {
    expect(
      walk(
        [
          [0.1, 0.5],
          [0.4, 0.5],
          [0.1, 0.6],
        ],
        yard,
      ),
    ).toEqual([false, false]);
    expect(
      walk(
        [
          [0.5, 0.47],
          [0.5, 0.49],
          [0.5, 0.47],
          [0.51, 0.49],
          [0.5, 0.46],
        ],
        line,
      ),
    ).toEqual(Array(4).fill(false));
  });

  it('not by who was in it from the start, but by who appeared in it while we watched', () => {
    expect(
      walk(
        [
          [0.5, 0.5],
          [0.9, 0.5],
        ],
        yard,
      ),
    ).toEqual([false]);
    expect(
      walk(
        [
          [0.5, 0.5],
          [0.9, 0.5],
        ],
        yard,
        new Map([['yard', 'appeared']]),
      ),
    ).toEqual([true]);
  });

  it('each time anew', () => {
    expect(
      walk(
        [
          [0.5, 0.4],
          [0.5, 0.6],
          [0.5, 0.4],
          [0.5, 0.5],
          [0.5, 0.6],
        ],
        line,
      ),
    ).toEqual([true, true, false, true]);
  });

  it('as many times one way as the other, give or take one, on any path', () => {
    const coordinate = fc.double({ min: 0.15, max: 0.85, noNaN: true });
    const path = fc.array(fc.tuple(coordinate, fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 3 });
    fc.assert(
      fc.property(path, (points) => {
        const outside = points.filter(([, y]) => y < 0.479 || y > 0.521);
        const sides = outside.map(([, y]) => y > 0.5);
        const changes = sides.slice(1).filter((side, i) => side !== sides[i]).length;
        // The path never leaves the strip sideways: every change of side is one crossing.
        expect(walk(outside, line).filter(Boolean)).toHaveLength(changes);
      }),
    );
  });
});
