import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Supervisor } from '#pipeline';
import { type Clock, Gate, systemClock } from '#runtime';
import { type Box, openBox } from './box.ts';

let box: Box;
let mediaDir: string;

beforeEach(async () => {
  box = await openBox();
  mediaDir = join(box.dir, 'media');
  mkdirSync(mediaDir);
});
afterEach(() => box[Symbol.asyncDispose]());

function made(name: string, ...args: string[]): string {
  const file = join(mediaDir, name);
  execFileSync('ffmpeg', ['-loglevel', 'error', ...args, file]);
  return pathToFileURL(file).href;
}

const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=60', '-c:a', 'aac'];

it.each([
  ['sound only', 'recording', sound],
  ['pictures', 'stalled', ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=10:duration=60', '-g', '10', '-bf', '0']],
])(
  'long segments: a stream of %s that has told nothing for 20 s is %s',
  { timeout: 90_000 },
  async (_what, phase, args) => {
    const { store, stream, deps } = box;
    store.streams.update(stream.id, { url: made('source.mkv', ...args) });
    let shiftMs = 0;
    const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + shiftMs };
    const camera = { mediaDir, segmentSeconds: 30, allowFile: true, spawnGate: new Gate(1), clock };
    await using supervisor = await Supervisor.start({ ...deps, clock, camera });
    await vi.waitFor(() => expect(supervisor.status()[0]?.phase).toBe('recording'), { timeout: 60_000, interval: 50 });
    shiftMs = 20_000;
    expect(supervisor.status()).toMatchObject([{ phase }]);
  },
);

it('an index of pictures asks nothing more of the camera, and no model', { timeout: 90_000 }, async () => {
  const { store, stream, deps, inference } = box;
  store.streams.update(stream.id, { url: made('source.mkv', ...sound) });
  const index = box.index();
  const camera = { mediaDir, segmentSeconds: 1, allowFile: true, spawnGate: new Gate(1), clock: deps.clock };
  await using supervisor = await Supervisor.start({ ...deps, camera });
  await box.when(() => store.segments.inRange(stream.id, 0, Number.MAX_SAFE_INTEGER).length >= 2);
  expect(supervisor.status()).toMatchObject([{ phase: 'recording', restarts: 0, framesSeen: 0, windowsDropped: 0 }]);
  expect(supervisor.status()[0]?.degraded).toEqual([]);
  expect(box.scenes(index)).toEqual([]);
  expect(inference.status()).toMatchObject({ queued: 0, dropped: 0 });
});
