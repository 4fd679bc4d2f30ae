import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Frame, RecordingSession, Rule, Window } from '#domain';
import { Closer, type CloserLimits, denser, isNear } from '../../src/pipeline/closer.ts';
import { type Box, openBox, T0 } from './box.ts';

const never = new AbortController().signal;
let mediaDir: string;
let box: Box;
let clock: { nowMs(): number; monotonicMs(): number; sleep(): Promise<void>; elapsedMs: number };

/** Eight seconds in pieces of two: grey until the fourth second, then white. */
beforeAll(() => {
  mediaDir = mkdtempSync(join(tmpdir(), 'wp-closer-'));
  const picture = (colour: string) => ['-f', 'lavfi', '-i', `color=${colour}:size=320x240:rate=10:duration=4`];
  const hls = ['-f', 'hls', '-hls_time', '2', '-hls_segment_type', 'fmp4', '-hls_list_size', '0'];
  const options = ['-filter_complex', 'concat=n=2', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10'];
  const names = ['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', '%d.m4s', 'live.m3u8'];
  const input = [...picture('gray'), ...picture('white')];
  execFileSync('ffmpeg', ['-loglevel', 'error', ...input, ...options, ...hls, ...names], { cwd: mediaDir });
});
afterAll(() => rmSync(mediaDir, { recursive: true }));

beforeEach(async () => {
  box = await openBox();
  clock = {
    elapsedMs: 0,
    nowMs: () => T0,
    monotonicMs() {
      return this.elapsedMs;
    },
    sleep: () => Promise.reject(new Error('nothing here sleeps')),
  };
});
afterEach(() => box[Symbol.asyncDispose]());

/** Enters the pieces as the recorder does. */
function enter(...pieces: number[]): void {
  const streamId = box.stream.id;
  const sessionId = 'rec-0011223344556677';
  const initPath = 'init.mp4';
  const session: RecordingSession = { id: sessionId, streamId, startedMs: T0, initPath, width: 320, height: 240 };
  for (const n of pieces) {
    const times = { startMs: T0 + n * 2000, endMs: T0 + (n + 1) * 2000 };
    box.store.segments.add({ streamId, sessionId, ...times, path: `${n}.m4s`, bytes: 1 }, session);
  }
}

const closer = (limits: Partial<CloserLimits> = { waitMs: 20 }) =>
  new Closer({ store: box.store, mediaDir, clock, log: box.deps.log, limits: { decodeMs: 60_000, ...limits } });
const window = (startS: number, endS: number, frames: Frame[] = []): Window => ({
  streamId: box.stream.id,
  startMs: T0 + startS * 1000,
  endMs: T0 + endS * 1000,
  frames,
  zones: [],
});
const times = (frames: readonly Frame[]) => frames.map(({ atMs }) => atMs - T0);

describe('a closer look', () => {
  it('is five frames a second of the recording, at their own times, over more than one piece of it', async () => {
    enter(0, 1, 2, 3);
    const looker = closer();
    const frames = await looker.look(window(3, 5), never);
    expect(times(frames)).toEqual(Array.from({ length: 10 }, (_, n) => 3000 + n * 200));
    expect(frames.map(({ rgb }) => (rgb[0] ?? 0) > 200)).toEqual(times(frames).map((ms) => ms >= 4000));
    expect(frames[0]).toMatchObject({ width: 320, height: 240 });
    expect(looker.looks).toBe(1);
  });

  it('waits until the recorder has entered what it wrote', async () => {
    enter(0);
    const looking = closer({ waitMs: 60_000 }).look(window(1, 3), never);
    enter(1);
    expect(times(await looking)).toEqual(Array.from({ length: 10 }, (_, n) => 1000 + n * 200));
  });

  it('makes do with what there is in time, or with nothing', async () => {
    expect(await closer().look(window(0, 2), never)).toEqual([]);
    enter(0);
    expect(times(await closer().look(window(1, 9), never))).toEqual([1000, 1200, 1400, 1600, 1800]);
  });

  it('is had by each stream once in ten seconds', async () => {
    enter(0);
    const looker = closer();
    expect(await looker.look(window(0, 1), never)).toHaveLength(5);
    clock.elapsedMs = 9999;
    expect(await looker.look(window(1, 2), never)).toEqual([]);
    expect(await looker.look({ ...window(0, 1), streamId: 'rts-other' }, never)).toEqual([]);
    clock.elapsedMs = 10_000;
    expect(await looker.look(window(1, 2), never)).toHaveLength(5);
    expect(looker.looks).toBe(2);
  });

  it('is not taken where the next frame comes sooner than the recording', async () => {
    enter(0, 1);
    const frame: Frame = { atMs: T0 + 500, width: 320, height: 240, rgb: new Uint8Array(320 * 240 * 3), sceneScore: 0 };
    expect(await closer().look(window(0, 1, [frame]), never)).toEqual([]);
    expect(await closer().look(window(0, 4, [frame]), never)).toHaveLength(20);
  });

  it('is done without where the recording can not be read', async () => {
    enter(0, 7);
    expect(await closer().look(window(14, 16), never)).toEqual([]);
  });

  it('is given up when decoding takes too long', async () => {
    enter(0);
    const looker = closer({ waitMs: 20, decodeMs: 0 });
    expect(await looker.look(window(0, 1), never)).toEqual([]);
    expect(looker.looks).toBe(0);
  });

  it('covers long windows with no more than forty frames', async () => {
    enter(0, 1, 2, 3);
    expect((await closer().look(window(0, 8), never)).length).toBeLessThanOrEqual(40);
    const spread = await closer({ waitMs: 1 }).look(window(-24, 8), never);
    expect(times(spread)).toEqual(Array.from({ length: 10 }, (_, n) => n * 800));
  });

  it('ends when it is told to, while it waits too', async () => {
    const stop = new AbortController();
    const looking = closer({ waitMs: 60_000 }).look(window(0, 2), stop.signal);
    stop.abort(new Error('stopping'));
    await expect(looking).rejects.toThrow('stopping');
  });
});

describe('a rule', () => {
  const rule: Rule = {
    version: 2,
    subject: { kind: 'object', name: 'vehicle', labels: ['car', 'truck'] },
    relation: 'enters',
    needs: [],
    understood: '',
  };

  it('is near when what it is about may just have come', () => {
    expect(isNear([rule], ['truck'])).toBe(true);
    expect(isNear([rule], ['person'])).toBe(false);
    expect(isNear([{ ...rule, subject: { kind: 'motion' } }], ['truck'])).toBe(false);
    expect(isNear([], ['truck'])).toBe(false);
  });
});

describe('a denser window', () => {
  const frame = (atMs: number): Frame => ({
    atMs: T0 + atMs,
    width: 2,
    height: 2,
    rgb: new Uint8Array(12),
    sceneScore: 0,
  });

  it('has all frames in order, its own instead of those of the same moment', () => {
    const own = [frame(500), frame(1500)];
    const denserOne = denser(window(0, 2, own), [frame(0), frame(480), frame(1000), frame(1560)]);
    expect(times(denserOne.frames)).toEqual([0, 500, 1000, 1500]);
    expect(denserOne.frames[1]).toBe(own[0]);
    expect(denserOne).toMatchObject({ startMs: T0, endMs: T0 + 2000 });
  });

  it('has forty frames at most, spread evenly', () => {
    const many = Array.from({ length: 117 }, (_, n) => frame(n * 100));
    const { frames } = denser(window(0, 12, [frame(11_950)]), many);
    expect(frames).toHaveLength(40);
    expect(times(frames).slice(0, 3)).toEqual([0, 300, 600]);
    expect(times(frames).slice(-2)).toEqual([11_400, 11_950]);
  });
});
