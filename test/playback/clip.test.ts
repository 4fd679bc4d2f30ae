/** Recordings as one MP4, and the pictures of moments: real ffmpeg, on pieces as cameras leave them. */
import { execFile } from 'node:child_process';
import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClip, pastPicture } from '#playback';
import { ffmpeg } from '../e2e/support/ffmpeg.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';

const run = promisify(execFile);
const signal = new AbortController().signal;
const T0 = Date.UTC(2026, 0, 15, 12);
const SESSIONS = { one: 'avc1.640028', two: 'avc1.64001f', hevc: 'hvc1.1.6.L93.B0' } as const;
type Name = keyof typeof SESSIONS;
let dir: Awaited<ReturnType<typeof tempDir>>;

/** Three pieces of two seconds, on times of their own, ten pictures each. */
async function session(name: Name, fromS: number, colour: string): Promise<void> {
  const encoder =
    name === 'hevc'
      ? ['libx265', '-tag:v', 'hvc1', '-x265-params', 'log-level=error:keyint=10:min-keyint=10:scenecut=0:open-gop=0']
      : ['libx264', '-g', '10', '-bf', name === 'two' ? '2' : '0'];
  const file = (end: string) => join(dir.path, `${name}-${end}`);
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `color=${colour}:s=320x240:r=5:d=6`, '-f', 'lavfi', '-i', 'sine=d=6'],
    ...['-c:v', ...encoder, '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
    ...['-output_ts_offset', String(fromS), '-f', 'hls', '-hls_time', '2', '-hls_list_size', '0'],
    ...['-hls_segment_type', 'fmp4', '-hls_segment_options', 'movflags=+frag_discont'],
    ...['-hls_fmp4_init_filename', `${name}-init.mp4`, '-hls_segment_filename', file('%d.m4s'), file('live.m3u8')],
  );
}

beforeAll(async () => {
  dir = await tempDir();
  await Promise.all([session('one', 3600, 'red'), session('two', 7, 'blue'), session('hevc', 100, 'green')]);
});
afterAll(() => dir[Symbol.asyncDispose]());

/** The rows of a session's pieces, recorded from `fromS` on. */
function rows(name: Name, fromS: number, ...pieces: number[]) {
  return pieces.map((n) => ({
    startMs: T0 + (fromS + 2 * n) * 1000,
    endMs: T0 + (fromS + 2 * n + 2) * 1000,
    path: `${name}-${n}.m4s`,
    session: { id: `${name} ${fromS}`, initPath: `${name}-init.mp4`, codecs: SESSIONS[name], width: 320, height: 240 },
  }));
}

interface Look {
  packets: { codec_type: string; pts_time: string }[];
  streams: { codec_name: string; codec_tag_string: string; start_time: string }[];
}

async function look(mp4: Buffer) {
  const file = join(dir.path, 'look.mp4');
  await writeFile(file, mp4);
  const shown = 'packet=codec_type,pts_time:stream=codec_name,codec_tag_string,start_time';
  const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', '-show_entries', shown, file]);
  const { stderr } = await run('ffmpeg', ['-v', 'error', '-i', file, '-f', 'null', '-']);
  const { packets, streams } = JSON.parse(stdout) as Look; // ffprobe's own JSON.
  const times = packets.filter(({ codec_type: of }) => of === 'video').map(({ pts_time: at }) => Number(at));
  const sorted = times.sort((a, b) => a - b);
  return {
    complaints: stderr,
    pictures: sorted.length,
    first: sorted[0] ?? Number.NaN,
    widest: Math.max(...sorted.slice(1).map((at, n) => at - (sorted[n] ?? 0))),
    streams: streams.map((stream) => `${stream.codec_name} ${stream.codec_tag_string}`),
  };
}

async function clipOf(...parts: Parameters<typeof openClip>[0][]): Promise<Buffer> {
  const { stream, ended } = await openClip(parts.flat(), dir.path, signal);
  const mp4 = await buffer(stream);
  await ended;
  return mp4;
}

