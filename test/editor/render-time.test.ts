import { afterAll, beforeAll, expect, it } from 'vitest';
import { layer, openStudio, type Studio } from './studio.ts';

const CLOCK = { width: 320, height: 36 };
/** Where the bar of the clock's frame n is, as a share of the picture. */
const place = (n: number) => (3 * n + 1.5) / CLOCK.width;

let studio: Studio;
let clock: string;

/** A bar that moves three pixels with each of a hundred frames; a tone from the second second on. */
beforeAll(async () => {
  studio = await openStudio();
  const bar = "geq=r='255*between(X,3*N,3*N+2)':g='255*between(X,3*N,3*N+2)':b='255*between(X,3*N,3*N+2)'";
  clock = await studio.media(
    [
      ...['-f', 'lavfi', '-i', `color=black:s=320x36:r=25:d=4,format=gbrp,${bar},format=yuv420p`],
      ...['-f', 'lavfi', '-i', "aevalsrc='gte(t,2)*0.5*sin(2*PI*500*t)':s=48000:d=4"],
    ],
    CLOCK,
  );
}, 60_000);
afterAll(() => studio[Symbol.asyncDispose]());

type Output = Awaited<ReturnType<Studio['render']>>;

/** The number of the clock's frame that is seen; undefined when none is. */
function frameSeen(out: Output, atS: number): number | undefined {
  const light = (n: number) => out.pixel(atS, place(n), 0.5)[1] ?? 0;
  const brightest = [...Array(100).keys()].reduce((best, n) => (light(n) > light(best) ? n : best), 0);
  return light(brightest) > 100 ? brightest : undefined;
}

it.each([
  [0, 0],
  [40, 1],
  [500, 12], // That frame is seen until 520.
  [1000, 25],
  [1480, 37],
  [2600, 65],
  [2840, 71],
])(
  'a clip from %i ms on begins with that frame and goes on frame by frame, its sound with it',
  async (fromMs, frame) => {
    const clip = layer({ kind: 'video', assetId: clock, fromMs, volume: 1 });
    const out = await studio.render({ ...CLOCK, layers: [clip] });
    expect(out.frames).toBe(25);
    expect([0, 1, 13, 24].map((n) => frameSeen(out, n / 25))).toEqual([0, 1, 13, 24].map((n) => frame + n));
    const toneS = 2 - fromMs / 1000;
    if (toneS >= 0.1 && toneS < 0.9) expect(out.rms(toneS - 0.1, toneS - 0.01)).toBeLessThan(0.001);
    if (toneS < 0.9) expect(out.rms(Math.max(0, toneS + 0.01), 0.95)).toBeCloseTo(0.5 / Math.SQRT2, 2);
  },
);

it('puts a clip where it begins on the timeline, to the frame and to the sample, and ends it there', async () => {
  const clip = layer({ kind: 'video', assetId: clock, fromMs: 2000, volume: 1 }, { startMs: 520, durationMs: 1000 });
  const out = await studio.render({ ...CLOCK, durationMs: 2040, layers: [clip] });
  expect(out.frames).toBe(51);
  const seen = [0, 12, 13, 14, 37, 38, 50].map((n) => frameSeen(out, n / 25));
  expect(seen).toEqual([undefined, undefined, 50, 51, 74, undefined, undefined]);
  expect(out.rms(0, 0.51)).toBeLessThan(0.001);
  expect(out.rms(0.53, 1.51)).toBeCloseTo(0.5 / Math.SQRT2, 2);
  expect(out.rms(1.53, 2)).toBeLessThan(0.001);
});

it('shows and plays nothing where a clip is longer than its asset', async () => {
  const clip = layer({ kind: 'video', assetId: clock, fromMs: 3600, volume: 1 }, { durationMs: 2000 });
  const out = await studio.render({ ...CLOCK, durationMs: 2000, background: '#0000ff', layers: [clip] });
  expect([0, 9, 11, 49].map((n) => frameSeen(out, n / 25))).toEqual([90, 99, undefined, undefined]);
  expect(out.pixel(1, 0.5, 0.5)[2]).toBeGreaterThan(245);
  expect(out.rms(0.5, 2)).toBeLessThan(0.001);
  expect(out.frames).toBe(50);
});

it('cuts what reaches beyond the end', async () => {
  const clip = layer({ kind: 'video', assetId: clock, fromMs: 0, volume: 1 }, { startMs: 600, durationMs: 4000 });
  const out = await studio.render({ ...CLOCK, durationMs: 1000, layers: [clip] });
  expect(out.frames).toBe(25);
  expect(frameSeen(out, 0.96)).toBe(9);
});

it.each([10, 15, 29.97, 30])('keeps a constant rate of %d pictures a second', async (fps) => {
  const clip = layer({ kind: 'video', assetId: clock, fromMs: 0, volume: 0 }, { durationMs: 2000 });
  const out = await studio.render({ ...CLOCK, fps, durationMs: 2000, layers: [clip] });
  expect(out.frames).toBe(Math.round(2 * fps));
  const lengthMs = out.pieces.reduce((sum, { durationMs }) => sum + durationMs, 0);
  expect(Math.abs(lengthMs - (out.frames / fps) * 1000)).toBeLessThan(2);
  const at = Math.floor(fps); // The last frame until then.
  expect(frameSeen(out, (at + 0.01) / fps)).toBe(Math.floor((at / fps) * 25 + 0.01));
});
