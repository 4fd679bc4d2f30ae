/** What a live copy gives, as parts and segments: by the rules of low-latency HLS, in bounded memory, and waited for. */
import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { TimedFragment } from '#camera';
import { Fault } from '#runtime';
import { type LiveSegment, LiveWindow } from '../../src/pipeline/live-window.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const RUN = NOW / 1000;
const never = new AbortController().signal;
setMaxListeners(0, never);

interface Camera {
  fps?: number;
  keyframeEvery?: number;
  bytes?: number;
}

function* pictures(count: number, { fps = 25, keyframeEvery = 50, bytes = 10 }: Camera = {}, from = 0) {
  for (let n = from; n < from + count; n++) {
    const times = { startS: n / fps, durationS: 1 / fps, isKeyframe: n % keyframeEvery === 0 };
    yield { data: Buffer.alloc(bytes, n), pictures: times, atMs: () => NOW + (n / fps) * 1000 } satisfies TimedFragment;
  }
}

function windowOf(count: number, camera: Camera = {}): LiveWindow {
  const window = new LiveWindow(RUN);
  for (const picture of pictures(count, camera)) window.add(picture);
  return window;
}

const length = (segments: readonly LiveSegment[]) => segments.reduce((total, { durationS }) => total + durationS, 0);

describe('parts and segments', () => {
  it.each([
    { fps: 25, keyframeEvery: 50 },
    { fps: 30, keyframeEvery: 30 },
    { fps: 12.5, keyframeEvery: 25 },
    { fps: 7, keyframeEvery: 14 },
    { fps: 1, keyframeEvery: 2 },
    { fps: 50, keyframeEvery: 1 },
  ])('keep to their targets at $fps pictures a second with a keyframe every $keyframeEvery', (camera) => {
    const { segments, partTargetS, segmentTargetS, run } = windowOf(camera.fps * 60, camera);
    expect(segments.length).toBeGreaterThan(2);
    for (const [n, segment] of segments.entries()) {
      expect(Math.round(segment.durationS)).toBeLessThanOrEqual(segmentTargetS);
      expect(segment.msn).toBe((segments[0]?.msn ?? run) + n);
      expect(segment.parts[0]?.isIndependent).toBe(true);
      for (const { durationS } of segment.parts) expect(durationS).toBeLessThanOrEqual(partTargetS);
      // All but the last are at least so long, as the protocol wants.
      for (const { durationS } of segment.parts.slice(0, -1)) {
        expect(durationS / partTargetS).toBeGreaterThanOrEqual(0.85);
      }
      if (segment.data) expect(Buffer.concat(segment.parts.map(({ data }) => data)).equals(segment.data)).toBe(true);
    }
    expect(length(segments.filter(({ data }) => data))).toBeGreaterThanOrEqual(3 * segmentTargetS);
  });

  it('begin at the times of their first pictures', () => {
    const { segments } = windowOf(150);
    expect(segments.map(({ startMs }) => startMs - NOW)).toEqual([0, 2000, 4000]);
  });

  it('end without a keyframe where these come too rarely, and begin with one again when it has come', () => {
    const { segments } = windowOf(25 * 13, { keyframeEvery: 150 });
    expect(segments.map(({ parts }) => parts[0]?.isIndependent)).toEqual([true, false, true, false, true]);
    for (const { durationS } of segments) expect(Math.round(durationS)).toBeLessThanOrEqual(4);
  });

  it('hold what comes with sound alone, in its place', () => {
    const window = windowOf(30);
    window.add({ data: Buffer.from('sound'), atMs: () => NOW });
    for (const picture of pictures(30, {}, 30)) window.add(picture);
    const all = Buffer.concat(window.segments.flatMap(({ parts }) => parts.map(({ data }) => data)));
    expect(all.subarray(300, 305).toString()).toBe('sound');
  });

  it('get no part that is too long when a camera pauses: the target grows with it', () => {
    const window = windowOf(60);
    const [last] = pictures(1, {}, 60);
    if (last?.pictures) window.add({ ...last, pictures: { ...last.pictures, durationS: 1 } });
    for (const picture of pictures(50, {}, 86)) window.add(picture);
    expect(window.partTargetS).toBeCloseTo(1, 1);
  });
});

