/** A camera that keeps only what moves: really recorded and really looked at; the minutes until it is decided are not waited for. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RECORD_ALL } from '#domain';
import { Supervisor } from '#pipeline';
import { Gate } from '#runtime';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { openBox } from '../pipeline/box.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';

const MINUTES_MS = 600_000;
/** From the second such stretch on, something passes in its first half. */
const EVERY_S = 16;

test('what moves stays with the seconds around it, the rest goes from the disk, and the next minutes are recorded', async () => {
  await using box = await openBox();
  const { store, stream, deps } = box;
  const root = join(deps.thumbsDir, '..');
  const dirs = { mediaDir: join(root, 'media'), thumbsDir: deps.thumbsDir, assetsDir: join(root, 'assets') };
  await using server = await startRtspServer({ file: await passingBlock(120, EVERY_S), name: 'yard' });
  const recording = { ...RECORD_ALL, mode: 'motion' as const, preMs: 1000, postMs: 1000 };
  store.streams.update(stream.id, { url: server.url, recording });
  box.index({ type: 'time', seconds: 1, frameCount: 1 });
  const options = { mediaDir: dirs.mediaDir, segmentSeconds: 1, allowFile: false, spawnGate: new Gate(1) };
  const camera = { ...options, clock: deps.clock };
  await using supervisor = await Supervisor.start({ ...deps, camera });
  const rows = () => store.segments.inRange(stream.id, 0, Number.MAX_SAFE_INTEGER);
  const scenes = () =>
    store.indexes.listByStream(stream.id).flatMap(({ id }) => store.scenes.page(id, { page: 1, pageSize: 100 }).scenes);
  const moves = () => scenes().filter(({ facts }) => (facts?.motion.regions.length ?? 0) > 0);
  const passed = await until(
    'something has passed, and gone',
    () => {
      const last = moves().at(0);
      return last && Math.max(...scenes().map(({ endMs }) => endMs)) > last.endMs + 5000 ? last : undefined;
    },
    120_000,
  );
  const before = rows();
  const now = () => store.streams.get(stream.id);
  for (let one = now(); one && store.sifting.sift(one, Date.now() + MINUTES_MS); ) one = now();

  const kept = rows();
  const around = kept.filter(({ startMs, endMs }) => startMs < passed.endMs && endMs > passed.startMs);
  expect(around.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(before.length - 5);
  const still = kept.filter(({ startMs, endMs }) =>
    moves().every((scene) => endMs <= scene.startMs - recording.preMs || startMs >= scene.endMs + recording.postMs),
  );
  const looked = Math.max(...scenes().map(({ endMs }) => endMs));
  // What nobody has looked at yet, or not at the first pictures, stays.
  expect(still.filter(({ endMs }) => endMs < looked - 3000).length).toBeLessThanOrEqual(3);
  const gaps = store.segments.gaps(stream.id, 0, Number.MAX_SAFE_INTEGER);
  expect(gaps).toContainEqual(expect.objectContaining({ reason: 'nothing moved', unwanted: true }));

  await store.retention.enforce({ ...dirs, reservePercent: 1, signal: new AbortController().signal });
  const onDisk = (await readdir(dirs.mediaDir, { recursive: true })).filter((path) => /\d+-\d+\.m4s$/.test(path));
  expect(onDisk.toSorted()).toEqual(expect.arrayContaining(kept.map(({ path }) => path).toSorted()));
  const gone = before.filter(({ path }) => !kept.some((row) => row.path === path));
  expect(gone.filter(({ path }) => existsSync(join(dirs.mediaDir, path)))).toEqual([]);
  await until('it is recorded on', () => rows().length > kept.length);
  expect(supervisor.status()).toMatchObject([{ phase: 'recording', restarts: 0 }]);
});
