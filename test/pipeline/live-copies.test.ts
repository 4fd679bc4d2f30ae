/** Cameras watched live: a real RTSP server, real ffmpegs; and what becomes of them when they hang, end or nobody looks. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CameraFacts } from '#domain';
import { LiveCopies, type LiveWindow, ViewRoom } from '#pipeline';
import { type Clock, createLog, systemClock } from '#runtime';
import { type RtspServer, startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { ffmpeg } from '../e2e/support/ffmpeg.ts';
import { processTable } from '../e2e/support/processes.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { aStream } from '../store/fixture.ts';

const FACTS: CameraFacts = { videoCodec: 'h264', width: 320, height: 240, fps: 25, transport: 'tcp' };
const never = new AbortController().signal;
const PATIENCE = { timeout: 30_000 };
let dir: Awaited<ReturnType<typeof tempDir>>;
let camera: RtspServer;

beforeAll(async () => {
  dir = await tempDir();
  const file = join(dir.path, 'camera.mp4');
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=25:d=120', '-c:v', 'libx264'];
  await ffmpeg(...picture, '-preset', 'ultrafast', '-g', '25', file);
  camera = await startRtspServer({ file, name: 'camera', user: 'me', password: 'canary' });
});
afterAll(async () => {
  await camera[Symbol.asyncDispose]();
  await dir[Symbol.asyncDispose]();
});

/** A clock that can be set ahead. */
function box() {
  const time = { aheadMs: 0 };
  const clock: Clock = {
    nowMs: () => systemClock.nowMs() + time.aheadMs,
    monotonicMs: () => systemClock.monotonicMs() + time.aheadMs,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
  };
  const copies = new LiveCopies(new ViewRoom(), clock, createLog('silent'));
  const watch = (url = camera.url, id = 'rts-1'): Promise<LiveWindow> =>
    copies.watch(aStream({ id, url }), 'whole', FACTS, never, (window) => window);
  return { time, copies, watch, [Symbol.asyncDispose]: () => copies[Symbol.asyncDispose]() };
}

/** Those that copy, of this process. */
async function copying(): Promise<number[]> {
  const table = await processTable();
  const ours = table.filter(
    ({ parent, argv, state }) => parent === process.pid && argv[0] === 'ffmpeg' && state !== 'Z',
  );
  return ours.filter(({ argv }) => argv.includes('-frag_duration')).map(({ pid }) => pid);
}

async function next(window: LiveWindow): Promise<void> {
  const { msn, part } = window.next;
  await window.until(msn, part, never);
}

describe('a camera that is watched live', () => {
  it('is copied once, however many watch it, and no more when nobody asks for it', async () => {
    await using live = box();
    const [one, two] = await Promise.all([live.watch(), live.watch()]);
    expect(one).toBe(two);
    expect(await copying()).toHaveLength(1);
    expect(one.segments[0]?.parts[0]?.isIndependent).toBe(true);
    await next(one);
    await next(one);
    live.time.aheadMs = 11_000;
    await expect.poll(copying, PATIENCE).toEqual([]);
    expect(live.copies.find(aStream({ id: 'rts-1', url: camera.url }), 'whole')).toBeUndefined();
  });

  it.each(['SIGKILL', 'SIGSTOP'] as const)('begins anew for who asks next when its ffmpeg gets %s', async (signal) => {
    await using live = box();
    const first = await live.watch();
    const [pid = 0] = await copying();
    process.kill(pid, signal);
    const wait = (window: LiveWindow) => window.until(window.next.msn + 1, 0, never);
    const asked = live.copies.watch(aStream({ id: 'rts-1', url: camera.url }), 'whole', FACTS, never, wait);
    const waiting = asked.catch((error: Error) => error.message);
    if (signal === 'SIGSTOP') live.time.aheadMs = 8000;
    expect(await waiting).toMatch(signal === 'SIGSTOP' ? /sent no picture for \d+ s/ : /ffmpeg ended/);
    live.time.aheadMs += 30_000; // Numbers of segments go by the time.
    const second = await live.watch();
    expect(second.run).toBeGreaterThan(first.segments.at(-1)?.msn ?? Infinity);
    await next(second);
    expect(await copying()).toHaveLength(1);
    expect(await copying()).not.toContain(pid);
  });

  it('that is not there is told as such, without its password', async () => {
    await using live = box();
    await expect(live.watch('rtsp://me:canary@127.0.0.1:9/none')).rejects.toThrow(/127\.0\.0\.1:9 refused/);
    const wrong = await live.watch(camera.url.replace('canary', 'canary-wrong')).catch((error: Error) => error.message);
    expect(wrong).toMatch(/rejected the user name or password/);
    expect(wrong).not.toContain('canary');
    expect(await copying()).toEqual([]);
  });

  it('with another address than before is connected to anew', async () => {
    await using live = box();
    const first = await live.watch();
    await expect(live.watch('rtsp://127.0.0.1:9/none')).rejects.toThrow(/refused/);
    await expect(first.until(first.next.msn + 1, 0, never)).rejects.toThrow(/another address/);
  });

  it('makes room for another when nobody asks for it any more, and is refused while all are watched', async () => {
    await using live = box();
    const first = await live.watch(camera.url, 'rts-0');
    const gone = (n: number) =>
      live.watch('rtsp://127.0.0.1:9/none', `rts-${n}`).catch((error: Error) => error.message);
    // None of them has ended before all are asked for: nothing is awaited.
    const waiting = Array.from({ length: 7 }, (_, n) => gone(n + 1));
    live.time.aheadMs = 5000; // Who takes whole segments asks once in each.
    const refused = gone(8);
    live.time.aheadMs = 8000;
    const instead = gone(9);
    expect(await refused).toMatch(/8 cameras are watched live/);
    expect(await instead).toMatch(/refused the connection/);
    await expect(first.until(first.next.msn + 1, 0, never)).rejects.toThrow(/another camera is watched instead/);
    await Promise.all(waiting);
  });
});
