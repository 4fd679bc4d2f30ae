/**
 * VideoDB's editor by its own client: the example of its data model, every kind of asset, and what a render may not do:
 * cost recorded video, or leave anything behind. `WATCHPOST_EDITOR=full` renders ten minutes beside the cameras.
 */
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import {
  Audio,
  CaptionAsset,
  Clip,
  type Connection,
  connect,
  EditorAudioAsset,
  EditorImageAsset,
  EditorTextAsset,
  EditorTimeline,
  EditorVideoAsset,
  Filter,
  Fit,
  Image,
  Position,
  Track,
  Transition,
  Video,
} from 'videodb';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Lifetime } from '#runtime';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { seriousFindings } from './support/axe.ts';
import { ffmpeg, probeDuration } from './support/ffmpeg.ts';
import { ffmpegsOf, processTable } from './support/processes.ts';
import { type TempDir, tempDir } from './support/temp-dir.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { recordedSince, timeline as recordingOf } from './support/watching.ts';

const FULL = process.env['WATCHPOST_EDITOR'] === 'full';
const CAMERAS = ['yard', 'gate'];
const SEGMENT_SECONDS = 2;
const TRACKS = 8;
const SECONDS = FULL ? 600 : 6;
const FRAME_S = 1 / 25;
vi.setConfig({ testTimeout: FULL ? 3_600_000 : 300_000 });

interface JobAnswer {
  id: string;
  kind: string;
  status: string;
  percentage: number;
  error?: string;
  video_id?: string;
}

const life = new Lifetime();
let dir: TempDir;
let appliance: TestAppliance;
let conn: Connection;
let film: Video;
let streams: string[];
const config = { recording: { segmentSeconds: SEGMENT_SECONDS } };

beforeAll(async () => {
  dir = life.use(await tempDir());
  const camera = await passingBlock(FULL ? 2400 : 240);
  appliance = await TestAppliance.start({ dataDir: join(dir.path, 'data'), config });
  conn = connect({ apiKey: appliance.key, baseUrl: appliance.url });
  streams = [];
  for (const name of CAMERAS) {
    const { url } = life.use(await startRtspServer({ file: camera, name }));
    const { id } = await appliance.data<{ id: string }>('POST', '/rtstream', { collection_id: 'default', url, name });
    streams.push(id);
  }
  film = await uploaded(Video, 'film.mp4', [
    ...[
      '-f',
      'lavfi',
      '-i',
      `testsrc2=size=640x360:rate=25:duration=${SECONDS + 6}`,
      '-f',
      'lavfi',
      '-i',
      `sine=duration=${SECONDS + 6}`,
    ],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25', '-c:a', 'aac'],
  ]);
});
afterAll(async () => {
  await appliance?.[Symbol.asyncDispose]();
  await life[Symbol.asyncDispose]();
});

async function uploaded<T>(kind: new (...args: never[]) => T, name: string, make: string[]): Promise<T> {
  const filePath = join(dir.path, name);
  await ffmpeg('-y', ...make, filePath);
  const media = await (await conn.getCollection()).uploadFile({ filePath, name });
  if (!(media instanceof kind)) throw new Error(`${name} became something else`);
  return media;
}

/** Clips one above the other, all from the beginning. */
function stacked(...clips: Clip[]): EditorTimeline {
  const timeline = new EditorTimeline(conn);
  timeline.resolution = '320x180';
  for (const clip of clips) {
    const track = new Track();
    track.addClip(0, clip);
    timeline.addTrack(track);
  }
  return timeline;
}

