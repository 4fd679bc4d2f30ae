/**
 * What one quiet 1080p25 camera costs: the appliance with all its processes, against the least that the work can cost
 * (one bare ffmpeg with the same three outputs) and against what is usual elsewhere (decoding every picture).
 * One after the other, against the same camera, so that they do not disturb each other.
 */
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { Child } from '#runtime';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { watchpost } from '../e2e/support/cli.ts';
import type { ProcessEntry } from '../e2e/support/processes.ts';
import { sharedFile } from '../e2e/support/shared.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { quietCamera } from '../e2e/support/videos.ts';
import { until } from '../e2e/support/waiting.ts';
import { scenes } from '../e2e/support/watching.ts';
import type { StatusAnswer } from '../e2e/support/wire.ts';
import { type CpuUse, cpuUse } from './cpu.ts';
import type { Figures } from './main.ts';

const MEASURED_S = 70;
/** Long enough for connecting, settling and measuring; each of the three begins at its beginning. */
const CLIP_S = 120;
const SETTLED_SEGMENTS = 3;

export async function ingest(): Promise<Figures> {
  const loadBefore = loadavg()[0] ?? 0;
  await using camera = await startRtspServer({ file: await quietCamera(CLIP_S), name: 'quiet' });
  const appliance = await measureAppliance(camera.url);
  const floor = await measureFfmpeg((dir) => floorArgs(camera.url, dir));
  const decodeAll = await measureFfmpeg(() => decodeAllArgs(camera.url));
  return {
    cpu_vs_floor: round(appliance.use.percent / floor.percent, 3),
    cpu_vs_decode_all: round(appliance.use.percent / decodeAll.percent, 3),
    appliance_cpu_percent: round(appliance.use.percent, 2),
    ...Object.fromEntries(
      Object.entries(appliance.use.parts).map(([part, percent]) => [
        `appliance_${part}_cpu_percent`,
        round(percent, 2),
      ]),
    ),
    floor_cpu_percent: round(floor.percent, 2),
    decode_all_cpu_percent: round(decodeAll.percent, 2),
    measured_seconds: MEASURED_S,
    sampling: appliance.sampling,
    scenes: appliance.scenes,
    detector: appliance.detector,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    load_before: round(loadBefore, 2),
  };
}

interface ApplianceMeasure {
  use: CpuUse;
  sampling: string;
  /** Few: an unchanged scene grows instead of being described again. */
  scenes: number;
  detector: string;
}

/** With everything as it is by default: one index, 5 s windows of 2 pictures. */
async function measureAppliance(url: string): Promise<ApplianceMeasure> {
  await using dir = await tempDir();
  const pack = sharedFile('models/yolox-nano');
  if (pack) await watchpost(['models', 'import', pack, '--data-dir', dir.path]);
  await using appliance = await TestAppliance.start({
    dataDir: dir.path,
    config: { cameras: [{ name: 'quiet', url }] },
    logLevel: 'info',
  });
  const status = () => appliance.data<StatusAnswer>('GET', '/v1/status');
  const settled = await until('the appliance has settled', async () => {
    const camera = (await status()).cameras[0];
    return camera && camera.segments_written >= SETTLED_SEGMENTS ? camera : undefined;
  });
  const use = await cpuUse(appliance.pid, MEASURED_S, (entry) => partOf(entry, appliance.pid));
  const seen = await scenes(appliance, settled.stream_id);
  return { use, sampling: settled.sampling ?? 'none', scenes: seen.length, detector: pack ? 'yolox-nano' : 'none' };
}

function partOf({ pid, argv }: ProcessEntry, main: number): string {
  if (pid === main) return 'main';
  return argv[0]?.endsWith('ffmpeg') ? 'ffmpeg' : 'inference';
}

async function measureFfmpeg(argsIn: (dir: string) => string[]): Promise<CpuUse> {
  await using dir = await tempDir();
  const argv = ['-nostdin', '-hide_banner', '-loglevel', 'error', ...argsIn(dir.path)];
  await using ffmpeg = await Child.start('ffmpeg', argv, { stdio: 'ignore' });
  const probing = await cpuUse(ffmpeg.pid, 10, () => 'ffmpeg');
  if (!ffmpeg.running || probing.percent === 0) throw new Error(`ffmpeg does not work: ${argv.join(' ')}`);
  const use = await cpuUse(ffmpeg.pid, MEASURED_S, () => 'ffmpeg');
  if (!ffmpeg.running) throw new Error('ffmpeg ended before the measurement did');
  return use;
}

/** Recording by stream copy, keyframes as small pictures, sound as PCM: what the appliance must do, and nothing else. */
function floorArgs(url: string, dir: string): string[] {
  const record = [
    '-map',
    '0:v',
    '-map',
    '0:a',
    '-c',
    'copy',
    '-f',
    'hls',
    '-hls_segment_type',
    'fmp4',
    '-hls_time',
    '4',
  ];
  const pictures = [
    '-map',
    '0:v',
    '-fps_mode',
    'passthrough',
    '-vf',
    'scale=640:-2',
    '-pix_fmt',
    'rgb24',
    '-f',
    'rawvideo',
  ];
  const sound = ['-map', '0:a', '-ac', '1', '-ar', '16000', '-f', 's16le'];
  return [
    ...['-rtsp_transport', 'tcp', '-skip_frame', 'nokey', '-i', url],
    ...[...record, join(dir, 'floor.m3u8')],
    ...[...pictures, '-y', '/dev/null'],
    ...[...sound, '-y', '/dev/null'],
  ];
}

function decodeAllArgs(url: string): string[] {
  const pictures = ['-map', '0:v', '-vf', 'fps=5,scale=1280:720', '-pix_fmt', 'rgb24', '-f', 'rawvideo'];
  return ['-rtsp_transport', 'tcp', '-i', url, ...pictures, '-y', '/dev/null'];
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
