import { join } from 'node:path';
import { setTimeout as timer } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { type RtspServer, startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { watchpost } from '../e2e/support/cli.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { until } from '../e2e/support/waiting.ts';
import { addCamera } from '../e2e/support/watching.ts';
import type { StatusAnswer, TimelineAnswer } from '../e2e/support/wire.ts';
import { cpuUse } from './cpu.ts';
import { showProgress } from './progress.ts';

const MEASURED_S = 45;
const SETTLED_SEGMENTS = 3;
/** Every two seconds with two pictures: more than twice as often as by default. */
const WINDOW = { seconds: 2, frames: 2 };
/** How often it is looked for new scenes, ms. */
const EVERY_MS = 10;

export interface CameraMeasure {
  cameras: number;
  gaps: number;
  /** From the end of a window to its scene in the database; scenes that only grow don't count. */
  p50Ms: number;
  p95Ms: number;
  scenes: number;
  /** Frames, windows and pictures for which there was no time. */
  dropped: number;
  /** Of one core, all processes of the appliance. */
  cpuPercent: number;
}

/** So many cameras that show the clip, on an appliance of their own. */
export async function measureCameras(count: number, pack: string, clip: string): Promise<CameraMeasure> {
  const what = `${count} ${count === 1 ? 'camera' : 'cameras'}`;
  showProgress(`${what}: starting`);
  await using dir = await tempDir();
  const imported = await watchpost(['models', 'import', pack, '--data-dir', dir.path]);
  if (imported.code !== 0) throw new Error(`the pack could not be imported: ${imported.stderr}`);
  const served: RtspServer[] = [];
  try {
    for (let n = 0; n < count; n++) served.push(await startRtspServer({ file: clip, name: `room-${n}` }));
    await using appliance = await TestAppliance.start({ dataDir: dir.path, logLevel: 'info' });
    for (const [n, { url }] of served.entries()) await addCamera(appliance, { url, name: `room ${n}`, ...WINDOW });
    await until('all cameras record', async () => (await settled(appliance, count)) || undefined, 120_000);
    showProgress(`${what}: measuring`);
    return await measure(appliance, dir.path, count);
  } finally {
    await Promise.all(served.map((camera) => camera[Symbol.asyncDispose]()));
  }
}

async function settled(appliance: TestAppliance, count: number): Promise<boolean> {
  const { cameras, inference } = await appliance.data<StatusAnswer>('GET', '/v1/status');
  const recording = cameras.filter(({ segments_written: written }) => written >= SETTLED_SEGMENTS);
  return recording.length === count && inference.state === 'ready';
}

async function measure(appliance: TestAppliance, dataDir: string, count: number): Promise<CameraMeasure> {
  const before = await counted(appliance);
  const fromS = Date.now() / 1000;
  const stop = new AbortController();
  const watching = watchScenes(join(dataDir, 'watchpost.db'), stop.signal);
  const use = await cpuUse(appliance.pid, MEASURED_S, () => 'all');
  stop.abort();
  const latencies = (await watching).sort((a, b) => a - b);
  const after = await counted(appliance);
  const at = (share: number) => Math.round(latencies[Math.floor((latencies.length - 1) * share)] ?? Number.NaN);
  return {
    cameras: count,
    gaps: await gapsSince(appliance, fromS),
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    scenes: latencies.length,
    dropped: after - before,
    cpuPercent: use.percent,
  };
}

/** Of each scene that comes, how long ago its window ended, ms; read beside the appliance, which notices nothing of it. */
async function watchScenes(file: string, stop: AbortSignal): Promise<number[]> {
  const database = new Database(file, { readonly: true });
  try {
    const newest = database.prepare<[], { id: number | null }>('SELECT max(id) AS id FROM scenes');
    const since = database.prepare<[number], { id: number; end_ms: number }>(
      'SELECT id, end_ms FROM scenes WHERE id > ? ORDER BY id',
    );
    const latencies: number[] = [];
    for (let last = newest.get()?.id ?? 0; !stop.aborted; await timer(EVERY_MS)) {
      for (const { id, end_ms: endMs } of since.all(last)) {
        latencies.push(Date.now() - endMs);
        last = id;
      }
    }
    return latencies;
  } finally {
    database.close();
  }
}

interface Counted {
  inference: { dropped: number };
  cameras: { frames_dropped: number; windows_dropped: number }[];
}

async function counted(appliance: TestAppliance): Promise<number> {
  const { cameras, inference } = await appliance.data<Counted>('GET', '/v1/status');
  return cameras.reduce((sum, camera) => sum + camera.frames_dropped + camera.windows_dropped, inference.dropped);
}

/** What the box calls a gap, and what is missing between what it has recorded. */
async function gapsSince(appliance: TestAppliance, fromS: number): Promise<number> {
  const { cameras } = await appliance.data<StatusAnswer>('GET', '/v1/status');
  const toS = Math.min(...cameras.map(({ last_segment_end_ms: endMs = 0 }) => endMs / 1000));
  let found = 0;
  for (const { stream_id: id } of cameras) {
    const range = `start=${Math.floor(fromS)}&end=${Math.ceil(toS)}`;
    const { recorded, gaps } = await appliance.data<TimelineAnswer>('GET', `/v1/timeline?stream=${id}&${range}`);
    const starts = [...recorded.map(([start]) => start), toS];
    const ends = [fromS, ...recorded.map(([, end]) => end)];
    const holes = starts.filter((start, n) => start > (ends[n] ?? 0) + 0.001).length;
    for (const { reason, start, end } of gaps)
      process.stderr.write(`a gap of ${(end - start).toFixed(1)} s: ${reason}\n`);
    found += Math.max(holes, gaps.length);
  }
  return found;
}
