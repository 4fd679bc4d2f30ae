import { expect, it } from 'vitest';
import { areaOf, boxOf, plausible, suppress, unit } from '../../../src/inference/families/boxes.ts';

const at = (x1: number, score: number, label = 0) => ({ label, score, box: { x1, y1: 0, x2: x1 + 0.2, y2: 0.2 } });

it('keeps the best of boxes of one label that overlap', () => {
  const kept = suppress([at(0, 0.5), at(0.02, 0.9), at(0.5, 0.3), at(0.01, 0.4, 1)], 0.45);
  expect(kept).toEqual([at(0.02, 0.9), at(0.01, 0.4, 1), at(0.5, 0.3)]);
});

it('ends with a model that finds things everywhere', () => {
  const everywhere = Array.from({ length: 100_000 }, (_, i) => at((i % 500) / 500, i / 100_000));
  expect(suppress(everywhere, 0.45).length).toBeLessThanOrEqual(1000);
});

it('leaves out what can not be', () => {
  const odd = [
    at(Number.NaN, 0.9),
    at(0, Number.NaN),
    at(0, Number.POSITIVE_INFINITY),
    { ...at(0.5, 0.9), box: { x1: 0.5, y1: 0.2, x2: 0.5, y2: 0.8 } },
    { ...at(0.5, 0.9), box: { x1: 0.5, y1: 0.8, x2: 0.7, y2: 0.2 } },
  ];
  expect(plausible([...odd, at(0.1, 0.4), at(0.2, 7)])).toEqual([at(0.2, 1), at(0.1, 0.4)]);
});

it('keeps boxes within the picture, and at least a pixel of it', () => {
  expect(boxOf(-1, 0.5, Number.POSITIVE_INFINITY, 2)).toEqual({ x1: 0, y1: 0.5, x2: 1, y2: 1 });
  const picture = { width: 100, height: 50 };
  expect(areaOf({ x1: 0.101, y1: 0, x2: 0.199, y2: 1 }, picture)).toEqual({ left: 10, top: 0, width: 10, height: 50 });
  expect(areaOf({ x1: 1, y1: 1, x2: 1, y2: 1 }, picture)).toEqual({ left: 99, top: 49, width: 1, height: 1 });
  expect(areaOf({ x1: 0.9, y1: 0.9, x2: 0.1, y2: 0.1 }, picture)).toMatchObject({ width: 1, height: 1 });
});

it('makes vectors comparable, and refuses those that point nowhere', () => {
  expect([...unit(Float32Array.of(3, 4))].map((one) => +one.toFixed(5))).toEqual([0.6, 0.8]);
  for (const bad of [
    [0, 0],
    [Number.NaN, 1],
    [Number.POSITIVE_INFINITY, 1],
  ]) {
    expect(() => unit(Float32Array.from(bad))).toThrow('without a direction');
  }
});
