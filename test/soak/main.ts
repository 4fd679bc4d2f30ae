/**
 * `npm run soak -- --minutes N`: four cameras on the real appliance, something broken every half minute, and what grows
 * meanwhile. Exit status 1 when video is missing that no fault explains, when a process is left, or (from half an hour
 * on) when memory, descriptors or the database's log grow without end.
 */
import { join } from 'node:path';
import { setTimeout as timer } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Lifetime } from '#runtime';
import { endProgress, showProgress } from '../bench/progress.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { watchpost } from '../e2e/support/cli.ts';
import { ffmpegsWithin } from '../e2e/support/processes.ts';
import { reelOf } from '../e2e/support/reel.ts';
import { sharedFile } from '../e2e/support/shared.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { until } from '../e2e/support/waiting.ts';
import { addCamera, recordedSince, timeline } from '../e2e/support/watching.ts';
import type { StatusAnswer } from '../e2e/support/wire.ts';
import { type Breakable, breakableCamera, FAULTS } from './faults.ts';
import { type Sample, sample, slopePerHour } from './samples.ts';

const CAMERAS = 4;
const FAULT_EVERY_MS = 30_000;
const SAMPLE_EVERY_MS = 5000;
/** What a fault on a camera may cost before and after it. */
const EXPLAINED_MS = 15_000;
/** Whatever is loaded once has been loaded by then. */
const WARM_SHARE = 0.25;
const JUDGED_FROM_MINUTES = 30;
const MOST_PER_HOUR = { rssMb: 20, descriptors: 10, walMb: 8, processes: 2 } as const;

interface Fault {
  what: string;
  streamId: string | undefined;
  fromMs: number;
  toMs: number;
}

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } });
const minutes = Number(values.minutes);
if (!(minutes >= 1 && minutes <= 10_000)) {
  console.error('npm run soak -- --minutes N: N is a number from 1 to 10000');
  process.exit(2);
}
process.exitCode = (await soak(minutes)) ? 0 : 1;

async function soak(forMinutes: number): Promise<boolean> {
  const life = new Lifetime();
  try {
    const dir = life.use(await tempDir());
    const pack = sharedFile('models/yolox-nano');
    if (pack) await watchpost(['models', 'import', pack, '--data-dir', dir.path]);
    else console.error('../shared is absent: no detector, so nothing is broken about models');
    const reel = await reelOf({ pictures: 600 });
    const cameras: { camera: Breakable; streamId: string }[] = [];
    const served = [];
    for (let n = 0; n < CAMERAS; n += 1) served.push(life.use(await breakableCamera(reel)));
    const appliance = life.use(await TestAppliance.start({ dataDir: dir.path, logLevel: 'info' }));
    for (const [n, camera] of served.entries()) {
      const { streamId } = await addCamera(appliance, { url: camera.url, name: `camera ${n}`, seconds: 5, frames: 2 });
      cameras.push({ camera, streamId });
    }
    for (const { streamId } of cameras) await recordedSince(appliance, streamId, 0, 4);
    const { samples, faults } = await run(appliance, cameras, forMinutes * 60_000);
    for (const { streamId } of cameras) await recordedSince(appliance, streamId, Date.now(), 4);
    const missing = await unexplained(appliance, cameras, faults);
    await appliance[Symbol.asyncDispose]();
    const left = (await ffmpegsWithin(dir.path)).length;
    return report(samples, faults, missing, left, forMinutes);
  } finally {
    await life[Symbol.asyncDispose]();
  }
}

