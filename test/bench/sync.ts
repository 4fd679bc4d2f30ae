/**
 * What sending to a hub costs: a store filled with made-up recordings, the engine and the target of the edge in this process,
 * a hub that is an appliance of its own. Bytes are counted by a proxy, which holds back what it carries for 50 ms each way
 * while alerts are sent beside recordings; the CPU is measured without it.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseConfig } from '#config';
import { type BoxReport, newId } from '#domain';
import { createLog, systemClock } from '#runtime';
import type { Store } from '#store';
import { Sync } from '#sync';
import { HubTarget } from '../../src/sync/targets/hub.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { Kept } from '../e2e/support/kept.ts';
import { startLine } from '../e2e/support/line.ts';
import { processTree } from '../e2e/support/processes.ts';
import { until } from '../e2e/support/waiting.ts';
import { aFiring, anArmedCamera, aSegment, aSession, openStore } from '../store/fixture.ts';
import type { Figures } from './main.ts';
import { endProgress, showProgress } from './progress.ts';

const MB = 1e6;
/** Four seconds at 2 Mbit/s. */
const SEGMENT_BYTES = MB;
const SEGMENT_MS = 4000;
const COUNTED_SEGMENTS = 60;
const TIMED_SEGMENTS = 500;
const ALERTS = 100;
const ALERT_EVERY_MS = 200;
const DELAY_MS = 50;
const PATIENCE_MS = 300_000;

