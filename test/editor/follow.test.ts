import { describe, expect, it } from 'vitest';
import type { Seen } from '#assets';
import { followOf } from '../../src/editor/follow.ts';

type Thing = Seen['objects'][number];

function thing(label: string, x: number, change: Partial<Thing> & { size?: number } = {}): Thing {
  const { size = 0.2, ...rest } = change;
  const box = { x1: x - size / 2, x2: x + size / 2, y1: 0.5 - size / 2, y2: 0.5 + size / 2 };
  return { label, score: 0.9, box, track: 1, zones: [], entered: [], sinceMs: 0, ...rest };
}
const at = (second: number, objects: Thing[], moving: Seen['moving'] = []): Seen => ({
  atMs: second * 1000,
  objects,
  moving,
});
const rounded = (points: { atMs: number; x: number; y: number }[]) =>
  points.map(({ atMs, x }) => [atMs, Math.round(x * 100) / 100]);

describe('where a reframed video looks', () => {
  it('goes with a thing, on the time of what is cut out', () => {
    const seen = [3, 4, 5].map((second) => at(second, [thing('car', second / 10)]));
    expect(rounded(followOf(seen, 3000))).toEqual([
      [0, 0.3],
      [1000, 0.4],
      [2000, 0.5],
    ]);
  });

  it('is at a person rather than at something larger', () => {
    const seen = [at(0, [thing('car', 0.8, { track: 2, size: 0.3 }), thing('person', 0.2)])];
    expect(rounded(followOf(seen, 0))).toEqual([[0, 0.2]]);
  });

  it('stays with what it followed, until that is gone', () => {
    const [a, b] = [thing('person', 0.2), thing('person', 0.8, { track: 2, size: 0.25 })];
    const seen = [at(0, [a]), at(1, [a, b]), at(2, [b])];
    expect(rounded(followOf(seen, 0))).toEqual([
      [0, 0.2],
      [1000, 0.2],
      [2000, 0.8],
    ]);
  });

  it('does not tremble', () => {
    const seen = [0.5, 0.51, 0.49, 0.5, 0.52].map((x, second) => at(second, [thing('person', x)]));
    expect(rounded(followOf(seen, 0))).toEqual([[0, 0.5]]);
  });

  it('is at what moves where nothing is known, and where it was when nothing does', () => {
    const region = { x1: 0.6, x2: 0.8, y1: 0, y2: 1 };
    const seen = [at(0, [], [region]), at(1, []), at(2, [], [{ ...region, x2: 1 }])];
    expect(rounded(followOf(seen, 0))).toEqual([
      [0, 0.7],
      [2000, 0.8],
    ]);
  });

  it('is nowhere where nothing was seen', () => {
    expect(followOf([at(0, []), at(1, [])], 0)).toEqual([]);
  });

  it('has a bounded way, however long the video is', () => {
    const seen = Array.from({ length: 5000 }, (_, second) => at(second, [thing('person', (second % 10) / 10)]));
    const points = followOf(seen, 0);
    expect(points.length).toBeLessThanOrEqual(1000);
    expect(points.length).toBeGreaterThan(500);
  });
});
