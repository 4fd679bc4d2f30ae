/**
 * What it costs to see: the whole path from frames to stored scenes against the bare model in the same run, how much of
 * the looking the gate saves, and what one to eight cameras at once do to recordings and to the time until a scene is
 * stored. Needs the reference packs and footage beside the repository.
 */
import { cpus, loadavg } from 'node:os';
import { sharedFile } from '../e2e/support/shared.ts';
import type { Figures } from './main.ts';
import { endProgress } from './progress.ts';
import { type CameraMeasure, measureCameras } from './seeing-cameras.ts';
import { measurePath } from './seeing-path.ts';

const PACK = 'yolox-nano';
const CAMERAS = [1, 2, 4, 8];

export async function seeing(): Promise<Figures> {
  const loadBefore = loadavg()[0] ?? 0;
  const pack = sharedFile(`models/${PACK}`);
  const clip = sharedFile('media/video/one-by-one-person-detection.mp4');
  if (!pack || !clip) throw new Error('the reference packs and footage are not beside the repository');
  const path = await measurePath(pack, clip);
  const measures: CameraMeasure[] = [];
  for (const count of CAMERAS) measures.push(await measureCameras(count, pack, clip));
  endProgress();
  const worst = (of: (measure: CameraMeasure) => number) => Math.max(...measures.map(of));
  return {
    throughput_ratio: round(path.runsPerS / path.barePerS, 3),
    gate_saved: round(path.gateSaved, 3),
    latency_p50_ms: worst(({ p50Ms }) => p50Ms),
    latency_p95_ms: worst(({ p95Ms }) => p95Ms),
    recording_gaps: measures.reduce((sum, { gaps }) => sum + gaps, 0),
    bare_runs_per_s: round(path.barePerS, 1),
    path_runs_per_s: round(path.runsPerS, 1),
    path_windows_per_s: round(path.windowsPerS, 1),
    path_dropped: path.dropped,
    ...Object.assign({}, ...measures.map(figuresOf)),
    pack: PACK,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    load_before: round(loadBefore, 2),
    load_after: round(loadavg()[0] ?? 0, 2),
  };
}

function figuresOf({ cameras, ...measure }: CameraMeasure): Figures {
  return {
    [`cameras_${cameras}_recording_gaps`]: measure.gaps,
    [`cameras_${cameras}_latency_p50_ms`]: measure.p50Ms,
    [`cameras_${cameras}_latency_p95_ms`]: measure.p95Ms,
    [`cameras_${cameras}_scenes`]: measure.scenes,
    [`cameras_${cameras}_dropped`]: measure.dropped,
    [`cameras_${cameras}_cpu_percent`]: Math.round(measure.cpuPercent),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
