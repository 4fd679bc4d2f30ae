/**
 * How fast the box answers while it records: four cameras and a hundred thousand stored scenes. Pages of scenes are
 * compared with one bare Hono route that answers the same document, asked by the same client in the same run. What
 * matters most is that no recording has a gap, however much is asked.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Child } from '#runtime';
import { type RtspServer, startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { quietCamera } from '../e2e/support/videos.ts';
import { until } from '../e2e/support/waiting.ts';
import type { CameraState, TimelineAnswer } from '../e2e/support/wire.ts';
import { type Archive, storeScenes } from './archive.ts';
import { gapsSince, recordingCameras } from './cameras.ts';
import { type Ask, type Load, load, type Summary, summaryOf } from './load.ts';
import type { Figures } from './main.ts';
import { endProgress, showProgress } from './progress.ts';

const SCENES = 100_000;
const CAMERAS = 4;
/** Long enough for connecting, settling and measuring; the cameras end with it. */
const CLIP_S = 120;
const SETTLED_SEGMENTS = 3;
const CONNECTIONS = 4;
/** All are asked for in turn, so that what else the machine does meets them alike. */
const ROUNDS = 4;
const WARM_S = 0.5;
const ROUND_S = 2.5;
/** The page size that VideoDB's SDKs ask for. */
const PAGE_SIZE = 100;
const PAGES = 50;
/** Common and rare words, several and one, synonyms, and nothing that is there. */
const QUERIES = [
  'person at the gate',
  'a red car in the driveway',
  'someone walking a pet near a vehicle',
  'dog',
  'loading dock',
  'horse toward the camera',
  'purple elephant playing chess',
  'bonjour',
];
const BARE = fileURLToPath(new URL('bare-route.mjs', import.meta.url));

const ASKED = ['bare', 'scenes', 'search', 'stream'] as const;
type Asked = (typeof ASKED)[number];
type Loads = Record<Asked, Summary>;

export async function api(): Promise<Figures> {
  const loadBefore = loadavg()[0] ?? 0;
  await using dir = await tempDir();
  const dataDir = join(dir.path, 'data');
  showProgress('rendering the camera');
  const file = await quietCamera(CLIP_S);
  const archives = await storeScenes(dataDir, SCENES);
  const served: RtspServer[] = [];
  try {
    for (let n = 0; n < CAMERAS; n++) served.push(await startRtspServer({ file, name: `quiet-${n}` }));
    const cameras = served.map(({ url }, n) => ({ name: `quiet ${n}`, url }));
    await using appliance = await TestAppliance.start({ dataDir, config: { cameras }, logLevel: 'info' });
    const { loads, gaps, recordedS } = await measure(appliance, archives, dir.path);
    endProgress();
    return figures(loads, gaps, recordedS, loadBefore);
  } finally {
    await Promise.all(served.map((camera) => camera[Symbol.asyncDispose]()));
  }
}

async function measure(
  appliance: TestAppliance,
  archives: readonly Archive[],
  dir: string,
): Promise<{ loads: Loads; gaps: number; recordedS: number }> {
  showProgress('waiting until all cameras record');
  const cameras = await until('all cameras record', async () => {
    const recording = await recordingCameras(appliance, CAMERAS);
    return recording.every(({ segments_written: count }) => count >= SETTLED_SEGMENTS) ? recording : undefined;
  });
  const fromS = Date.now() / 1000;
  const loads = await measureLoads(appliance, archives, cameras, dir);
  const toS = Date.now() / 1000;
  showProgress('waiting for the last segments');
  const gaps = await gapsSince(appliance, CAMERAS, fromS);
  return { loads, gaps, recordedS: (toS - fromS) * cameras.length };
}

