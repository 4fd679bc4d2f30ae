/**
 * What the box takes when nothing happens: memory and CPU with no, one, four and eight quiet 1080p25 cameras, by what the
 * processes are; how long from its start until something is recorded, and until something was seen; how large a release is.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { type RtspServer, startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { makeRelease } from '../e2e/installed/releases.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { watchpost } from '../e2e/support/cli.ts';
import { type ProcessEntry, processTree } from '../e2e/support/processes.ts';
import { sharedFile } from '../e2e/support/shared.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { quietCamera } from '../e2e/support/videos.ts';
import { until } from '../e2e/support/waiting.ts';
import { scenes } from '../e2e/support/watching.ts';
import type { CameraState, StatusAnswer } from '../e2e/support/wire.ts';
import { cpuUse } from './cpu.ts';
import type { Figures } from './main.ts';

const CAMERAS = [0, 1, 4, 8];
const MEASURED_S = 20;
const CLIP_S = 300;
/** What the first minute takes to load has been loaded. */
const SETTLED_SEGMENTS = 3;
const MB = 1e6;

export async function footprint(): Promise<Figures> {
  const loadBefore = loadavg()[0] ?? 0;
  await using camera = await startRtspServer({ file: await quietCamera(CLIP_S), name: 'quiet' });
  const figures: Figures = {};
  for (const count of CAMERAS) Object.assign(figures, await idle(camera, count));
  return {
    ...figures,
    ...(await firsts(camera)),
    ...(await installed()),
    detector: sharedFile('models/yolox-nano') ? 'yolox-nano' : 'none',
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    load_before: Math.round(loadBefore * 100) / 100,
  };
}

/** One index for each camera, as by default. */
async function box(dir: string, url: string, count: number): Promise<TestAppliance> {
  const pack = sharedFile('models/yolox-nano');
  if (pack) await watchpost(['models', 'import', pack, '--data-dir', dir]);
  const cameras = Array.from({ length: count }, (_, n) => ({ name: `quiet ${n + 1}`, url }));
  return TestAppliance.start({ dataDir: dir, config: { cameras }, logLevel: 'info', whenServing: false });
}

async function idle({ url }: RtspServer, count: number): Promise<Figures> {
  await using dir = await tempDir();
  await using appliance = await box(dir.path, url, count);
  await appliance.serving();
  await until('all record', async () => (await cameras(appliance)).every(hasSettled), 300_000);
  const name = (entry: ProcessEntry) => partOf(entry, appliance.pid);
  const use = await cpuUse(appliance.pid, MEASURED_S, name);
  const tree = await processTree(appliance.pid);
  const memory = memoryOf(tree, name);
  return {
    [`rss_mb_${count}`]: memory.rss,
    [`pss_mb_${count}`]: memory.pss,
    ...Object.fromEntries(Object.entries(memory.parts).map(([part, mb]) => [`rss_mb_${count}_${part}`, mb])),
    [`threads_${count}`]: tree.reduce((sum, { pid }) => sum + readdirSync(`/proc/${pid}/task`).length, 0),
    [`cpu_percent_${count}`]: Math.round(use.percent * 10) / 10,
  };
}

async function cameras(appliance: TestAppliance): Promise<CameraState[]> {
  return (await appliance.data<StatusAnswer>('GET', '/v1/status')).cameras;
}

const hasSettled = ({ segments_written: written }: CameraState): boolean => written >= SETTLED_SEGMENTS;

function partOf({ pid, argv }: ProcessEntry, main: number): string {
  if (pid === main) return 'main';
  if (argv[0]?.endsWith('ffmpeg')) return 'ffmpeg';
  return 'models';
}

/** RSS counts what processes share once for each; PSS shares it out. */
function memoryOf(tree: readonly ProcessEntry[], name: (entry: ProcessEntry) => string) {
  const parts: Record<string, number> = {};
  let [rss, pss] = [0, 0];
  for (const entry of tree) {
    const rollup = readFileSync(`/proc/${entry.pid}/smaps_rollup`, 'utf8');
    const kb = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * 1024;
    rss += kb('Rss');
    pss += kb('Pss');
    parts[name(entry)] = (parts[name(entry)] ?? 0) + kb('Rss');
  }
  const rounded = Object.fromEntries(Object.entries(parts).map(([part, bytes]) => [part, Math.round(bytes / MB)]));
  return { rss: Math.round(rss / MB), pss: Math.round(pss / MB), parts: rounded };
}

/** From the start of the process, with one camera that sends a keyframe every second or two. */
async function firsts({ url }: RtspServer): Promise<Figures> {
  await using dir = await tempDir();
  const startedMs = performance.now();
  await using appliance = await box(dir.path, url, 1);
  await appliance.serving();
  const since = () => Math.round(performance.now() - startedMs);
  const servingMs = since();
  const camera = async () => (await cameras(appliance))[0];
  const segment = until('a segment', async () => ((await camera())?.segments_written ?? 0) > 0 && since());
  const seen = async () => scenes(appliance, (await camera())?.stream_id ?? '', 1);
  const scene = until('a scene', async () => (await seen()).length > 0 && since());
  return { serving_ms: servingMs, first_segment_ms: await segment, first_scene_ms: await scene };
}

async function installed(): Promise<Figures> {
  await using dir = await tempDir();
  const { path } = makeRelease(dir.path, 'measured', '--folder');
  const parts = ['node', 'node_modules', 'dist'].map((part) => [`install_mb_${part}`, sizeOf(join(path, part))]);
  return { install_mb: sizeOf(path), ...Object.fromEntries(parts) };
}

function sizeOf(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.round(entries.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0) / MB);
}
