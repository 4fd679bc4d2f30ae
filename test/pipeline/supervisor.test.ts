import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Spool } from '#hearing';
import { type Ears, Supervisor } from '#pipeline';
import { Gate } from '#runtime';
import { type Box, openBox } from './box.ts';
import { standInEars } from './ears.ts';
import { talkingVideo } from './talking.ts';

let box: Box;

beforeEach(async () => {
  box = await openBox();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await box[Symbol.asyncDispose]();
});

/** A keyframe a second, so that an index every two seconds needs nothing decoded but those. */
function video(dir: string, seconds: number): string {
  const file = join(dir, 'yard.mp4');
  const picture = `testsrc2=size=320x240:rate=10:duration=${seconds}`;
  const options = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-bf', '0'];
  execFileSync('ffmpeg', ['-loglevel', 'error', '-f', 'lavfi', '-i', picture, ...options, file]);
  return pathToFileURL(file).href;
}

it('indexes come and go while a camera is recorded, and the recording goes on', { timeout: 60_000 }, async () => {
  const { store, stream, deps } = box;
  const mediaDir = join(box.dir, 'media');
  mkdirSync(mediaDir);
  store.streams.update(stream.id, { url: video(mediaDir, 40) });
  const { clock, log } = deps;
  const camera = { mediaDir, segmentSeconds: 1, allowFile: true, spawnGate: new Gate(1), clock };
  await using supervisor = await Supervisor.start({ ...deps, camera, log });
  const recorded = () => store.segments.inRange(stream.id, 0, Number.MAX_SAFE_INTEGER);
  await box.when(() => recorded().length >= 1);

  const index = box.index();
  supervisor.reconcile();
  await box.when(() => box.scenes(index).length > 0);
  store.indexes.update(index.id, { status: 'stopped' });
  supervisor.reconcile();
  const [before, scenes] = [recorded().length, box.scenes(index)];
  await box.when(() => recorded().length >= before + 3);

  expect(box.scenes(index)).toEqual(scenes);
  expect(new Set(recorded().map(({ sessionId }) => sessionId)).size).toBe(1);
  expect(store.segments.gaps(stream.id, 0, Number.MAX_SAFE_INTEGER)).toEqual([]);
  expect(supervisor.status()).toMatchObject([{ phase: 'recording', restarts: 0, windowsDropped: 0 }]);
});

it('while the disk of the recordings is not mounted cameras wait, and go on by themselves when it is', {
  timeout: 60_000,
}, async () => {
  const { store, stream, deps, dir } = box;
  const [mediaDir, disk] = [join(dir, 'media'), join(dir, 'disk')];
  mkdirSync(mediaDir);
  store.streams.update(stream.id, { url: video(dir, 40) });
  const { clock, log } = deps;
  const camera = { mediaDir, segmentSeconds: 1, allowFile: true, spawnGate: new Gate(1), clock };
  const demandPlace = () => store.mediaPlace.demand(mediaDir);
  const recorded = () => store.segments.inRange(stream.id, 0, Number.MAX_SAFE_INTEGER).length;
  {
    await using _before = await Supervisor.start({ ...deps, camera, demandPlace, log });
    await box.when(() => recorded() >= 2);
  }
  const before = recorded();
  renameSync(mediaDir, disk);
  mkdirSync(mediaDir);
  await using supervisor = await Supervisor.start({ ...deps, camera, demandPlace, log });
  const lastError = () => supervisor.status()[0]?.lastError;
  await vi.waitFor(() => expect(lastError()).toMatch(/not mounted/), { timeout: 20_000 });
  expect([readdirSync(mediaDir), recorded()]).toEqual([[], before]);
  rmSync(mediaDir, { recursive: true });
  renameSync(disk, mediaDir);
  await box.when(() => recorded() > before);
  await vi.waitFor(() => expect(lastError()).toBeUndefined(), { timeout: 20_000 });
});