it("the data model's example plays, and is a file", async () => {
  const videoAsset = new EditorVideoAsset({ id: film.id, start: 0 });
  const clip = new Clip({ asset: videoAsset, duration: 4 });
  const track = new Track();
  track.addClip(0, clip);
  const timeline = new EditorTimeline(conn);
  timeline.addTrack(track);
  const streamUrl = (await timeline.generateStream()) ?? '';

  expect(Math.abs((await probeDuration(streamUrl)) - 4)).toBeLessThanOrEqual(FRAME_S);
  expect(await timeline.generateStream()).toBe(streamUrl);
  const { downloadUrl } = await timeline.downloadStream(streamUrl);
  const hashes = await ffmpeg('-i', String(downloadUrl), '-map', '0:v', '-c', 'copy', '-f', 'framehash', 'pipe:1');
  expect(hashes.toString().match(/^0,/gm)).toHaveLength(100);
  expect((await (await conn.getCollection()).getVideos()).map(({ id }) => id)).toEqual([film.id]);
});

it('every kind of asset is drawn and heard', async () => {
  const tune = await uploaded(Audio, 'tune.m4a', ['-f', 'lavfi', '-i', 'sine=frequency=880:duration=3', '-c:a', 'aac']);
  const logo = await uploaded(Image, 'logo.png', ['-f', 'lavfi', '-i', 'color=red:s=100x100', '-frames:v', '1']);
  expect((await fetch((await tune.generateUrl()) ?? '')).status).toBe(200);
  expect((await fetch((await logo.generateUrl()) ?? '')).headers.get('content-type')).toBe('image/png');
  const ass = [
    ...['[Script Info]', 'ScriptType: v4.00+', '[V4+ Styles]', 'Format: Name, Fontsize', 'Style: Default,30'],
    ...['[Events]', 'Format: Layer, Start, End, Style, Text', 'Dialogue: 0,0:00:00.00,0:00:02.00,Default,Hello'],
  ].join('\n');
  const timeline = stacked(
    new Clip({
      asset: new EditorVideoAsset({ id: film.id, start: 2, volume: 0 }),
      duration: 3,
      filter: Filter.greyscale,
    }),
    new Clip({
      asset: new EditorImageAsset({ id: logo.id }),
      duration: 3,
      fit: Fit.contain,
      scale: 0.3,
      position: Position.topRight,
    }),
    new Clip({
      asset: new EditorTextAsset({ text: 'Hello {\\world}' }),
      duration: 2,
      transition: new Transition({ in: 'fade' }),
    }),
    new Clip({ asset: new CaptionAsset({ src: Buffer.from(ass).toString('base64') }), duration: 3 }),
    new Clip({ asset: new EditorAudioAsset({ id: tune.id }), duration: 3 }),
  );
  const streamUrl = (await timeline.generateStream()) ?? '';
  const red = await ffmpeg(
    '-i',
    streamUrl,
    '-ss',
    '1',
    '-frames:v',
    '1',
    '-vf',
    'crop=4:4:300:10',
    '-pix_fmt',
    'rgb24',
    '-f',
    'rawvideo',
    'pipe:1',
  );
  expect([red[0], red[1], red[2]].map((level = 0) => Math.round(level / 64))).toEqual([4, 0, 0]);
  const loud = await ffmpeg('-i', streamUrl, '-vn', '-ac', '1', '-f', 's16le', 'pipe:1');
  const samples = new Int16Array(loud.buffer.slice(loud.byteOffset, loud.byteOffset + loud.length));
  expect(samples.some((level) => level > 1000)).toBe(true);
});

/** The client gives up after 500 s; who asks again is given the same job. */
async function patiently(timeline: EditorTimeline): Promise<string> {
  for (;;) {
    try {
      return (await timeline.generateStream()) ?? '';
    } catch (error) {
      if (!String(error).includes('timed out')) throw error;
    }
  }
}

