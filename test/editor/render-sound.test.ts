import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Composition, Content, Layer } from '../../src/editor/composition.ts';
import { type Scenery, sceneryOf } from './scenery.ts';
import { layer, openStudio, type Studio } from './studio.ts';

type Row = [
  what: string,
  layers: (scenery: Scenery) => Layer[],
  /** [from, to in seconds, RMS] */
  heard: [fromS: number, toS: number, rms: number][],
  settings?: Partial<Composition>,
];

/** What a tone comes to, as it was recorded. */
const TONE = 0.125 / Math.SQRT2;
const audio = (assetId: string, volume = 1, fromMs = 0): Content => ({ kind: 'audio', assetId, fromMs, volume });
const video = (assetId: string, volume = 1): Content => ({ kind: 'video', assetId, fromMs: 0, volume });
const tone =
  (volume: number, settings: Partial<Layer> = {}) =>
  (s: Scenery) => [layer(audio(s.tone, volume), settings)];

const ROWS: Row[] = [
  ['as it is', tone(1), [[0.05, 0.95, TONE]]],
  ['half as loud', tone(0.5), [[0.05, 0.95, TONE / 2]]],
  ['twice as loud', tone(2), [[0.05, 0.95, TONE * 2]]],
  ['five times as loud', tone(5), [[0.05, 0.95, TONE * 5]]],
  [
    'later, and not for long',
    tone(1, { startMs: 400, durationMs: 300 }),
    [
      [0, 0.39, 0],
      [0.42, 0.68, TONE],
      [0.72, 1, 0],
    ],
  ],
  ['of a video', (s) => [layer(video(s.corners))], [[0.05, 0.95, TONE]]],
  ['of a video that is not seen', (s) => [layer(video(s.corners), { opacity: 0 })], [[0.05, 0.95, TONE]]],
  ['of a video and another', (s) => [layer(video(s.corners)), layer(audio(s.tone))], [[0.05, 0.95, TONE * Math.SQRT2]]],
  [
    'of one after the other',
    (s) => [layer(audio(s.tone), { durationMs: 400 }), layer(audio(s.tone, 2), { startMs: 500, durationMs: 400 })],
    [
      [0.05, 0.38, TONE],
      [0.42, 0.49, 0],
      [0.52, 0.88, TONE * 2],
      [0.92, 1, 0],
    ],
  ],
  [
    'that fades in',
    tone(1, { transition: { in: 'fade', durationMs: 800 } }),
    [
      [0, 0.1, TONE * 0.072],
      [0.36, 0.44, TONE / 2],
      [0.85, 0.99, TONE],
    ],
  ],
  [
    'that fades out',
    tone(1, { transition: { out: 'fade', durationMs: 800 } }),
    [
      [0.04, 0.18, TONE],
      [0.56, 0.64, TONE / 2],
      [0.95, 1, TONE * 0.036],
    ],
  ],
  [
    'that ends before its clip',
    (s) => [layer(audio(s.tone, 1, 2600))],
    [
      [0.05, 0.37, TONE],
      [0.45, 1, 0],
    ],
  ],
];

let studio: Studio;
let scenery: Scenery;
beforeAll(async () => {
  studio = await openStudio();
  scenery = await sceneryOf(studio);
});
afterAll(() => studio[Symbol.asyncDispose]());

it.each(ROWS)('is heard %s', async (_what, layers, heard, settings = {}) => {
  const out = await studio.render({ layers: layers(scenery), ...settings });
  expect(out.codecs).toMatch(/^avc1\.[0-9a-f]{6},mp4a\.40\.2$/);
  for (const [fromS, toS, rms] of heard)
    expect(Math.abs(out.rms(fromS, toS) - rms), `${fromS}–${toS}`).toBeLessThan(0.004);
});

it('is never louder than an encoder can take', async () => {
  const loud = [1, 2, 3].map(() => layer(audio(scenery.tone, 5)));
  const out = await studio.render({ layers: loud });
  expect(out.rms(0.1, 0.9)).toBeGreaterThan(0.5);
  expect(out.peak).toBeLessThan(1);
});

it.each<[string, (scenery: Scenery) => Layer[]]>([
  ['nothing sounds', (s) => [layer(video(s.tall))]],
  ['everything is silenced', (s) => [layer(video(s.corners, 0))]],
  ['there is nothing', () => []],
])('has no sound where %s', async (_what, layers) => {
  const out = await studio.render({ layers: layers(scenery) });
  expect(out.codecs).toMatch(/^avc1\.[0-9a-f]{6}$/);
  expect(out.frames).toBe(25);
});

it('is heard where it is drawn in stretches, of which the last is silent', async () => {
  const crowd = [...Array(45).keys()].map((n) =>
    layer({ kind: 'image', assetId: scenery.card }, { startMs: n * 40, durationMs: 40 }),
  );
  const out = await studio.render({
    durationMs: 2000,
    layers: [layer(audio(scenery.tone), { durationMs: 400 }), ...crowd],
  });
  expect(out.pieces.filter(({ discontinuity }) => discontinuity).length).toBeGreaterThan(0);
  expect(out.codecs).toContain('mp4a');
  expect(out.frames).toBe(50);
  expect(out.rms(0.05, 0.35)).toBeCloseTo(TONE, 2);
  expect(out.rms(0.45, 1.95)).toBeLessThan(0.001);
});