it('survives a database that can not be asked when a camera has been left', async () => {
  const { store, stream, deps } = box;
  store.streams.update(stream.id, { url: 'rtsp://127.0.0.1:1/nobody' });
  const { clock, log } = deps;
  const camera = {
    mediaDir: join(box.dir, 'media'),
    segmentSeconds: 1,
    allowFile: false,
    spawnGate: new Gate(1),
    clock,
  };
  const failed = new Promise<string | undefined>((resolve) => {
    vi.spyOn(log, 'error').mockImplementation((_about: unknown, text?: string) => resolve(text));
  });
  await using supervisor = await Supervisor.start({ ...deps, camera, log });
  vi.spyOn(store.streams, 'list')
    .mockReturnValueOnce({ results: [], count: 0 })
    .mockImplementationOnce(() => {
      throw new Error('the database failed');
    });
  supervisor.reconcile();
  expect(await failed).toBe('not looked whether it is wanted again');
  supervisor.reconcile();
  expect(supervisor.status()).toMatchObject([{ streamId: stream.id }]);
});

describe('a camera that hears', () => {
  async function listening(ears: Ears) {
    const { store, stream, deps } = box;
    const mediaDir = join(box.dir, 'media');
    mkdirSync(mediaDir);
    store.streams.update(stream.id, { url: talkingVideo(mediaDir, 40) });
    const { clock, log } = deps;
    const spool = await Spool.open({
      dir: join(mediaDir, '..', 'spool'),
      clock,
      log,
      recordGap: (gap) => store.transcripts.addGap(gap),
      isUrgent: () => false,
      room: async () => Number.POSITIVE_INFINITY,
    });
    const camera = { mediaDir, segmentSeconds: 1, allowFile: true, spawnGate: new Gate(1), clock };
    const supervisor = await Supervisor.start({ ...deps, camera, log, hearing: { listening: ears, spool } });
    return { store, stream, spool, supervisor };
  }
  const recorded = () => box.store.segments.inRange(box.stream.id, 0, Number.MAX_SAFE_INTEGER);
  const gaps = () => box.store.segments.gaps(box.stream.id, 0, Number.MAX_SAFE_INTEGER);

  it('is transcribed from when that is started until it is stopped', { timeout: 60_000 }, async () => {
    const { store, stream, spool, supervisor: started } = await listening(standInEars());
    await using supervisor = started;
    const wanted = (isWanted: boolean) => {
      const { transcription } = stream;
      store.streams.update(stream.id, { transcription: { ...transcription, wanted: isWanted } });
      supervisor.reconcile();
      return recorded().length;
    };
    // By the recording's own time; what is heard comes sooner than what is recorded, or on a busy machine a little later.
    await box.when(() => recorded().length >= 4);
    expect([spool.spoken(), spool.status().waiting]).toEqual([[], 0]);

    const from = wanted(true);
    await box.when(() => spool.spoken().length === 1 && recorded().length >= from + 3);
    const to = wanted(false);
    await box.when(() => spool.status().waiting === 1 && spool.spoken().length === 0 && recorded().length >= to + 4);
    const said = spool.take();
    expect(said?.startMs).toBeGreaterThan(recorded()[from - 3]?.endMs ?? Number.NaN);
    expect(said?.endMs).toBeLessThan(recorded()[to + 3]?.endMs ?? Number.NaN);
    expect(spool.status()).toMatchObject({ waiting: 1, gaps: 0 });
    expect(new Set(recorded().map(({ sessionId }) => sessionId)).size).toBe(1);
    expect(gaps()).toEqual([]);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('a bug'))],
    ['hangs', () => new Promise<never>(() => undefined)],
  ])(
    'is recorded as ever when hearing %s, and let go when it is no longer wanted',
    { timeout: 60_000 },
    async (_, fail) => {
      const { stream, store } = box;
      store.streams.update(stream.id, { transcription: { ...stream.transcription, wanted: true } });
      const { spool, supervisor: started } = await listening(standInEars({ sounds: fail }));
      const begin = vi.spyOn(spool, 'begin').mockImplementation(fail);
      await using supervisor = started;
      await box.when(() => recorded().length >= 6);
      expect(begin).toHaveBeenCalled();
      expect(supervisor.status()).toMatchObject([{ phase: 'recording', restarts: 0 }]);
      expect(gaps()).toEqual([]);
      store.streams.update(stream.id, { wanted: 'stopped' });
      supervisor.reconcile();
      await supervisor.stopped(stream.id);
      expect(supervisor.status()).toEqual([]);
    },
  );
});
