import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newId } from '#domain';
import { Spool } from '#hearing';
import { Supervisor, Transcriber } from '#pipeline';
import { Gate, Lifetime } from '#runtime';
import { openBox } from './box.ts';
import { standInEars, standInRecogniser, wordsOf } from './ears.ts';
import { talkingVideo } from './talking.ts';

const CAMERAS = 4;
const PER_STREAM = 200_000;
const TOTAL = 600_000;
const SEGMENTS = 14;

it('four cameras that talk too much for the recogniser are recorded without a gap', { timeout: 120_000 }, async () => {
  await using life = new Lifetime();
  const box = life.use(await openBox());
  const { store, deps } = box;
  const { clock, log } = deps;
  const mediaDir = join(deps.thumbsDir, '..', 'media');
  mkdirSync(mediaDir);
  const url = talkingVideo(mediaDir, 60);
  const transcription = { ...box.stream.transcription, wanted: true };
  store.streams.update(box.stream.id, { url, transcription });
  const others = Array.from({ length: CAMERAS - 1 }, () => ({
    ...box.stream,
    id: newId('stream'),
    url,
    transcription,
  }));
  for (const stream of others) store.streams.create(stream);
  const ids = [box.stream, ...others].map(({ id }) => id);

  const spool = await Spool.open({
    dir: join(mediaDir, '..', 'spool'),
    clock,
    log,
    recordGap: (gap) => store.transcripts.addGap(gap),
    isUrgent: () => false,
    room: async () => Number.POSITIVE_INFINITY,
    perStreamBytes: PER_STREAM,
    totalBytes: TOTAL,
  });
  let slowness = 2.5; // Ten times what four cameras leave.
  const slow = standInRecogniser(async (samples, signal) => {
    await clock.sleep((samples.length / 16) * slowness, signal);
    return wordsOf(samples);
  });
  const never = new AbortController().signal;
  const transcriber = life.use(await Transcriber.start({ store, spool, listening: slow, clock, log }, never));
  const camera = { mediaDir, segmentSeconds: 1, allowFile: true, spawnGate: new Gate(CAMERAS), clock };
  const listening = standInEars({ longestMs: 2000 });
  const supervisor = life.use(await Supervisor.start({ ...deps, camera, log, hearing: { listening, spool } }));

  const recorded = (id: string) => store.segments.inRange(id, 0, Number.MAX_SAFE_INTEGER);
  const most = { bytes: 0, lagMs: 0 };
  await box.when(() => {
    const { spoolBytes, lagMs } = transcriber.status();
    Object.assign(most, { bytes: Math.max(most.bytes, spoolBytes), lagMs: Math.max(most.lagMs, lagMs) });
    return ids.every((id) => recorded(id).length >= SEGMENTS);
  });
  expect(most.bytes).toBeLessThanOrEqual(TOTAL);
  expect(most.lagMs).toBeGreaterThan(3000);
  expect(transcriber.status().gaps).toBeGreaterThan(CAMERAS);
  for (const id of ids) {
    expect(store.segments.gaps(id, 0, Number.MAX_SAFE_INTEGER)).toEqual([]);
    expect(new Set(recorded(id).map(({ sessionId }) => sessionId)).size).toBe(1);
    expect(store.transcripts.gaps(id, 0, Number.MAX_SAFE_INTEGER).length).toBeGreaterThan(0);
  }
  expect(supervisor.status().every(({ phase, restarts }) => phase === 'recording' && restarts === 0)).toBe(true);

  slowness = 0;
  for (const id of ids) store.streams.update(id, { wanted: 'stopped' });
  supervisor.reconcile();
  for (const id of ids) await supervisor.stopped(id);
  await box.when(() => transcriber.status().waiting <= 1); // The last one's journal entry comes before its file goes.
  while (transcriber.status().waiting > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(transcriber.status()).toMatchObject({ lagMs: 0, waiting: 0, spoolBytes: 0 });
});
