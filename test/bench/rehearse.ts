/** A week of one camera, a scene every five seconds, rehearsed over HTTP by a box that records two others meanwhile. */
import { readFile, rm } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { createLog, systemClock } from '#runtime';
import { Store } from '#store';
import { type RtspServer, startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { quietCamera } from '../e2e/support/videos.ts';
import { until } from '../e2e/support/waiting.ts';
import { anObject, EMPTY, withObjects } from '../events/scenes.ts';
import { aCamera } from '../store/fixture.ts';
import { gapsSince, recordingCameras } from './cameras.ts';
import type { Figures } from './main.ts';
import { endProgress, showProgress } from './progress.ts';

const SCENES = 120_960;
const WINDOW_MS = 5000;
const CAMERAS = 2;
/** Long enough for connecting, settling and measuring; the cameras end with it. */
const CLIP_S = 120;
const SETTLED_SEGMENTS = 3;
const IDLE_MS = 10_000;
const PROMPTS = {
  enters: 'a person enters the gate',
  stays: 'a person stays at the gate for 30 seconds',
  absent: 'nobody at the gate for 1 minute',
  words: 'a forklift carries a pallet',
};
const PROBE = new URL('loop-probe.mjs', import.meta.url);

export async function rehearse(): Promise<Figures> {
  const loadBefore = loadavg()[0] ?? 0;
  await using dir = await tempDir();
  const dataDir = join(dir.path, 'data');
  const fromMs = await storeWeek(dataDir);
  const file = await quietCamera(CLIP_S);
  const probed = join(dir.path, 'loop.json');
  process.env['NODE_OPTIONS'] = `--import ${PROBE.href}`;
  process.env['LOOP_PROBE_FILE'] = probed;
  const served: RtspServer[] = [];
  try {
    for (let n = 0; n < CAMERAS; n++) served.push(await startRtspServer({ file, name: `quiet-${n}` }));
    const cameras = served.map(({ url }, n) => ({ name: `quiet ${n}`, url }));
    await using box = await TestAppliance.start({ dataDir, config: { cameras }, logLevel: 'info' });
    showProgress('waiting until all cameras record');
    await until('all cameras record', async () => {
      const recording = await recordingCameras(box, CAMERAS);
      return recording.every(({ segments_written: count }) => count >= SETTLED_SEGMENTS);
    });
    const measured = await measure(box, fromMs, () => lateness(box, probed));
    endProgress();
    const cpu = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`;
    return { rehearsed_scenes: SCENES, ...measured, cpu, load_before: Number(loadBefore.toFixed(2)) };
  } finally {
    delete process.env['NODE_OPTIONS'];
    await Promise.all(served.map((camera) => camera[Symbol.asyncDispose]()));
  }
}

async function measure(
  box: TestAppliance,
  fromMs: number,
  late: () => Promise<{ p99: number; max: number }>,
): Promise<Figures> {
  const figures: Figures = {};
  await late();
  const fromS = Date.now() / 1000;
  showProgress('recording only');
  await systemClock.sleep(IDLE_MS);
  figures['idle_loop_p99_ms'] = round((await late()).p99);
  for (const [name, prompt] of Object.entries(PROMPTS)) {
    showProgress(`rehearsing "${prompt}"`);
    const begunMs = performance.now();
    const headers = { accept: 'application/x-ndjson' };
    const answer = await box.request('POST', '/v1/events/rehearse', { prompt, from: fromMs / 1000 }, headers);
    const lines = (await answer.text()).trimEnd().split('\n');
    figures[`${name}_ms`] = Math.round(performance.now() - begunMs);
    const { p99, max } = await late();
    figures[`${name}_loop_p99_ms`] = round(p99);
    figures[`${name}_loop_max_ms`] = round(max);
    figures[`${name}_alerts`] = JSON.parse(lines.at(-1) ?? '{}').alerts;
  }
  showProgress('waiting for the last segments');
  return { gaps: await gapsSince(box, CAMERAS, fromS), ...figures };
}

/** By how much the box's event loop was late since it was asked last. */
async function lateness(box: TestAppliance, file: string): Promise<{ p99: number; max: number }> {
  await rm(file, { force: true });
  process.kill(box.pid, 'SIGUSR2');
  return until('the probe', async () => JSON.parse(await readFile(file, 'utf8')));
}

/** Returns when it begins. */
async function storeWeek(dataDir: string): Promise<number> {
  await using store = await Store.open(dataDir, { clock: systemClock, log: createLog('silent') });
  const { stream, index } = aCamera(store, { wanted: 'stopped', zones: [{ name: 'gate', polygon: GATE }] });
  const fromMs = Date.now() - SCENES * WINDOW_MS;
  for (let n = 0; n < SCENES; n += 1) {
    if (n % 5000 === 0) showProgress('storing scenes', n / SCENES);
    const startMs = fromMs + n * WINDOW_MS;
    const text = n % 11 === 0 ? 'a person carries a box' : 'a yard';
    const times = { startMs, endMs: startMs + WINDOW_MS };
    const scene = { streamId: stream.id, indexId: index.id, ...times, text, facts: factsOf(n, startMs) };
    store.scenes.addPast(scene, new Float32Array(0), 'none');
  }
  return fromMs;
}

const GATE: [number, number][] = [
  [0, 0],
  [1, 0],
  [1, 1],
];

function factsOf(n: number, startMs: number) {
  const people = n % 7 === 0 ? 2 : n % 3 === 0 ? 1 : 0;
  const score = 0.5 + (n % 40) / 100;
  const person = (track: number) => anObject('person', { track, sinceMs: startMs, score, zones: ['gate'] });
  return people === 0 ? EMPTY : withObjects(...Array.from({ length: people }, (_, i) => person(n + i)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