async function measureLoads(
  appliance: TestAppliance,
  archives: readonly Archive[],
  cameras: readonly CameraState[],
  dir: string,
): Promise<Loads> {
  const headers = { 'x-access-token': appliance.key };
  const ask = (path: string, body?: object): Ask => ({
    url: new URL(path, appliance.url).href,
    headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const pages = archives.flatMap(({ streamId, indexId }) =>
    Array.from({ length: PAGES }, (_, n) =>
      ask(`/rtstream/${streamId}/index/scene/${indexId}?page=${n + 1}&page_size=${PAGE_SIZE}`),
    ),
  );
  const searches = QUERIES.map((query) => ask('/rtstream/collection/default/search', { query, result_threshold: 10 }));
  const streams = await Promise.all(cameras.map(async ({ stream_id: id }) => ask(await playPath(appliance, id))));
  await using bare = await bareRoute(await bodyOf(pages), dir);
  return await inRounds({ bare: [{ url: bare.url, headers }], scenes: pages, search: searches, stream: streams });
}

async function inRounds(asks: Record<Asked, readonly Ask[]>): Promise<Loads> {
  const loads: Record<Asked, Load[]> = { bare: [], scenes: [], search: [], stream: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [n, what] of ASKED.entries()) {
      showProgress('asking', (round + n / ASKED.length) / ROUNDS);
      await load(asks[what], { connections: CONNECTIONS, seconds: WARM_S });
      loads[what].push(await load(asks[what], { connections: CONNECTIONS, seconds: ROUND_S }));
    }
  }
  return {
    bare: summaryOf(loads.bare),
    scenes: summaryOf(loads.scenes),
    search: summaryOf(loads.search),
    stream: summaryOf(loads.stream),
  };
}

/** Of what the camera has recorded so far. */
async function playPath(appliance: TestAppliance, streamId: string): Promise<string> {
  const { recorded } = await appliance.data<TimelineAnswer>('GET', `/v1/timeline?stream=${streamId}`);
  const [start, end] = recorded[0] ?? [0, 0];
  return `/rtstream/${streamId}/stream?start=${start}&end=${end}`;
}

async function bodyOf([ask]: readonly Ask[]): Promise<string> {
  const answer = ask && (await fetch(ask.url, { headers: ask.headers ?? {} }));
  if (!answer?.ok) throw new Error(`no page of scenes: ${answer?.status} ${await answer?.text()}`);
  return answer.text();
}

async function bareRoute(answer: string, dir: string): Promise<AsyncDisposable & { url: string }> {
  const file = join(dir, 'answer.json');
  await writeFile(file, answer);
  const child = await Child.start(process.execPath, [BARE, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdout } = child.process;
  if (!stdout) throw new Error('the bare route has no output');
  for await (const line of createInterface({ input: stdout })) {
    const { port }: { port: number } = JSON.parse(line);
    const end = () => child[Symbol.asyncDispose]();
    return { url: `http://127.0.0.1:${port}/records/1`, [Symbol.asyncDispose]: end };
  }
  throw new Error('the bare route ended at once');
}

function figures(loads: Loads, gaps: number, recordedS: number, loadBefore: number): Figures {
  const { bare, scenes, search, stream } = loads;
  return {
    recording_gaps: gaps,
    recorded_camera_seconds: Math.round(recordedS),
    scenes_rps_ratio: round(scenes.perSecond / bare.perSecond, 3),
    ...described('bare', bare),
    ...described('scenes', scenes),
    ...described('search', search),
    ...described('stream', stream),
    failed_requests: bare.failed + scenes.failed + search.failed + stream.failed,
    stored_scenes: SCENES,
    page_size: PAGE_SIZE,
    cameras: CAMERAS,
    connections: CONNECTIONS,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    load_before: round(loadBefore, 2),
  };
}

function described(name: string, { perSecond, p50Ms, p99Ms }: Summary): Figures {
  return {
    [`${name}_rps`]: round(perSecond, 1),
    [`${name}_p50_ms`]: round(p50Ms, 1),
    [`${name}_p99_ms`]: round(p99Ms, 1),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
