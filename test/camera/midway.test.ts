/** A camera that others watch already is joined in mid-course, between two keyframes, and begins without being lost first. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CameraOptions, openCamera, type SamplingDemand } from '#camera';
import { RECORD_ALL, type Stream } from '#domain';
import { createLog, Gate, systemClock } from '#runtime';
import { type RtspServer, startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { ffmpeg } from '../e2e/support/ffmpeg.ts';
import { until } from '../e2e/support/waiting.ts';

const KEYFRAME_EVERY_S = 3;
const QUIET: SamplingDemand = { everyMs: Number.POSITIVE_INFINITY };
let dir: string;
let server: RtspServer;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'midway-'));
  const gop = String(10 * KEYFRAME_EVERY_S);
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=10:duration=90', '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...['-pix_fmt', 'yuv420p', '-bf', '0', '-g', gop, '-keyint_min', gop, '-sc_threshold', '0', join(dir, 'yard.mp4')],
  );
  server = await startRtspServer({ file: join(dir, 'yard.mp4'), name: 'yard' });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

/** The one who watched first, and how many pictures came. */
async function viewer() {
  const args = [
    '-loglevel',
    'error',
    '-rtsp_transport',
    'tcp',
    '-i',
    server.url,
    '-f',
    'null',
    '-progress',
    'pipe:1',
    '-',
  ];
  const child = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen = Number(/frame=(\d+)/.exec(text)?.[1] ?? seen);
  });
  await until('somebody watches', () => seen > 0);
  return { [Symbol.dispose]: () => child.kill('SIGKILL') };
}

it('waits for a keyframe', { timeout: 90_000 }, async () => {
  using _first = await viewer();
  const options: CameraOptions = {
    mediaDir: dir,
    segmentSeconds: 2,
    allowFile: false,
    spawnGate: new Gate(1),
    clock: systemClock,
    log: createLog('silent'),
  };
  const stream: Stream = {
    id: 'yard',
    collectionId: 'default',
    name: 'yard',
    url: server.url,
    mediaTypes: ['video'],
    sampleRate: 30,
    store: true,
    transcription: { wanted: false, engine: '', changedMs: 0 },
    transport: 'tcp',
    zones: [],
    recording: RECORD_ALL,
    wanted: 'connected',
    origin: 'api',
    createdMs: 0,
  };
  for (let n = 0; n < 2; n += 1) {
    await using camera = await openCamera(stream, QUIET, options, AbortSignal.timeout(60_000));
    expect(camera.facts).toMatchObject({ videoCodec: 'h264', width: 320 });
    expect(camera.status().sampling).toBe('keyframes');
  }
});
