/** H.264 of what was recorded as H.265: real ffmpeg, one piece at a time. */
import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildMasterPlaylist, H264Renditions, needsH264 } from '#playback';
import { ffmpeg } from '../e2e/support/ffmpeg.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';

const run = promisify(execFile);
let dir: Awaited<ReturnType<typeof tempDir>>;
const fileOf = (name: string) => join(dir.path, name);
const piece = (n: number) => ({ init: fileOf('init.mp4'), media: fileOf(`${n}.m4s`) });

beforeAll(async () => {
  dir = await tempDir();
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=s=1920x1080:r=5:d=4', '-f', 'lavfi', '-i', 'sine=d=4'],
    ...['-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-tag:v', 'hvc1', '-c:a', 'aac'],
    ...['-x265-params', 'log-level=error:keyint=10:min-keyint=10:scenecut=0:open-gop=0', '-output_ts_offset', '3600'],
    ...['-f', 'hls', '-hls_time', '2', '-hls_segment_type', 'fmp4', '-hls_segment_options', 'movflags=+frag_discont'],
    ...['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', fileOf('%d.m4s'), fileOf('live.m3u8')],
  );
});
afterAll(() => dir[Symbol.asyncDispose]());

interface Packet {
  codec_type: string;
  pts_time: string;
}

async function packets(media: Buffer): Promise<{ first: Record<string, number>; pictures: number; codecs: string[] }> {
  const file = fileOf('look.mp4');
  await writeFile(file, media);
  const shown = 'packet=codec_type,pts_time:stream=codec_name,width,height';
  const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', '-show_entries', shown, file]);
  // ffprobe's own JSON.
  const report = JSON.parse(stdout) as { packets: Packet[]; streams: { codec_name: string; height?: number }[] };
  const firstOf = (type: string) => Number(report.packets.find(({ codec_type: of }) => of === type)?.pts_time);
  return {
    first: { video: firstOf('video'), audio: firstOf('audio') },
    pictures: report.packets.filter(({ codec_type: of }) => of === 'video').length,
    codecs: report.streams.map(({ codec_name: name, height }) => (height ? `${name} ${height}` : name)),
  };
}

describe('H.264 renditions', () => {
  it('have the pieces’ own times, sound and pictures, at 720 lines, behind one init', async () => {
    await using renditions = new H264Renditions(1);
    const init = await renditions.init(piece(0));
    for (const n of [0, 1]) {
      const media = await renditions.media(piece(n));
      const whole = await packets(Buffer.concat([init, media]));
      expect(whole.codecs).toEqual(['h264 720', 'aac']);
      expect(whole.pictures).toBe(10);
      const { stdout } = await run('cat', [fileOf('init.mp4'), fileOf(`${n}.m4s`)], { encoding: 'buffer' });
      const original = await packets(stdout);
      expect(whole.first['video']).toBeCloseTo(original.first['video'] ?? 0, 2);
      expect(whole.first['audio']).toBeCloseTo(original.first['audio'] ?? 0, 2);
      expect(whole.first['video']).toBeGreaterThanOrEqual(3600);
    }
  });

  it('are made once, and no more of them wait than the box can make in time', async () => {
    await using renditions = new H264Renditions(1);
    const [one, other] = await Promise.all([renditions.media(piece(0)), renditions.media(piece(0))]);
    expect(one).toBe(other);
    const many = Array.from({ length: 20 }, (_, n) => renditions.media({ ...piece(0), media: fileOf(`${n + 2}.m4s`) }));
    const refused = (await Promise.allSettled(many)).map((outcome) =>
      outcome.status === 'rejected' ? outcome.reason.message : '',
    );
    expect(refused.filter((message) => /too many players/.test(message))).toHaveLength(4);
    expect(refused.filter((message) => /no longer there/.test(message))).toHaveLength(16);
    expect(await renditions.media(piece(1))).toBeInstanceOf(Buffer);
  });

  it('say so when a piece is damaged, and leave nothing running when the box stops', async () => {
    const renditions = new H264Renditions(1);
    await writeFile(fileOf('damaged.m4s'), Buffer.alloc(5000, 7));
    await expect(renditions.media({ ...piece(0), media: fileOf('damaged.m4s') })).rejects.toThrow(/may be damaged/);
    const left = renditions.media(piece(0)).catch((error: unknown) => String(error));
    const waiting = renditions.media(piece(1)).catch((error: unknown) => String(error));
    await renditions[Symbol.asyncDispose]();
    expect(await left).toMatch(/stopping|busy/);
    expect(await waiting).toMatch(/stopping/);
    expect(await readdir(dir.path)).toContain('init.mp4');
  });
});

it('only what not every player shows needs them', () => {
  expect(['hvc1.1.6.L93.90,mp4a.40.2', 'hev1.1.6.L93.90', 'av01.0.08M.08'].every(needsH264)).toBe(true);
  expect([undefined, 'avc1.640028', 'mp4a.40.2'].some(needsH264)).toBe(false);
});

it('a master playlist offers both; who can choose takes the original', () => {
  const text = buildMasterPlaylist({
    pieces: [{ bytes: 1_000_000, durationMs: 4000 }],
    codecs: 'hvc1.1.6.L93.90,mp4a.40.2',
    width: 2560,
    height: 1440,
    videoUri: 'media.m3u8',
    h264Uri: 'h264.m3u8',
  });
  expect(text).not.toContain('SUBTITLES');
  expect(text.split('\n').slice(3)).toEqual([
    '#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=2000000,CODECS="hvc1.1.6.L93.90,mp4a.40.2",RESOLUTION=2560x1440',
    'media.m3u8',
    '#EXT-X-STREAM-INF:BANDWIDTH=1999999,AVERAGE-BANDWIDTH=1999999,CODECS="avc1.4d4028,mp4a.40.2",RESOLUTION=1280x720',
    'h264.m3u8',
    '',
  ]);
});