async function run(
  appliance: TestAppliance,
  cameras: readonly { camera: Breakable; streamId: string }[],
  forMs: number,
): Promise<{ samples: Sample[]; faults: Fault[] }> {
  const [samples, faults]: [Sample[], Fault[]] = [[], []];
  const startedMs = performance.now();
  const elapsed = () => performance.now() - startedMs;
  const names = Object.keys(FAULTS);
  let breaking: Promise<void> = Promise.resolve();
  while (elapsed() < forMs) {
    samples.push(await sample(appliance.pid, appliance.dataDir, startedMs));
    const due = faults.length < Math.floor(elapsed() / FAULT_EVERY_MS) && forMs - elapsed() > 2 * EXPLAINED_MS;
    if (due) {
      await breaking;
      const what = names[faults.length % names.length] ?? '';
      const broken = cameras[faults.length % cameras.length];
      if (broken) breaking = breakOne(appliance, what, broken, faults);
    }
    showProgress(`${faults.at(-1)?.what ?? 'recording'} (${samples.at(-1)?.rssMb.toFixed(0)} MB)`, elapsed() / forMs);
    await timer(SAMPLE_EVERY_MS);
  }
  await breaking;
  endProgress();
  return { samples, faults };
}

async function breakOne(
  appliance: TestAppliance,
  what: string,
  { camera, streamId }: { camera: Breakable; streamId: string },
  faults: Fault[],
): Promise<void> {
  const isCameras = !what.startsWith('models');
  const fault: Fault = { what, streamId: isCameras ? streamId : undefined, fromMs: Date.now(), toMs: Date.now() };
  faults.push(fault);
  const { inference } = await appliance.data<StatusAnswer>('GET', '/v1/status');
  const mediaDir = join(appliance.dataDir, 'media', streamId);
  await FAULTS[what]?.({ camera, mediaDir, inferencePid: inference.pid }, (ms) => timer(ms));
  fault.toMs = Date.now();
}

/** Gaps that no fault on their camera explains. */
async function unexplained(
  appliance: TestAppliance,
  cameras: readonly { streamId: string }[],
  faults: readonly Fault[],
): Promise<string[]> {
  const missing: string[] = [];
  for (const { streamId } of cameras) {
    const { gaps } = await until('the timeline', () => timeline(appliance, streamId));
    for (const { start, end, reason } of gaps) {
      const why = faults.find(
        (fault) =>
          fault.streamId === streamId &&
          start * 1000 < fault.toMs + EXPLAINED_MS &&
          end * 1000 > fault.fromMs - EXPLAINED_MS,
      );
      if (!why) missing.push(`${(end - start).toFixed(1)} s at ${new Date(start * 1000).toISOString()}: ${reason}`);
    }
  }
  return missing;
}

function report(
  all: readonly Sample[],
  faults: readonly Fault[],
  missing: readonly string[],
  left: number,
  forMinutes: number,
): boolean {
  const samples = all.slice(Math.floor(all.length * WARM_SHARE));
  const isJudged = forMinutes >= JUDGED_FROM_MINUTES;
  const rows = [['', 'first', 'last', 'most', 'per hour']];
  const growing: string[] = [];
  for (const figure of ['rssMb', 'allRssMb', 'descriptors', 'processes', 'walMb'] as const) {
    const slope = slopePerHour(samples, figure);
    const most = Math.max(...all.map((one) => one[figure]));
    const limit = figure in MOST_PER_HOUR ? MOST_PER_HOUR[figure as keyof typeof MOST_PER_HOUR] : undefined;
    if (isJudged && limit !== undefined && slope > limit) growing.push(figure);
    rows.push([
      figure,
      ...[samples[0]?.[figure], samples.at(-1)?.[figure], most, slope].map((n) => (n ?? 0).toFixed(1)),
    ]);
  }
  for (const cells of rows)
    console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(12) : cell.padStart(9))).join(' '));
  console.log(`${forMinutes} minutes, ${CAMERAS} cameras, ${faults.length} faults; processes left at the end: ${left}`);
  console.log(`video missing without a fault: ${missing.length === 0 ? 'none' : missing.join('; ')}`);
  if (!isJudged) console.log(`what grows is judged from ${JUDGED_FROM_MINUTES} minutes on`);
  else console.log(growing.length === 0 ? 'nothing grows' : `too much growth: ${growing.join(', ')}`);
  return missing.length === 0 && left === 0 && growing.length === 0;
}
