import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Supervisor } from '#pipeline';
import { type Clock, Gate, systemClock } from '#runtime';
import { ffmpegsOf } from '../e2e/support/processes.ts';
import { type Box, openBox } from './box.ts';

const HOUR_MS = 3_600_000;

let box: Box;

beforeEach(async () => {
  box = await openBox();
});
afterEach(async () => {
  await box[Symbol.asyncDispose]();
});

/** A clock that can be set ahead, or stopped. */
function adjustable() {
  const clock = { aheadMs: 0, stoppedMs: undefined as number | undefined };
  const monotonicMs = () => (clock.stoppedMs ?? systemClock.monotonicMs()) + clock.aheadMs;
  return Object.assign(clock, { ...systemClock, monotonicMs } satisfies Clock);
}

function record() {
  const { store, stream, deps, dir } = box;
  const mediaDir = join(dir, 'media');
  mkdirSync(mediaDir);
  const file = join(mediaDir, 'yard.mp4');
  const options = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-bf', '0'];
  const picture = 'testsrc2=size=320x240:rate=10:duration=300';
  execFileSync('ffmpeg', ['-loglevel', 'error', '-f', 'lavfi', '-i', picture, ...options, file]);
  store.streams.update(stream.id, { url: pathToFileURL(file).href });
  const [lives, cameras, gate] = [adjustable(), adjustable(), new Gate(1)];
  const camera = { mediaDir, segmentSeconds: 1, allowFile: true, spawnGate: gate, clock: cameras };
  const start = () => Supervisor.start({ ...deps, clock: lives, camera, log: deps.log });
  const recorded = () => store.segments.inRange(stream.id, 0, Number.MAX_SAFE_INTEGER).length;
  return { lives, cameras, gate, start, recorded };
}

it('a recorder hangs when segments have not come for minutes, whatever its own watchdog says, until they come again', async () => {
  const { lives, cameras, start, recorded } = record();
  await using supervisor = await start();
  await box.when(() => recorded() >= 1);
  expect(supervisor.hanging()).toEqual([]);

  const [ffmpeg] = await ffmpegsOf(process.pid);
  if (!ffmpeg) expect.fail('no ffmpeg');
  cameras.stoppedMs = cameras.monotonicMs(); // Its own watchdog never finds that it is late.
  process.kill(ffmpeg.pid, 'SIGSTOP');
  const before = recorded();
  lives.aheadMs = HOUR_MS;
  await expect.poll(() => supervisor.hanging()).toEqual(['Yard']);

  process.kill(ffmpeg.pid, 'SIGCONT');
  cameras.stoppedMs = undefined;
  await box.when(() => recorded() > before && supervisor.hanging().length === 0);
});

it('who waits for a turn to connect does not hang', async () => {
  const { lives, gate, start, recorded } = record();
  const turn = await gate.enter(new AbortController().signal);
  await using supervisor = await start();
  lives.aheadMs = HOUR_MS;
  expect(supervisor.hanging()).toEqual([]);
  turn[Symbol.dispose]();
  await box.when(() => recorded() >= 1);
  expect(supervisor.hanging()).toEqual([]);
});

it('a camera whose rows the database does not take is degraded until it does', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const { lives, start, recorded } = record();
    await using supervisor = await start();
    /** A minute and more of looks, within which a segment comes. */
    const degraded = () => {
      for (let look = 0; look < 8; look += 1) {
        lives.aheadMs += 10_000;
        vi.advanceTimersByTime(10_000);
      }
      return supervisor.status()[0]?.degraded.map(({ kind }) => kind);
    };
    await box.when(() => recorded() >= 1);
    expect(degraded()).toEqual([]);
    const add = vi.spyOn(box.store.segments, 'add').mockImplementation(() => {
      throw new Error('the database is full');
    });
    await expect.poll(degraded, { timeout: 30_000 }).toContain('recording');
    add.mockRestore();
    await expect.poll(degraded, { timeout: 30_000 }).not.toContain('recording');
  } finally {
    vi.useRealTimers();
  }
});