it('a long render of many tracks costs no recorded video', async () => {
  const sinceMs = Date.now();
  for (const id of streams) await recordedSince(appliance, id, sinceMs, SEGMENT_SECONDS);
  const fromMs = Date.now();
  const clips = Array.from({ length: TRACKS }, (_, n) => {
    const asset = new EditorVideoAsset({ id: film.id, start: n / 4, volume: 1 / TRACKS });
    return new Clip({ asset, duration: SECONDS, scale: 1 - n / 10, opacity: 0.8, fit: Fit.contain });
  });
  const timeline = stacked(...clips);
  timeline.resolution = FULL ? '1280x720' : '640x360';
  expect(Math.abs((await probeDuration(await patiently(timeline))) - SECONDS)).toBeLessThanOrEqual(FRAME_S);
  const untilMs = Date.now();
  for (const id of streams) {
    await recordedSince(appliance, id, untilMs, SEGMENT_SECONDS);
    const { gaps, recorded } = await recordingOf(appliance, id);
    const holes = gaps.filter(({ start, end }) => end * 1000 > fromMs && start * 1000 < untilMs);
    expect(holes).toEqual([]);
    expect(recorded.some(([start, end]) => start * 1000 <= fromMs && end * 1000 >= untilMs)).toBe(true);
  }
});

/** Asks for something that takes a while, and gives the job when it has begun. */
async function begunRender(background: string, tracks = 4): Promise<JobAnswer> {
  const asset = { type: 'video', id: film.id };
  const clip = { asset, duration: 8, filter: 'blur', opacity: 0.9 };
  const timeline = { background, resolution: '960x540', tracks: Array(tracks).fill({ clips: [{ clip }] }) };
  void appliance.request('POST', '/editor', { timeline }).catch(() => undefined); // The box may be killed first.
  return until('a render has begun', async () =>
    (await jobs()).find(
      ({ kind, status, percentage }) => kind === 'render' && status === 'processing' && percentage > 0,
    ),
  );
}

async function jobs(): Promise<JobAnswer[]> {
  return (await appliance.data<{ jobs: JobAnswer[] }>('GET', '/v1/jobs')).jobs;
}

/** ffmpegs that draw in the assets directory, whoever their parent is; other tests' draw elsewhere. */
async function renderers() {
  const drawing = (await processTable()).filter(
    ({ argv, state }) => state !== 'Z' && /(^|\/)ffmpeg$/.test(argv[0] ?? '') && argv.includes('[video]'),
  );
  const places = await Promise.all(drawing.map(({ pid }) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return drawing.filter((_, n) => places[n]?.startsWith(dir.path));
}

const folders = () => readdir(join(dir.path, 'data', 'assets'));

it('a render that is cancelled on the page ends, and leaves nothing', async () => {
  const before = await folders();
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`${appliance.url}/#key=${appliance.key}`);
    const { id } = await begunRender('#000001', 12); // More than any machine draws before somebody clicks.
    expect((await ffmpegsOf(appliance.pid)).some(({ argv }) => argv.includes('[video]'))).toBe(true);
    const region = page.getByRole('region', { name: 'Jobs' });
    await region.getByRole('progressbar', { name: 'Render: Edit' }).first().waitFor();
    await region.getByRole('button', { name: 'Cancel Render: Edit' }).click();
    await region.getByText('it was cancelled').waitFor();
    expect((await jobs()).find((job) => job.id === id)).toMatchObject({ status: 'failed', error: 'it was cancelled' });
    expect(await seriousFindings(page)).toEqual([]);
  } finally {
    await browser.close();
  }
  await until('its ffmpeg has gone', async () => (await renderers()).length === 0);
  await until('its folder has gone', async () => (await folders()).join() === before.join());
});

it('a render that a crash cut short is begun again, and comes out whole', async () => {
  const { id } = await begunRender('#000002');
  await appliance.kill('SIGKILL');
  await until('its ffmpeg has gone', async () => (await renderers()).length === 0);
  await appliance[Symbol.asyncDispose]();
  appliance = await TestAppliance.start({ dataDir: join(dir.path, 'data'), config });
  const done = await until(
    'it is rendered',
    async () => (await jobs()).find((job) => job.id === id && job.status !== 'processing'),
    180_000,
  );
  expect(done).toMatchObject({ status: 'done' });
  const { stream_url: url } = await appliance.data<{ stream_url: string }>('GET', `/async-response/${id}`);
  expect(Math.abs((await probeDuration(url)) - 8)).toBeLessThanOrEqual(FRAME_S);
  expect((await folders()).filter((name) => name.endsWith('.part'))).toEqual([]);
});