describe('memory', () => {
  it('is bounded also where pictures come at one time, and make no second', () => {
    const window = new LiveWindow(RUN);
    const [picture] = pictures(1, { bytes: 1_000_000 });
    for (let n = 0; picture?.pictures && n < 40; n++) {
      window.add({ ...picture, pictures: { ...picture.pictures, durationS: 1 / 90_000 } });
    }
    expect(window.segments.length).toBeGreaterThan(0);
    const held = window.segments.flatMap(({ parts }) => parts).reduce((bytes, { data }) => bytes + data.length, 0);
    expect(held).toBeLessThan(30_000_000);
  });

  it('holds some seconds and no more', () => {
    const { segments } = windowOf(25 * 300);
    expect(length(segments)).toBeLessThan(18);
  });

  it.each([{ bytes: 100_000 }, { bytes: 2_000_000, keyframeEvery: 1000 }])('is bounded whatever is sent', (camera) => {
    const { segments } = windowOf(camera.bytes > 1_000_000 ? 60 : 400, camera);
    const held = segments.flatMap(({ parts }) => parts).reduce((bytes, { data }) => bytes + data.length, 0);
    expect(held).toBeLessThan(30_000_000);
  });
});

describe('who waits', () => {
  const isSettled = async (promise: Promise<unknown>) => {
    const pending = Symbol('pending');
    const first = await Promise.race([
      promise.catch(() => undefined),
      new Promise((done) => setImmediate(done, pending)),
    ]);
    return first !== pending;
  };

  it('for the first part gets it when there is something to play, and not before', async () => {
    const window = windowOf(50);
    const ready = window.ready(never);
    expect(await isSettled(ready)).toBe(false);
    for (const picture of pictures(1, {}, 50)) window.add(picture); // A keyframe.
    await ready;
    expect(window.segments).toHaveLength(1);
  });

  it('for a part gets it when it is complete, and not before', async () => {
    const window = windowOf(32); // Parts of eight pictures.
    const { msn, part } = window.next;
    expect([msn, part]).toEqual([RUN, 4]);
    const asked = window.until(msn, part, never);
    for (const picture of pictures(7, {}, 32)) window.add(picture);
    expect(await isSettled(asked)).toBe(false);
    for (const picture of pictures(1, {}, 39)) window.add(picture);
    await asked;
    expect(window.next.part).toBe(5);
    await window.until(msn, 0, never); // What is there needs no waiting.
  });

  it('for a segment gets it when that is complete', async () => {
    const window = windowOf(32);
    const asked = window.until(RUN, undefined, never);
    for (const picture of pictures(18, {}, 32)) window.add(picture); // Up to the last before the keyframe.
    expect(await isSettled(asked)).toBe(false);
    for (const picture of pictures(1, {}, 50)) window.add(picture);
    await asked;
  });

  it('for a part that a segment did not get waits for the first of the next', async () => {
    const window = windowOf(50);
    const asked = window.until(RUN, 7, never); // It has seven: 0 to 6.
    for (const picture of pictures(7, {}, 50)) window.add(picture);
    expect(window.segments[0]?.parts).toHaveLength(7);
    expect(await isSettled(asked)).toBe(false);
    for (const picture of pictures(1, {}, 57)) window.add(picture);
    await asked;
    expect(window.next).toEqual({ msn: RUN + 1, part: 1 });
  });

  it('for what lies too far ahead is refused', async () => {
    await expect(windowOf(30).until(RUN + 2, 0, never)).rejects.toThrow(/too far ahead/);
  });

  it('is told why, when the camera ends', async () => {
    const window = windowOf(30);
    const asked = window.until(RUN + 1, 0, never);
    window.end(new Fault('unavailable', 'the camera has gone'));
    await expect(asked).rejects.toThrow('the camera has gone');
    await expect(window.until(RUN + 1, 0, never)).rejects.toThrow('the camera has gone');
  });

  it('is let go when the player has gone', async () => {
    const gone = new AbortController();
    const asked = windowOf(30).until(RUN + 1, 0, gone.signal);
    gone.abort();
    await expect(asked).rejects.toThrow(/nothing new/);
  });

  it('is one of not too many', async () => {
    const window = windowOf(30);
    const asked = Array.from({ length: 64 }, () => window.until(RUN + 1, 0, never));
    await expect(window.until(RUN + 1, 0, never)).rejects.toThrow(/too many wait/);
    window.end(new Fault('unavailable', 'enough'));
    await Promise.allSettled(asked);
  });
});