describe('a clip', () => {
  it('is what was recorded, from its beginning on', async () => {
    const seen = await look(await clipOf(rows('one', 0, 0, 1, 2)));
    expect(seen).toMatchObject({ complaints: '', pictures: 30, streams: ['h264 avc1', 'aac mp4a'] });
    expect(seen.first).toBeLessThan(0.1);
    expect(seen.widest).toBeLessThan(0.25);
  });

  it('leaves out what is missing, and joins what was recorded anew', async () => {
    const seen = await look(await clipOf(rows('one', 0, 0, 2), rows('two', 600, 0, 1, 2)));
    expect(seen).toMatchObject({ complaints: '', pictures: 50, streams: ['h264 avc1', 'aac mp4a'] });
    expect(seen.first).toBeLessThan(0.1);
    expect(seen.widest).toBeLessThan(0.7); // Two pictures of delay, as the second comes out of order.
  });

  it('of H.265 is tagged as players want it, in one piece or several', async () => {
    for (const parts of [[rows('hevc', 0, 0, 1)], [rows('hevc', 0, 0), rows('hevc', 60, 1)]]) {
      const seen = await look(await clipOf(...parts));
      expect(seen).toMatchObject({ complaints: '', pictures: 20, streams: ['hevc hvc1', 'aac mp4a'] });
    }
  });

  it('is refused where the picture changed, and says when', async () => {
    const changed = openClip([...rows('one', 0, 0), ...rows('hevc', 60, 0)], dir.path, signal);
    await expect(changed).rejects.toMatchObject({ kind: 'refused', message: expect.stringContaining('12:01:00') });
  });

  it('fails when a file has gone, rather than end early as if it were whole', async () => {
    const copy = join(dir.path, 'one-9.m4s');
    await writeFile(copy, await readFile(join(dir.path, 'one-2.m4s')));
    const [first, last] = [rows('one', 0, 0, 1), rows('one', 0, 2).map((row) => ({ ...row, path: 'one-9.m4s' }))];
    expect((await look(await clipOf(first, last))).pictures).toBe(30);
    await unlink(copy);
    await expect(clipOf(first, last)).rejects.toThrow();
    await expect(clipOf(last)).rejects.toMatchObject({ kind: 'not_found' });
    await expect(clipOf(rows('one', 0, 0), rows('two', 600, 0), last)).rejects.toThrow();
  });

  it('ends its ffmpeg when its reader goes away', async () => {
    const stop = new AbortController();
    const { stream, ended } = await openClip(rows('one', 0, 0, 1, 2), dir.path, stop.signal);
    stream.on('error', () => undefined);
    stop.abort();
    await ended;
    stream.destroy();
  });
});

describe('a clip of sound only', () => {
  const heard = { codecs: 'mp4a.40.2', width: 0, height: 0 };
  const of = (fromS: number, ...pieces: number[]) =>
    rows('one', fromS, ...pieces).map((row) => ({
      ...row,
      path: `heard-${row.path.slice(4)}`,
      session: { ...row.session, ...heard, initPath: 'heard-init.mp4' },
    }));

  it('comes in fragments, in one piece or joined', async () => {
    const file = (end: string) => join(dir.path, `heard-${end}`);
    await ffmpeg(
      ...['-f', 'lavfi', '-i', 'sine=d=30', '-c:a', 'aac', '-f', 'hls', '-hls_time', '10', '-hls_list_size', '0'],
      ...['-hls_segment_type', 'fmp4', '-hls_segment_options', 'movflags=+frag_discont'],
      ...['-hls_fmp4_init_filename', 'heard-init.mp4', '-hls_segment_filename', file('%d.m4s'), file('live.m3u8')],
    );
    for (const parts of [[of(0, 0, 1, 2)], [of(0, 0), of(600, 1, 2)]]) {
      const mp4 = await clipOf(...parts);
      const { complaints, streams } = await look(mp4);
      expect({ complaints, streams }).toEqual({ complaints: '', streams: ['aac mp4a'] });
      const fragments = mp4.toString('latin1').split('moof').length - 1;
      expect(fragments).toBeGreaterThanOrEqual(4); // 30 s: it doesn't wait in memory for its end.
    }
  });
});

describe('the picture of a moment', () => {
  const files = () => ({ init: join(dir.path, 'two-init.mp4'), media: join(dir.path, 'two-1.m4s') });

  it.each([0, 900, 5000])('is there %d ms after the piece begins, as large as asked for', async (offsetMs) => {
    for (const width of [undefined, 160]) {
      const jpeg = await pastPicture(files(), { offsetMs, ...(width ? { width } : {}) }, signal);
      const file = join(dir.path, 'look.jpg');
      await writeFile(file, jpeg);
      const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'csv=p=0', '-show_entries', 'stream=width', file]);
      expect(Number.parseInt(stdout, 10)).toBe(width ?? 320);
    }
  });

  it('says why there is none', async () => {
    const missing = pastPicture({ ...files(), media: join(dir.path, 'none.m4s') }, { offsetMs: 0 }, signal);
    await expect(missing).rejects.toMatchObject({ kind: 'not_found' });
    const broken = pastPicture({ init: files().init, media: files().init }, { offsetMs: 0 }, signal);
    await expect(broken).rejects.toMatchObject({ kind: 'not_found' });
  });
});
