import { cpSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '#domain';
import { layer, openStudio, type Studio } from './studio.ts';

const SIZE = { width: 160, height: 90 };

let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(() => studio[Symbol.asyncDispose]());

/** Three seconds, each of another green; a tone. */
const greens = (seconds = 3) =>
  studio.media(
    [
      ...[
        '-f',
        'lavfi',
        '-i',
        `color=black:s=160x90:r=25:d=${seconds},format=gbrp,geq=r=0:g='60+60*floor(T)':b=0,format=yuv420p`,
      ],
      ...['-f', 'lavfi', '-i', `sine=sample_rate=48000:duration=${seconds}`],
    ],
    SIZE,
  );
const clip = (assetId: string, durationMs = 3000) =>
  layer({ kind: 'video', assetId, fromMs: 0, volume: 1 }, { durationMs });
const green = (out: { pixel: (atS: number, x: number, y: number) => number[] }, atS: number) =>
  Math.round((out.pixel(atS, 0.5, 0.5)[1] ?? 0) / 60);

it('passes over a piece that is missing or cut off, and what follows stays in its place', async () => {
  for (const spoil of [(file: string) => rmSync(file), (file: string) => truncateSync(file, 500)]) {
    const id = await greens();
    spoil(join(studio.assetsDir, id, '000001.m4s'));
    const out = await studio.render({ durationMs: 3000, layers: [clip(id)] });
    expect([0.5, 2.1, 2.9].map((atS) => green(out, atS))).toEqual([1, 3, 3]);
    expect(out.rms(0.1, 0.8)).toBeGreaterThan(0.08);
    expect(out.rms(2.2, 2.9)).toBeGreaterThan(0.08);
    expect(out.frames).toBe(75);
  }
});

it('draws what is left of a timeline when nothing is left of one of its videos', async () => {
  const id = await greens(1);
  for (const name of readdirSync(join(studio.assetsDir, id))) rmSync(join(studio.assetsDir, id, name));
  const out = await studio.render({ background: '#ff0000', layers: [clip(id, 1000)] });
  expect(out.pixel(0.5, 0.5, 0.5)[0]).toBeGreaterThan(245);
});

it('is not disturbed when an asset is deleted meanwhile', async () => {
  const id = await greens();
  const layers = [
    clip(id),
    ...[...Array(5)].map(() =>
      layer({ kind: 'video', assetId: id, fromMs: 0, volume: 0 }, { scale: 0.2, filter: 'blur', durationMs: 3000 }),
    ),
  ];
  const out = await studio.render(
    { durationMs: 3000, layers },
    { onInputs: () => rmSync(join(studio.assetsDir, id), { recursive: true }) },
  );
  expect([0.5, 1.5, 2.5].map((atS) => Math.round((out.pixel(atS, 0.1, 0.1)[1] ?? 0) / 60))).toEqual([1, 2, 3]);
});

it('plays through gaps and changes of size, each stretch where it belongs', async () => {
  const [first, second] = [
    await greens(2),
    await studio.media(['-f', 'lavfi', '-i', 'color=red:s=64x64:r=10:d=2'], { width: 64, height: 64 }),
  ];
  const joined = newId('video');
  const parts = [first, second, first].map((id, part) => {
    cpSync(join(studio.assetsDir, id), join(studio.assetsDir, joined), {
      recursive: true,
      force: true,
      filter: (from) => !from.endsWith('.m3u8'),
    });
    for (const name of readdirSync(join(studio.assetsDir, id))) {
      cpSync(join(studio.assetsDir, id, name), join(studio.assetsDir, joined, `${part}-${name}`));
    }
    return studio.store.assets.pieces(id).map((piece) => ({ ...piece, part }));
  });
  const pieces = parts.flat().map(({ part, ...piece }, n) => ({
    ...piece,
    n,
    startMs: n * 1000,
    path: `${joined}/${part}-${piece.path.split('/')[1]}`,
    initPath: `${joined}/${part}-init-0.mp4`,
    discontinuity: n > 0 && n % 2 === 0,
  }));
  studio.enter(joined, 'video', SIZE, pieces);
  const out = await studio.render({ durationMs: 6000, layers: [{ ...clip(joined, 6000), fit: 'cover' }] });
  expect([0.5, 1.9, 4.1, 5.9].map((atS) => green(out, atS))).toEqual([1, 2, 1, 2]);
  for (const [x, y] of [
    [0.02, 0.02],
    [0.5, 0.5],
    [0.98, 0.98],
  ] as const) {
    expect(out.pixel(2.1, x, y)[0]).toBeGreaterThan(245);
    expect(out.pixel(3.9, x, y)[0]).toBeGreaterThan(245);
  }
  expect(out.rms(0.1, 1.9)).toBeGreaterThan(0.08);
  expect(out.rms(2.2, 3.8)).toBeLessThan(0.001);
  expect(out.rms(4.2, 5.9)).toBeGreaterThan(0.08);
  expect(out.frames).toBe(150);
});

it('ends at once when it is told to, and leaves nothing that it read', async () => {
  const id = await greens();
  const stop = new AbortController();
  const reason = new Error('not wanted any more');
  const rendering = studio.render(
    { width: 1280, height: 720, durationMs: 600_000, layers: [clip(id, 600_000)] },
    { signal: stop.signal, onInputs: () => setTimeout(() => stop.abort(reason), 300) },
  );
  await expect(rendering).rejects.toBe(reason);
  expect(studio.lastFolder()).not.toContain('inputs');
});

it('says which asset is gone', async () => {
  await expect(studio.render({ layers: [clip('m-gone')] })).rejects.toMatchObject({
    kind: 'refused',
    message: 'm-gone: was deleted before it could be rendered',
  });
});

it('says that an image can not be read', async () => {
  const id = studio.image(['-f', 'lavfi', '-i', 'color=red:s=64x64'], { width: 64, height: 64 });
  truncateSync(join(studio.assetsDir, id, 'image.png'), 20);
  await expect(studio.render({ layers: [layer({ kind: 'image', assetId: id })] })).rejects.toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('may be damaged'),
  });
});
