import { expect, it, vi } from 'vitest';
import { readTextPlaces, textSize } from '../../../src/inference/families/text-places.ts';
import type { Picture } from '../../../src/inference/protocol.ts';
import { hosted } from '../hosted.ts';
import { packFiles, personModel, placesModel } from '../tiny-eyes.ts';

// Each starts processes of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const WIDTH = 320;
const HEIGHT = 192;

/** White bars on black. */
function bars(...all: readonly (readonly [left: number, top: number, right: number, bottom: number])[]): Picture {
  const rgb = new Uint8Array(WIDTH * HEIGHT * 3);
  for (const [left, top, right, bottom] of all) {
    for (let y = top; y < bottom; y++) rgb.fill(255, (y * WIDTH + left) * 3, (y * WIDTH + right) * 3);
  }
  return { width: WIDTH, height: HEIGHT, rgb };
}

const map = (paint: (x: number, y: number) => number) =>
  Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => paint(i % WIDTH, Math.floor(i / WIDTH)));

it('finds each bar, somewhat larger than it is', async () => {
  await using model = await hosted(packFiles({ task: 'text-detection' }, placesModel()));
  const found = await model.ask('text-detection', { picture: bars([40, 20, 140, 40], [200, 100, 240, 140]) });
  expect(found).toHaveLength(2);
  const pixels = found
    .map(({ box: { x1, y1, x2, y2 } }) => [x1 * WIDTH, y1 * HEIGHT, x2 * WIDTH, y2 * HEIGHT].map(Math.round))
    .sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  // A bar of 100 × 20 grows by 2000 × 1.6 / 240 on each side, one of 40 × 40 by 16.
  expect(pixels).toEqual([
    [27, 7, 153, 53],
    [184, 84, 256, 156],
  ]);
  for (const { score } of found) expect(score).toBeGreaterThan(0.99);
  expect(await model.ask('text-detection', { picture: bars() })).toEqual([]);
});

it('takes pictures of any size and proportions', async () => {
  await using model = await hosted(packFiles({ task: 'text-detection' }, placesModel()));
  for (const [width, height] of [
    [3, 5],
    [2000, 300],
    [50, 1000],
  ] as const) {
    const picture = { width, height, rgb: new Uint8Array(width * height * 3) };
    expect(await model.ask('text-detection', { picture })).toEqual([]);
  }
});

it('stretches to multiples of 32, at most 960', () => {
  expect(textSize({ width: 1920, height: 1080 })).toEqual({ width: 960, height: 544 });
  expect(textSize({ width: 640, height: 360 })).toEqual({ width: 640, height: 352 });
  expect(textSize({ width: 3, height: 5 })).toEqual({ width: 32, height: 32 });
});

it('takes what touches at a corner for one text, and leaves out what is small or unsure', () => {
  const size = { width: WIDTH, height: HEIGHT };
  const steps = map((x, y) => (Math.floor(x / 10) === Math.floor(y / 10) && x < 50 ? 0.9 : 0));
  expect(readTextPlaces(steps, size)).toHaveLength(1);
  expect(
    readTextPlaces(
      map((x, y) => (x < 2 && y < 90 ? 1 : 0)),
      size,
    ),
  ).toEqual([]);
  expect(
    readTextPlaces(
      map((x, y) => (x < 90 && y < 90 ? 0.4 : 0)),
      size,
    ),
  ).toEqual([]);
  const two = readTextPlaces(
    map((x, y) => (y < 20 && x < 90 ? 0.6 : y > 150 && x < 90 ? 0.8 : 0)),
    size,
  );
  expect(two.map(({ score }) => +score.toFixed(2))).toEqual([0.8, 0.6]);
});

it('ends with a map of nothing but specks', () => {
  const specks = map((x, y) => (x % 5 < 4 && y % 5 < 4 ? 1 : 0));
  expect(readTextPlaces(specks, { width: WIDTH, height: HEIGHT })).toHaveLength(300);
});

it.each([
  ['takes pictures of one size only', placesModel(320), 'of any height and width'],
  ['is something else', personModel(false), 'of any height and width'],
])('is refused when it %s', async (_what, weights, problem) => {
  await expect(hosted(packFiles({ task: 'text-detection' }, weights))).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(problem),
  });
});
