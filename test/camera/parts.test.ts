import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkSourceUrl, recoverSegments } from '#camera';
import type { Clock } from '#runtime';
import { readFrames } from '../../src/camera/frame-reader.ts';
import { codecsOf, segmentTimes } from '../../src/camera/mp4.ts';
import { frameSize, planFor, samePlan } from '../../src/camera/plan.ts';
import { Complaints } from '../../src/camera/reason.ts';
import { StreamClock } from '../../src/camera/stream-clock.ts';

function box(type: string, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

function sidx(timescale: number, earliest: number, durations: number[]): Buffer {
  const head = Buffer.alloc(32);
  head.writeUInt8(1);
  head.writeUInt32BE(1, 4);
  head.writeUInt32BE(timescale, 8);
  head.writeBigUInt64BE(BigInt(earliest), 12);
  head.writeUInt16BE(durations.length, 30);
  const references = durations.map((duration) => {
    const reference = Buffer.alloc(12);
    reference.writeUInt32BE(duration, 4);
    return reference;
  });
  return box('sidx', head, ...references);
}

describe('checkSourceUrl', () => {
  it.each(['rtsp://h/1', 'rtsps://u:p%40@h:322/1?x=1', 'rtmp://h/a/b', 'http://h/x.m3u8', 'https://h/x.mp4'])(
    'takes %s',
    (url) => expect(checkSourceUrl(url, { allowFile: false }).place).toBe(`the camera at ${new URL(url).host}`),
  );
  it.each([
    ['file:///etc/passwd', /allowFile/],
    ['concat:/a|/b', /url has/],
    ['pipe:0', /must begin with one of rtsp:/],
    ['-i x', /url has a space/],
    ['rtsp://h/a b', /url has a space/],
    ['subfile,,start,0,end,9,,:/etc/passwd', /must begin/],
    ['RTSP+file://h', /must begin/],
    ['rtsp://', /url/],
    ['', /must begin/],
  ])('refuses %s', (url, message) => expect(() => checkSourceUrl(url, { allowFile: false })).toThrow(message));
  it('takes a file only where files are allowed, and only a local one', () => {
    expect(checkSourceUrl('file:///a.mp4', { allowFile: true }).place).toBe('the file');
    expect(() => checkSourceUrl('file://host/a.mp4', { allowFile: true })).toThrow(/another host/);
  });
});

describe('plan', () => {
  it('takes keyframes while they suffice, or while nothing is known of them', () => {
    expect(planFor({ everyMs: 2000 }, 2.1, false).mode).toBe('keyframes');
    expect(planFor({ everyMs: 500 }, undefined, false).mode).toBe('keyframes');
    expect(planFor({ everyMs: Number.POSITIVE_INFINITY }, 30, false).mode).toBe('keyframes');
    expect(planFor({ everyMs: 500 }, 2, false)).toEqual({ mode: 'decode', everyMs: 500 });
    expect(planFor({ everyMs: 1 }, 2, false)).toEqual({ mode: 'decode', everyMs: 100 });
    expect(planFor({ everyMs: Number.POSITIVE_INFINITY }, 1, true)).toEqual({ mode: 'decode', everyMs: 2500 });
  });
  it('takes larger frames where somebody looks for what is small', () => {
    expect(planFor({ everyMs: 2000, fine: true }, 1, false)).toEqual({ mode: 'keyframes', fine: true });
    expect(frameSize({ width: 3840, height: 2160 }, true)).toEqual({ width: 1280, height: 720 });
    expect(frameSize({ width: 800, height: 600 }, true)).toEqual({ width: 800, height: 600 });
  });
  it('tells whether a change needs another ffmpeg', () => {
    expect(samePlan({ mode: 'keyframes' }, { mode: 'keyframes' })).toBe(true);
    expect(samePlan({ mode: 'decode', everyMs: 500 }, { mode: 'decode', everyMs: 250 })).toBe(false);
    expect(samePlan({ mode: 'decode', everyMs: 500 }, { mode: 'keyframes' })).toBe(false);
    expect(samePlan({ mode: 'keyframes' }, { mode: 'keyframes', fine: true })).toBe(false);
  });
  it.each([
    [1920, 1080, 640, 360],
    [320, 240, 320, 240],
    [704, 575, 640, 522],
    [1080, 1920, 640, 1138],
  ])('scales %d×%d to %d×%d', (width, height, w, h) => {
    expect(frameSize({ width, height })).toEqual({
      width: w,
      height: h,
    });
  });
});

describe('readFrames', () => {
  it('joins pictures and times however the pipes are cut, and however far one is ahead', () => {
    const pixels = new PassThrough();
    const times = new PassThrough();
    const seen: [number, number, number[]][] = [];
    readFrames(pixels, times, 3, ({ streamMs, sceneScore, rgb }) => seen.push([streamMs, sceneScore, [...rgb]]));
    pixels.emit('data', Buffer.from([1, 2]));
    pixels.emit('data', Buffer.from([3, 4, 5, 6, 7]));
    times.emit('data', 'frame:0    pts:0       pts_time:0\nlavfi.scene_sc');
    times.emit('data', 'ore=0.5\nframe:1 pts:2500 pts_time:2.5\n');
    times.emit('data', 'lavfi.scene_score=0.25\nframe:2 pts:3000 pts_time:3\nlavfi.scene_score=0\n');
    pixels.emit('data', Buffer.from([8, 9]));
    expect(seen).toEqual([
      [0, 0.5, [1, 2, 3]],
      [2500, 0.25, [4, 5, 6]],
      [3000, 0, [7, 8, 9]],
    ]);
  });
});

describe('mp4', () => {
  it('reads a segment’s start and duration from its first index', () => {
    const file = Buffer.concat([box('styp', Buffer.alloc(8)), sidx(1000, 8500, [4000, 500]), sidx(48_000, 1, [1])]);
    expect(segmentTimes(file)).toEqual({ startS: 8.5, durationS: 4.5 });
    expect(segmentTimes(box('styp', Buffer.alloc(8)))).toBeUndefined();
    expect(segmentTimes(Buffer.from([0, 0, 0, 1]))).toBeUndefined();
  });
  it('names the codecs', () => {
    const entry = (type: string, ...inner: Buffer[]) =>
      box(
        'moov',
        box('trak', box('mdia', box('minf', box('stbl', box('stsd', Buffer.alloc(8), box(type, ...inner)))))),
      );
    const avcC = box('avcC', Buffer.from([1, 0x64, 0x00, 0x28, 0xff]));
    expect(codecsOf(entry('avc1', Buffer.alloc(78), avcC))).toBe('avc1.640028');
    expect(codecsOf(entry('mp4a'))).toBe('mp4a.40.2');
    const hvcC = box('hvcC', Buffer.from('01 21 60 00 00 00 90 00 00 00 00 00 5d f0 00'.replaceAll(' ', ''), 'hex'));
    expect(codecsOf(entry('hvc1', Buffer.alloc(78), hvcC))).toBe('hvc1.1.6.H93.90');
    const av1C = box('av1C', Buffer.from([0x81, 0x08, 0x0c, 0x00]));
    expect(codecsOf(entry('av01', Buffer.alloc(78), av1C))).toBe('av01.0.08M.08');
    expect(codecsOf(entry('hvc1'))).toBeUndefined();
    expect(codecsOf(entry('mjpg'))).toBeUndefined();
    expect(codecsOf(Buffer.alloc(0))).toBeUndefined();
  });
});

describe('StreamClock', () => {
  const manual = () => {
    const time = { wall: 1_000_000, mono: 500 };
    const clock: Clock = { nowMs: () => time.wall, monotonicMs: () => time.mono, sleep: () => Promise.resolve() };
    return { clock, pass: (ms: number) => Object.assign(time, { wall: time.wall + ms, mono: time.mono + ms }), time };
  };
  it('anchors to the earliest arrival, then holds', () => {
    const { clock, pass } = manual();
    const stream = new StreamClock(clock);
    pass(1000);
    stream.arrived(0); // Late by ffmpeg's start.
    pass(1100);
    stream.arrived(2000); // Only 100 ms late.
    expect(stream.toUtcMs(0)).toBe(1_000_100);
    expect(stream.settle()).toBeUndefined();
    pass(1900);
    stream.arrived(4000); // Now exactly on time: within tolerance, so the anchor holds.
    stream.settle();
    expect(stream.toUtcMs(4000)).toBe(1_004_100);
  });
  it('follows a camera that runs fast, at a segment boundary only', () => {
    const { clock, pass } = manual();
    const stream = new StreamClock(clock);
    stream.arrived(0);
    stream.settle();
    pass(10_000);
    stream.arrived(11_000);
    expect(stream.toUtcMs(11_000)).toBe(1_011_000);
    stream.settle();
    expect(stream.toUtcMs(11_000)).toBe(1_010_000);
  });
  it('reports a step of the system clock and follows it', () => {
    const { clock, time } = manual();
    const stream = new StreamClock(clock);
    stream.arrived(0);
    stream.settle();
    time.wall += 3_600_000;
    expect(stream.toUtcMs(0)).toBe(1_000_000);
    expect(stream.settle()).toBe(3_600_000);
    expect(stream.toUtcMs(0)).toBe(4_600_000);
    expect(stream.settle()).toBeUndefined();
  });
});

describe('Complaints', () => {
  it.each([
    ['[error] method DESCRIBE failed: 401 Unauthorized', 'unauthorized', /user name or password/],
    ['[tcp @ 0x55] [error] Connection refused', 'unavailable', /refused the connection/],
    ['[error] something new', 'unavailable', /broke \(.*something new/],
  ])('understand %s', (line, kind, message) => {
    const complaints = new Complaints(checkSourceUrl('rtsp://admin:c4n4ry@cam:554/secret', { allowFile: false }));
    complaints.add(`${line} rtsp://admin:c4n4ry@cam c4n4ry\n`);
    const fault = complaints.fault('broke');
    expect(fault.kind).toBe(kind);
    expect(fault.message).toMatch(message);
    expect(fault.message + complaints.lines().join()).not.toContain('c4n4ry');
  });

  it.each(['rtsp://127.0.0.1:4000/rts-1/c4n4ry-7', 'http://cam/video?key=c4n4ry', 'http://cam/c4n4ry%20/x'])(
    'tell no key that stands in the path: %s',
    (url) => {
      const complaints = new Complaints(checkSourceUrl(url, { allowFile: false }));
      complaints.add(`[error] ${url}: ${decodeURIComponent(url)}: something new\n`);
      const said = complaints.fault('broke').message + complaints.lines().join();
      expect(said).toContain('something new');
      expect(said).not.toContain('c4n4ry');
    },
  );
});

describe('recoverSegments', () => {
  let media = '';
  beforeEach(async () => {
    media = await mkdtemp(join(tmpdir(), 'watchpost-media-'));
  });
  afterEach(() => rm(media, { recursive: true }));

  it('finds what no row names, finishes what ffmpeg had completed, and removes the rest', async () => {
    const home = join(media, 'rts-1', 'ses-1');
    const session = {
      id: 'ses-1',
      streamId: 'rts-1',
      startedMs: 0,
      initPath: 'rts-1/ses-1/init.mp4',
      width: 2,
      height: 2,
    };
    await mkdir(join(home, 'open'), { recursive: true });
    await mkdir(join(home, '1970-01-01'));
    await writeFile(join(home, 'session.json'), JSON.stringify({ ...session, anchorMs: 100_000 }));
    await writeFile(join(home, '1970-01-01', '0-4000.m4s'), 'known');
    await writeFile(join(home, '1970-01-01', '4000-8000.m4s'), 'lost');
    await writeFile(join(home, 'open', '7.m4s'), sidx(1000, 8000, [4000]));
    await writeFile(join(home, 'open', '8.m4s'), 'incomplete');
    await writeFile(join(home, 'open', '9.m4s.tmp'), 'open');
    await mkdir(join(media, 'rts-1', 'ses-without-facts', 'open'), { recursive: true });

    const found = await recoverSegments(media, (path) => path.endsWith('/0-4000.m4s'));
    expect(found.map(({ segment }) => [segment.path, segment.startMs, segment.endMs])).toEqual([
      ['rts-1/ses-1/1970-01-01/4000-8000.m4s', 4000, 8000],
      ['rts-1/ses-1/1970-01-01/108000-112000.m4s', 108_000, 112_000],
    ]);
    expect(found[0]?.session).toEqual(session);
    expect(await readdir(home)).toEqual(['1970-01-01', 'session.json']);
    expect(await readdir(join(media, 'rts-1'))).toEqual(['ses-1']);
  });
  it('finds nothing where nothing was recorded', async () => {
    expect(await recoverSegments(join(media, 'none'), () => false)).toEqual([]);
  });
});
