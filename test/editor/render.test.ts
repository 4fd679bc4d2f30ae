import { afterAll, beforeAll, expect, it } from 'vitest';
import { captions } from './drawing.ts';
import { expectColour, layer, openStudio, type Studio } from './studio.ts';

let studio: Studio;
let corners: string;

beforeAll(async () => {
  studio = await openStudio();
  const plain = (colour: string) => ['-f', 'lavfi', '-i', `color=${colour}:s=160x90:r=25:d=4`];
  corners = await studio.media(
    [
      ...['red', 'lime', 'blue', 'white'].flatMap(plain),
      ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=4'],
      ...[
        '-filter_complex',
        '[0][1]hstack[a];[2][3]hstack[b];[a][b]vstack,format=yuv420p[v]',
        '-map',
        '[v]',
        '-map',
        '4:a',
      ],
    ],
    { width: 320, height: 180 },
  );
}, 60_000);
afterAll(() => studio[Symbol.asyncDispose]());

it('lays an image on a video on the background, for as long as each is to be seen', async () => {
  const yellow = studio.image(['-f', 'lavfi', '-i', 'color=yellow:s=100x100'], { width: 100, height: 100 });
  const out = await studio.render({
    background: '#204060',
    durationMs: 2000,
    layers: [
      layer({ kind: 'video', assetId: corners, fromMs: 500, volume: 1 }),
      layer({ kind: 'image', assetId: yellow }, { startMs: 500, scale: 0.25, position: 'top_left', opacity: 0.5 }),
    ],
  });
  expect(out.pieces).toMatchObject([{ n: 0, startMs: 0, durationMs: 2000, discontinuity: false }]);
  expect(out).toMatchObject({ codecs: 'avc1.64000c,mp4a.40.2', frames: 50 });
  expect(out.files).toEqual(['000000.m4s', 'index.m3u8', 'init-0.mp4']);
  expectColour(out.pixel(0.48, 0.05, 0.05), [255, 0, 0]);
  expectColour(out.pixel(0.48, 0.9, 0.1), [0, 255, 0]);
  expectColour(out.pixel(0.96, 0.1, 0.9), [0, 0, 255]);
  expectColour(out.pixel(0.96, 0.9, 0.9), [255, 255, 255]);
  expectColour(out.pixel(0.52, 0.05, 0.05), [255, 128, 0]);
  expectColour(out.pixel(1.02, 0.05, 0.05), [144, 160, 48]);
  expectColour(out.pixel(1.02, 0.9, 0.9), [32, 64, 96]);
  expectColour(out.pixel(1.52, 0.05, 0.05), [32, 64, 96]);
  expect(out.rms(0, 0.9)).toBeCloseTo(0.125 / Math.SQRT2, 2);
  expect(out.rms(1.1, 2)).toBe(0);
  expect(out.progress.at(-1)).toBe(99);
});

it('draws many clips one stretch after the other, each in its place', async () => {
  const clips = [...Array(12).keys()].map((n) =>
    layer(
      { kind: 'video', assetId: corners, fromMs: 0, volume: 1 },
      { startMs: n * 200, durationMs: 160, scale: 2, position: n % 2 ? 'top_left' : 'bottom_right' },
    ),
  );
  const said = captions([{ text: '\u2588\u2588\u2588\u2588', startMs: 2200, endMs: 2400 }]);
  const out = await studio.render({ durationMs: 2400, layers: [...clips, layer(said, { durationMs: 2400 })] });
  expect(out.frames).toBe(60);
  expect(
    out.pieces.map(({ n, startMs, durationMs, discontinuity, initPath }) => [
      n,
      startMs,
      durationMs,
      discontinuity,
      initPath.slice(-10),
    ]),
  ).toEqual([
    [0, 0, 1800, false, 'init-0.mp4'],
    [1, 1800, 600, true, 'init-0.mp4'],
  ]);
  expect(out.files).toEqual(['000000.m4s', '000001.m4s', 'index.m3u8', 'init-0.mp4']);
  for (let n = 0; n < 12; n++) {
    expectColour(out.pixel(n * 0.2 + 0.04, 0.5, 0.5), n % 2 ? [255, 0, 0] : [255, 255, 255]);
    expectColour(out.pixel(n * 0.2 + 0.16, 0.5, 0.5), [0, 0, 0]);
  }
  expectColour(out.pixel(2.16, 0.5, 0.85), [0, 0, 0]);
  expectColour(out.pixel(2.28, 0.5, 0.85), [255, 255, 0]);
  expect(out.rms(1.82, 1.95)).toBeCloseTo(0.125 / Math.SQRT2, 2);
  expect(out.progress).toEqual([...out.progress].sort((a, b) => a - b));
});
