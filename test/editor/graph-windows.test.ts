import { expect, it } from 'vitest';
import type { Composition, Layer } from '../../src/editor/composition.ts';
import { windowsOf } from '../../src/editor/graph-windows.ts';
import { layer } from './studio.ts';

const clip = (startS: number, durationS: number, some: Partial<Layer> = {}) =>
  layer(
    { kind: 'video', assetId: 'm-1', fromMs: 5000, volume: 1 },
    { startMs: startS * 1000, durationMs: durationS * 1000, ...some },
  );
const composition = (durationS: number, layers: Layer[]): Composition => ({
  ...{ width: 320, height: 180, fps: 25, background: '#000000', durationMs: durationS * 1000 },
  layers,
});
const row = (count: number, some: Partial<Layer> = {}) => [...Array(count).keys()].map((n) => clip(n, 1, some));

it('is one window for what one ffmpeg can hold', () => {
  const few = composition(10, row(10));
  expect(windowsOf(few)).toEqual([{ ...few, fromMs: 0 }]);
});

it('parts what is of more clips where one ends and the next begins', () => {
  const windows = windowsOf(composition(25, row(25)));
  expect(windows.map(({ fromMs, durationMs, layers }) => [fromMs, durationMs, layers.length])).toEqual([
    [0, 10_000, 10],
    [10_000, 10_000, 10],
    [20_000, 5000, 5],
  ]);
  expect(windows[1]?.layers[0]).toMatchObject({ startMs: 0, durationMs: 1000, content: { fromMs: 5000 } });
});

it('goes on in a clip that reaches over where it is parted, and leaves its fades at its ends', () => {
  const transition = { in: 'fade', out: 'fade', durationMs: 500 } as const;
  const follow = [{ atMs: 0, x: 0, y: 0 }];
  const windows = windowsOf(composition(12, [clip(0, 12, { transition, follow }), ...row(12)]));
  expect(windows.map(({ fromMs }) => fromMs)).toEqual([0, 9000]);
  const [first, second] = windows.map(({ layers }) => layers[0]);
  expect(first).toMatchObject({ startMs: 0, durationMs: 9000, content: { fromMs: 5000 } });
  expect(first?.transition).toEqual({ in: 'fade', durationMs: 500 });
  expect(second).toMatchObject({ startMs: 0, durationMs: 3000, skippedMs: 9000, content: { fromMs: 14_000 } });
  expect(second?.transition).toEqual({ out: 'fade', durationMs: 500 });
  expect(second?.follow).toEqual([{ atMs: -9000, x: 0, y: 0 }]);
});

it('is never parted in a fade', () => {
  const fading = clip(8.5, 2, { transition: { in: 'fade', durationMs: 1900 } });
  const windows = windowsOf(composition(20, [fading, ...row(20)]));
  expect(windows.map(({ fromMs }) => fromMs)).toEqual([0, 8520, 17_000]);
});

it('parts a thousand clips in no time: recordings wait meanwhile', () => {
  const clips = [...Array(1000).keys()].map((n) =>
    clip(1.37 * n, 1.1, { transition: { in: 'fade', durationMs: 300 } }),
  );
  const many = composition(1400, clips);
  const cost = (): number => {
    const began = performance.now();
    expect(windowsOf(many)).toHaveLength(100);
    return performance.now() - began;
  };
  expect(Math.min(...[...Array(10)].map(cost))).toBeLessThan(200); // A tenth of that; each with each takes 500.
});

it('holds more than it should where so many are seen at once', () => {
  const crowd = composition(
    2,
    [...Array(30).keys()].map(() => clip(0, 2)),
  );
  expect(windowsOf(crowd).map(({ layers }) => layers.length)).toEqual([30]);
});
