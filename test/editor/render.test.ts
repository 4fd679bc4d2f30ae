import { afterAll, beforeAll, expect, it } from 'vitest';
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