export async function sync(): Promise<Figures> {
  await using hub = await TestAppliance.start({ config: { name: 'hub' }, logLevel: 'info' });
  await using line = await startLine(Number(new URL(hub.url).port));
  using there = new Kept(hub.dataDir);
  showProgress('bytes on the wire');
  const ratio = await bytesRatio(hub, line, there);
  showProgress('CPU', 0.3);
  const cpu = await cpuPerGb(hub, there);
  showProgress('alerts', 0.7);
  line.become({ delayMs: DELAY_MS });
  const times = await alertTimes(hub, line.port, there);
  endProgress();
  const at = (share: number) => Math.round(times[Math.floor(share * times.length)] ?? Number.NaN);
  return {
    bytes_ratio: Number(ratio.toFixed(4)),
    cpu_s_per_gb: Number(cpu.edge.toFixed(2)),
    hub_cpu_s_per_gb: Number(cpu.hub.toFixed(2)),
    mb_per_s: Math.round(cpu.mbPerS),
    alert_p50_ms: at(0.5),
    alert_p95_ms: at(0.95),
    alert_most_ms: at(0.999),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? '?'}, load ${loadavg()[0]?.toFixed(1)}`,
  };
}

/** Both ways, all requests and answers, ÷ the bytes of the recordings. */
async function bytesRatio(
  hub: TestAppliance,
  line: { port: number; carried: { there: number; back: number } },
  there: Kept,
) {
  await using edge = await anEdge(hub, line.port);
  const [before, had] = [line.carried.there + line.carried.back, there.segments().length];
  await edge.record(COUNTED_SEGMENTS);
  await arrived(there, had + COUNTED_SEGMENTS);
  return (line.carried.there + line.carried.back - before) / (COUNTED_SEGMENTS * SEGMENT_BYTES);
}

async function cpuPerGb(hub: TestAppliance, there: Kept) {
  await using edge = await anEdge(hub, Number(new URL(hub.url).port));
  const had = there.segments().length;
  edge.sync.pause(undefined, 'bench');
  await edge.record(TIMED_SEGMENTS);
  const [begun, begunHub, begunMs] = [process.cpuUsage(), await cpuOf(hub.pid), performance.now()];
  edge.sync.resume();
  await arrived(there, had + TIMED_SEGMENTS);
  const { user, system } = process.cpuUsage(begun);
  const gb = (TIMED_SEGMENTS * SEGMENT_BYTES) / 1e9;
  const seconds = (performance.now() - begunMs) / 1000;
  return {
    edge: (user + system) / 1e6 / gb,
    hub: ((await cpuOf(hub.pid)) - begunHub) / gb,
    mbPerS: (gb * 1000) / seconds,
  };
}

/** From the commit of a firing here to its row there, in ms, in order, while recordings are sent. */
async function alertTimes(hub: TestAppliance, port: number, there: Kept): Promise<number[]> {
  await using edge = await anEdge(hub, port);
  await edge.record(TIMED_SEGMENTS);
  const times: number[] = [];
  for (let n = 0; n < ALERTS; n += 1) {
    const begunMs = performance.now();
    const firing = edge.fire(n);
    while (!there.hasFiring(firing)) {
      if (performance.now() - begunMs > PATIENCE_MS) throw new Error('an alert never came');
      await sleep(2);
    }
    times.push(performance.now() - begunMs);
    await sleep(ALERT_EVERY_MS);
  }
  return times.sort((a, b) => a - b);
}

async function cpuOf(pid: number): Promise<number> {
  return (await processTree(pid)).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

const arrived = (there: Kept, count: number) =>
  until(`${count} segments are at the hub`, () => there.segments().length >= count, PATIENCE_MS);

/** A box with an armed camera that sends all its recordings through that port. */
async function anEdge(hub: TestAppliance, port: number) {
  const opened = await openStore(systemClock);
  const { store, dir } = opened;
  const camera = anArmedCamera(store);
  const { key } = await hub.data<{ key: string }>('POST', '/v1/control/keys', {
    label: newId('box'),
    scopes: ['edge'],
  });
  const url = `http://127.0.0.1:${port}`;
  const send = { segments: 'all', clips: false, pictures: 'never', records: false };
  const { targets } = parseConfig(
    JSON.stringify({ sync: { targets: [{ kind: 'hub', name: 'hub', url, token: key, send }] } }),
    {},
    'bench',
  ).sync;
  const report = (): BoxReport => ({
    ...{ boxId: store.boxId, name: 'edge', version: 'bench', clockMs: Date.now(), startedMs: Date.now() },
    ...{ cameras: [], waiting: [], notes: [] },
  });
  const mediaDir = join(dir, 'media');
  const engine = await Sync.start(
    {
      ...{ store, mediaDir, thumbsDir: join(dir, 'thumbs'), spoolDir: join(dir, 'clips') },
      payload: (firing) => ({ firing_id: firing.id }),
      openClip: () => Promise.reject(new Error('no clips are sent')),
      makeTarget: async (config) => {
        if (config.kind !== 'hub') throw new Error('only hubs here');
        return HubTarget.start(config, { report: async () => report(), clock: systemClock });
      },
      clock: systemClock,
      log: createLog('warn'),
    },
    targets,
  );
  const fromMs = Date.now() - 3_600_000;
  let fired = 0;
  return {
    sync: engine,
    record: (count: number) => record(store, camera.stream.id, mediaDir, count, fromMs),
    fire: (n: number) => {
      fired += 1;
      const firing = aFiring(camera.alert, fromMs + n * 10_000 + fired);
      const cursor = store.journal.cursor('events');
      store.commitEvaluation({ cursor, cursorName: 'events', states: [], firings: [{ firing, deliveries: [] }] });
      return firing.id;
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** Made-up bytes, as no line packs video. */
async function record(store: Store, streamId: string, mediaDir: string, count: number, fromMs: number): Promise<void> {
  const session = aSession(streamId, { codecs: 'avc1.640028', startedMs: fromMs });
  const bytes = randomBytes(SEGMENT_BYTES);
  await write(join(mediaDir, session.initPath), randomBytes(1200));
  for (let n = 0; n < count; n += 1) {
    const segment = aSegment(session, fromMs + n * SEGMENT_MS, { bytes: SEGMENT_BYTES });
    await write(join(mediaDir, segment.path), bytes);
    store.segments.add(segment, session);
  }
}

async function write(file: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
}
