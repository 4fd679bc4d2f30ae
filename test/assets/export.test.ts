import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assetThumbnail, cleanAssets, exportableRange } from '#assets';
import { decodeImage } from '#inference';
import { type Box, openBox, probe, T0 } from './box.ts';

const never = new AbortController().signal;
let box: Box;

beforeEach(async () => {
  box = await openBox();
});
afterEach(() => box[Symbol.asyncDispose]());

async function exportAll(assetId = 'm-1', name = 'Morning'): Promise<void> {
  const range = exportableRange(box.deps, box.stream.id, {});
  await box.run(box.job('export', { assetId, streamId: box.stream.id, ...range, name }));
}

describe('an export', () => {
  it('is a folder of HLS that plays as long as was recorded, gaps left out, and takes no room', async () => {
    box.record(T0, 8);
    box.record(T0 + 60_000, 4);
    await exportAll();
    const asset = box.store.assets.get('m-1');
    expect(asset).toMatchObject({ kind: 'video', name: 'Morning', lengthMs: 12_000, width: 320, height: 240 });
    expect(asset?.origin).toEqual({ kind: 'export', streamId: box.stream.id, startMs: T0, endMs: T0 + 64_000 });
    const pieces = box.store.assets.pieces('m-1');
    expect(pieces.map(({ startMs, discontinuity }) => [startMs, discontinuity])).toEqual([
      [0, false],
      [2000, false],
      [4000, false],
      [6000, false],
      [8000, true],
      [10_000, false],
    ]);
    const folder = join(box.deps.assetsDir, 'm-1');
    expect(probe(join(folder, 'index.m3u8')).seconds).toBeCloseTo(12, 0);
    expect(probe(join(folder, 'index.m3u8')).codecs.slice(0, 2).sort()).toEqual(['aac', 'h264']);
    expect(statSync(join(folder, '000000.m4s')).nlink).toBe(2);
    expect(existsSync(join(box.deps.assetsDir, asset?.thumbPath ?? 'none'))).toBe(true);
    expect(box.progress.at(-1)).toBe(95);
  });

  it('outlives the recording, and goes with its folder when it is deleted', async () => {
    box.record(T0, 4);
    await exportAll();
    box.store.streams.delete(box.stream.id);
    const { mediaDir, assetsDir } = box.deps;
    const clean = () =>
      box.store.retention.enforce({
        mediaDir,
        thumbsDir: join(box.dir, 'thumbs'),
        assetsDir,
        reservePercent: 0,
        signal: never,
      });
    await clean();
    expect(existsSync(join(mediaDir, box.stream.id))).toBe(false);
    expect(probe(join(assetsDir, 'm-1', 'index.m3u8')).seconds).toBeCloseTo(4, 0);
    box.store.assets.delete('m-1');
    await clean();
    expect(existsSync(join(assetsDir, 'm-1'))).toBe(false);
  });

  it('gives a picture of any time', async () => {
    box.record(T0, 6);
    await exportAll();
    const asset = box.store.assets.get('m-1');
    if (!asset) throw new Error('exported');
    for (const atMs of [0, 3500, 99_999]) {
      const jpeg = await assetThumbnail(box.deps, asset, atMs, never);
      expect(await decodeImage(jpeg, 0)).toMatchObject({ width: 320, height: 240 });
    }
  });

  it('is made once, however often its job runs', async () => {
    box.record(T0, 4);
    const job = box.job('export', {
      assetId: 'm-1',
      streamId: box.stream.id,
      startMs: T0,
      endMs: T0 + 4000,
      name: 'x',
    });
    mkdirSync(join(box.deps.assetsDir, 'm-1.part')); // As a crash leaves it.
    await box.run(job);
    await box.run(job);
    expect(box.store.assets.list()).toHaveLength(1);
    expect(box.store.assets.findExport(box.stream.id, T0, T0 + 4000)?.id).toBe('m-1');
  });

  it('takes the part that was asked for', async () => {
    box.record(T0, 8);
    expect(exportableRange(box.deps, box.stream.id, { startMs: T0 + 2500, endMs: T0 + 5000 })).toEqual({
      startMs: T0 + 2000,
      endMs: T0 + 6000,
    });
  });
});

describe('what can not be exported', () => {
  it('is a running stream, an empty one, and more than a day', async () => {
    const range = () => exportableRange(box.deps, box.stream.id, {});
    expect(range).toThrow(/no recordings/);
    box.record(T0, 2);
    box.store.streams.update(box.stream.id, { wanted: 'connected' });
    expect(range).toThrow(/stop it first/);
    box.store.streams.update(box.stream.id, { wanted: 'stopped' });
    const [row] = box.store.segments.inRange(box.stream.id, T0, T0 + 1);
    if (!row) throw new Error('recorded');
    const longMs = 25 * 3_600_000;
    box.store.segments.add({ ...row, path: 'a/b.m4s', startMs: T0 + 10_000, endMs: T0 + longMs }, row.session);
    expect(range).toThrow(/1\.0 days long.*"start" and "end"/);
  });
});

it('what a crash left is removed at the start', async () => {
  box.record(T0, 2);
  await exportAll();
  for (const name of ['m-2.part', 'm-3']) mkdirSync(join(box.deps.assetsDir, name));
  await cleanAssets(box.deps);
  expect(existsSync(join(box.deps.assetsDir, 'm-1'))).toBe(true);
  expect(['m-2.part', 'm-3'].some((name) => existsSync(join(box.deps.assetsDir, name)))).toBe(false);
});
