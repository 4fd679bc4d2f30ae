import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { assetThumbnail, cleanAssets, exportableRange } from '#assets';
import { decodeImage } from '#inference';
import { type Box, openBox, probe, T0 } from './box.ts';

const never = new AbortController().signal;
let box: Box;

beforeEach(async () => {
  box = await openBox();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await box[Symbol.asyncDispose]();
});

async function jobOf(assetId = 'm-1', name = 'Morning') {
  const range = await exportableRange(box.deps, box.stream.id, {});
  return box.job('export', { assetId, streamId: box.stream.id, ...range, name });
}

const exportAll = async (assetId?: string) => box.run(await jobOf(assetId));
const recorded = () => box.store.segments.inRange(box.stream.id, 0, Number.MAX_SAFE_INTEGER);
/** [start, discontinuity] of the pieces. */
const piecesOf = (id: string) =>
  box.store.assets.pieces(id).map(({ startMs, discontinuity }) => [startMs, discontinuity]);

/** As retention does with files whose rows the job has read already. */
function forget(...indexes: number[]): void {
  const rows = recorded().filter((_, i) => indexes.includes(i));
  for (const { path } of rows) unlinkSync(join(box.deps.mediaDir, path));
}

describe('an export', () => {
  it('is a folder of HLS that plays as long as was recorded, gaps left out, and takes no room', async () => {
    box.record(T0, 8);
    box.record(T0 + 60_000, 4);
    await exportAll();
    const asset = box.store.assets.get('m-1');
    expect(asset).toMatchObject({ kind: 'video', name: 'Morning', lengthMs: 12_000, width: 320, height: 240 });
    expect(asset?.origin).toEqual({ kind: 'export', streamId: box.stream.id, startMs: T0, endMs: T0 + 64_000 });
    expect(piecesOf('m-1')).toEqual([
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
    expect(await exportableRange(box.deps, box.stream.id, { startMs: T0 + 2500, endMs: T0 + 5000 })).toEqual({
      startMs: T0 + 2000,
      endMs: T0 + 6000,
    });
  });
});

describe('the job of an export', () => {
  it('leaves out what retention takes meanwhile, as it does a gap', async () => {
    box.record(T0, 8);
    let begun = false;
    await box.run(await jobOf(), never, () => {
      if (!begun) forget(2);
      begun = true;
    });
    expect(piecesOf('m-1')).toEqual([
      [0, false],
      [2000, false],
      [4000, true],
    ]);
    expect(box.store.assets.get('m-1')).toMatchObject({ lengthMs: 6000 });
    expect(box.store.assets.pieces('m-1').at(-1)).toMatchObject({ recordedMs: T0 + 6000 });
    const playlist = join(box.deps.assetsDir, 'm-1', 'index.m3u8');
    expect(probe(playlist).seconds).toBeCloseTo(6, 0);
    expect(box.assetFiles('m-1')).toEqual(
      ['000000.m4s', '000001.m4s', '000002.m4s', 'index.m3u8', 'init-0.mp4', 'thumb.jpg'].sort(),
    );
  });

  it('is refused when retention took all of it, and leaves nothing', async () => {
    box.record(T0, 4);
    const job = await jobOf();
    forget(0, 1);
    await expect(box.run(job)).rejects.toThrow('deleted before it could be exported');
    expect(readdirSync(box.deps.assetsDir)).toEqual([]);
  });

  it('stops when it is told to, leaves nothing, and does no harm to the recording when it begins again', async () => {
    box.record(T0, 6);
    const stop = new AbortController();
    const job = await jobOf();
    await expect(box.run(job, stop.signal, () => stop.abort(new Error('stopping')))).rejects.toThrow('stopping');
    expect(readdirSync(box.deps.assetsDir)).toEqual([]);
    await box.run(job);
    for (const { path, bytes } of recorded()) expect(statSync(join(box.deps.mediaDir, path)).size).toBe(bytes);
  });

  it('leaves nothing when it is cancelled in its last moment', async () => {
    box.record(T0, 4);
    const stop = new AbortController();
    const atItsEnd = (percentage: number) => percentage >= 95 && stop.abort(new Error('not wanted'));
    await expect(box.run(await jobOf(), stop.signal, atItsEnd)).rejects.toThrow('not wanted');
    expect(readdirSync(box.deps.assetsDir)).toEqual([]);
    expect(box.store.assets.get('m-1')).toBeUndefined();
  });

  it('begins again after a crash between folder and row', async () => {
    box.record(T0, 4);
    const job = await jobOf();
    await box.run(job);
    const files = box.assetFiles('m-1');
    box.store.assets.delete('m-1'); // The folder stays, as when the row was never written.
    await box.run(job);
    expect(box.assetFiles('m-1')).toEqual(files);
  });

  it('leaves no folder when its row can not be written', async () => {
    box.record(T0, 4);
    vi.spyOn(box.store.assets, 'create').mockImplementationOnce(() => {
      throw new Error('the disk is full');
    });
    await expect(exportAll()).rejects.toThrow('the disk is full');
    expect(readdirSync(box.deps.assetsDir)).toEqual([]);
  });

  it('makes audio of a recording without pictures', async () => {
    box.record(T0, 4, 'sound');
    await exportAll('a-1');
    expect(box.store.assets.get('a-1')).toMatchObject({ kind: 'audio', width: 0, lengthMs: 4000 });
    expect(box.store.assets.get('a-1')?.thumbPath).toBeUndefined();
    expect(probe(join(box.deps.assetsDir, 'a-1', 'index.m3u8')).codecs).toEqual(['aac']);
  });

  const other = otherFileSystem();
  it.skipIf(!other)('copies where files can have no second name, while there is room', async () => {
    box.record(T0, 4);
    const assetsDir = mkdtempSync(join(other ?? '', 'wp-assets-'));
    box.deps.assetsDir = assetsDir;
    try {
      await exportAll();
      const [row] = recorded();
      const copy = readFileSync(join(assetsDir, 'm-1', '000000.m4s'));
      expect(copy.equals(readFileSync(join(box.deps.mediaDir, row?.path ?? '')))).toBe(true);
      box.deps.reservePercent = 100;
      await expect(exportAll('m-2')).rejects.toThrow('there is no room for it');
      expect(readdirSync(assetsDir)).toEqual(['m-1']);
    } finally {
      rmSync(assetsDir, { recursive: true });
    }
  });
});

/** A directory on another one than the temporary files. */
function otherFileSystem(): string | undefined {
  const device = (path: string) => statSync(path, { throwIfNoEntry: false })?.dev;
  return ['/dev/shm', '/var/tmp', '/run'].find(
    (path) => device(path) !== undefined && device(path) !== device(tmpdir()),
  );
}

describe('what can not be exported', () => {
  it('is a running stream, an empty one, and more than a day', async () => {
    const range = () => exportableRange(box.deps, box.stream.id, {});
    await expect(range()).rejects.toThrow(/no recordings/);
    box.record(T0, 2);
    box.store.streams.update(box.stream.id, { wanted: 'connected' });
    await expect(range()).rejects.toThrow(/stop it first/);
    box.store.streams.update(box.stream.id, { wanted: 'stopped' });
    const [row] = box.store.segments.inRange(box.stream.id, T0, T0 + 1);
    if (!row) throw new Error('recorded');
    const longMs = 25 * 3_600_000;
    box.store.segments.add({ ...row, path: 'a/b.m4s', startMs: T0 + 10_000, endMs: T0 + longMs }, row.session);
    await expect(range()).rejects.toThrow(/1\.0 days long.*"start" and "end"/);
  });

  it('is a part in which nothing was recorded', async () => {
    box.record(T0, 4);
    box.record(T0 + 60_000, 4);
    const part = (startS: number | undefined, endS: number | undefined) => () =>
      exportableRange(box.deps, box.stream.id, {
        startMs: startS === undefined ? undefined : T0 + startS * 1000,
        endMs: endS === undefined ? undefined : T0 + endS * 1000,
      });
    const from = `the recordings are from ${T0 / 1000} to ${T0 / 1000 + 64}`;
    for (const range of [part(-100, 0), part(64, 100), part(10, 20), part(64, undefined), part(undefined, 0)]) {
      await expect(range()).rejects.toThrow(from);
    }
    await expect(part(4, 4)()).rejects.toThrow('end: must be later than "start"');
    expect(await part(3.5, 61)()).toEqual({ startMs: T0 + 2000, endMs: T0 + 62_000 });
  });
});

it('what a crash left is removed at the start, and nothing that is not ours', async () => {
  box.record(T0, 2);
  await exportAll();
  for (const name of ['m-2.part', 'm-3', 'a-4', 'img-5', 'lost+found']) mkdirSync(join(box.deps.assetsDir, name));
  await cleanAssets(box.deps);
  expect(readdirSync(box.deps.assetsDir).sort()).toEqual(['lost+found', 'm-1']);
});
