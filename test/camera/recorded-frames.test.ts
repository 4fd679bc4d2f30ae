import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recordedFrames } from '#camera';
import type { Frame } from '#domain';

const never = new AbortController().signal;
let master: string;
let dir: string;

/** Ten seconds in pieces of two, with a keyframe a second: grey until the sixth second, then white. */
beforeAll(() => {
  master = mkdtempSync(join(tmpdir(), 'wp-recorded-'));
  const picture = (colour: string, seconds: number) => [
    ...['-f', 'lavfi', '-i', `color=${colour}:size=640x480:rate=10:duration=${seconds}`],
  ];
  const hls = ['-f', 'hls', '-hls_time', '2', '-hls_segment_type', 'fmp4', '-hls_list_size', '0'];
  const options = ['-filter_complex', 'concat=n=2', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10'];
  const names = ['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', '%d.m4s', 'live.m3u8'];
  const input = [...picture('gray', 6), ...picture('white', 4)];
  execFileSync('ffmpeg', ['-loglevel', 'error', ...input, ...options, ...hls, ...names], { cwd: master });
});
afterAll(() => rmSync(master, { recursive: true }));

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wp-recorded-'));
  for (const name of readdirSync(master)) writeFileSync(join(dir, name), readFileSync(join(master, name)));
});
afterEach(() => rmSync(dir, { recursive: true }));

const files = (...pieces: number[]) => ['init.mp4', ...pieces.map((n) => `${n}.m4s`)].map((name) => join(dir, name));
const read = (every: number | 'keyframes', paths = files(0, 1, 2, 3, 4), signal = never) =>
  recordedFrames({ files: paths, width: 640, height: 480, every }, signal);

async function all(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const seen: Frame[] = [];
  for await (const frame of frames) seen.push(frame);
  return seen;
}

describe('the frames of a recording', () => {
  it('come in order, about as often as is wanted, with the score of each cut', async () => {
    const frames = await all(read(500));
    expect(frames.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 20 }, (_, n) => n * 500));
    expect(frames[0]).toMatchObject({ width: 640, height: 480 });
    expect(frames.filter(({ sceneScore }) => sceneScore > 0.2).map(({ atMs }) => atMs)).toEqual([6000]);
    expect(frames.at(-1)?.rgb.slice(0, 3)).toEqual(new Uint8Array([255, 255, 255]));
  });

  it('are its keyframes, where those suffice', async () => {
    expect((await all(read('keyframes'))).map(({ atMs }) => atMs)).toEqual(
      Array.from({ length: 10 }, (_, n) => n * 1000),
    );
  });

  it('count from the first piece, over holes', async () => {
    expect((await all(read('keyframes', files(1, 3)))).map(({ atMs }) => atMs)).toEqual([0, 1000, 4000, 5000]);
  });

  it('wait for who takes them, and end when nobody does any more', async () => {
    const frames = read(100);
    for await (const { atMs } of frames) if (atMs >= 200) break;
    expect(await frames.next()).toEqual({ done: true, value: undefined });
  });

  it('end when they are told to', async () => {
    const stop = new AbortController();
    const frames = read(100, files(0, 1, 2, 3, 4), stop.signal);
    await frames.next();
    stop.abort(new Error('stopping'));
    await expect(all(frames)).rejects.toThrow('stopping');
    await expect(all(read(100, files(0), AbortSignal.abort(new Error('stopping'))))).rejects.toThrow('stopping');
  });
});

describe('a recording that can not be read', () => {
  it('is one of which a file is missing, after the frames before it', async () => {
    rmSync(join(dir, '2.m4s'));
    const seen: number[] = [];
    const reading = async () => {
      for await (const { atMs } of read('keyframes')) seen.push(atMs);
    };
    await expect(reading()).rejects.toThrow('missing or can not be read');
    expect(seen).toEqual([0, 1000, 2000, 3000]);
  });

  it.each([
    ['nothing', () => truncateSync(join(dir, 'init.mp4'))],
    ['no video', () => writeFileSync(join(dir, 'init.mp4'), 'hello'.repeat(1000))],
  ])('is one in which there is %s', async (_what, spoil) => {
    spoil();
    truncateSync(join(dir, '0.m4s'));
    await expect(all(read(500, files(0)))).rejects.toThrow('no picture in it can be decoded');
  });
});
