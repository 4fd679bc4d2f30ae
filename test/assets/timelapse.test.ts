import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Box, openBox, probe, T0 } from './box.ts';

let box: Box;

beforeEach(async () => {
  box = await openBox();
});
afterEach(() => box[Symbol.asyncDispose]());

function jobOf(endMs: number, lengthS = 2) {
  const { id, collectionId } = box.stream;
  return box.job('timelapse', { streamId: id, startMs: T0, endMs, lengthS, collectionId, name: 'Yard' });
}
const uploads = () => readdirSync(box.deps.uploadsDir);

it('is a video of keyframes, a tenth of a second each, over gaps and changes of the picture', async () => {
  box.record(T0, 8);
  box.record(T0 + 24_000, 8, '640x360');
  const { assetId = '' } = await box.run(jobOf(T0 + 32_000));
  const asset = box.asset(assetId);
  expect(asset).toMatchObject({ kind: 'video', name: 'Yard', lengthMs: 800, width: 320, height: 240 });
  const report = probe(join(box.deps.assetsDir, assetId, 'index.m3u8'));
  expect(report.codecs).toEqual(['h264']);
  expect(report.seconds).toBeCloseTo(0.8, 1); // Twenty places: half of them lie in the gap, and eight segments elsewhere.
  expect(uploads()).toEqual([]);
  expect(box.progress).toEqual([...box.progress].sort((a, b) => a - b));
});

it('leaves out what was deleted meanwhile, and is refused when nothing is left', async () => {
  box.record(T0, 8);
  const rows = box.store.segments.inRange(box.stream.id, T0, T0 + 8000);
  const remove = (n: number) => rmSync(join(box.deps.mediaDir, rows[n]?.path ?? 'none'));
  remove(1);
  const { assetId = '' } = await box.run(jobOf(T0 + 8000));
  expect(box.asset(assetId).lengthMs).toBe(300);
  for (const n of [0, 2, 3]) remove(n);
  await expect(box.run(jobOf(T0 + 8000))).rejects.toMatchObject({ kind: 'refused' });
  expect(uploads()).toEqual([]);
});

it('ends at once when the box stops, and leaves nothing', async () => {
  box.record(T0, 6);
  const stop = new AbortController();
  const job = jobOf(T0 + 6000);
  await expect(box.run(job, stop.signal, () => stop.abort(new Error('stopping')))).rejects.toThrow('stopping');
  expect(uploads()).toEqual([]);
  expect(box.store.assets.get(job.id)).toBeUndefined();
  const { assetId = '' } = await box.run(job);
  expect(box.asset(assetId).kind).toBe('video');
});
