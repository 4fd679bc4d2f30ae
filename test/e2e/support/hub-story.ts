/**
 * Two appliances, a real camera at one of them, and a bad line to the other, which collects: VideoDB's own client sees,
 * searches and plays there what happens here. The line is cut, slow, and breaks; both boxes are killed: in the end all of
 * it is there, once, the alerts first.
 */
import { connect } from 'videodb';
import { expect } from 'vitest';
import { startRtspServer } from '../../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './appliance.ts';
import { ffmpeg, probeDuration } from './ffmpeg.ts';
import { Kept } from './kept.ts';
import { freePort } from './ports.ts';
import { tempDir } from './temp-dir.ts';
import { blinkingRoom } from './videos.ts';
import { until } from './waiting.ts';
import { addCamera, arm, type Watch } from './watching.ts';

/** From the edge to the hub. */
export interface BadLine {
  /** Where the edge finds the hub. */
  url: string;
  down(): void;
  /** 256 kbit/s, half a tenth of a second each way, and whatever else goes wrong. */
  slow(): void;
  heal(): void;
}

export interface StoryOptions {
  line: BadLine;
  startHub: (dataDir: string) => Promise<TestAppliance>;
  /** Alerts that are to fire while the line is down. */
  alerts: number;
}

const PATIENCE_MS = 120_000;
/** The light goes on every so often, and an alert fires: recordings of alerts that are closer together go as one. */
const ALERT_EVERY_S = 14;

/** Tells the whole story, and prints its figures. */
export async function everythingArrives({ line, startHub, alerts }: StoryOptions): Promise<void> {
  await using hubDir = await tempDir();
  await using edgeDir = await tempDir();
  await using camera = await startRtspServer({ file: await blinkingRoom(600, ALERT_EVERY_S / 2), name: 'room' });
  const edgePort = await freePort();
  await using hub = await Revived.start(() => startHub(hubDir.path));
  const { key } = await hub.now.data<{ key: string }>('POST', '/v1/control/keys', { label: 'barn', scopes: ['edge'] });
  const send = { segments: 'all', clips: { preSeconds: 0, postSeconds: 0 } };
  const target = { kind: 'hub', name: 'home', url: line.url, token: key, send };
  const config = { name: 'barn', recording: { segmentSeconds: 2 }, sync: { targets: [target] } };
  const startEdge = () => TestAppliance.start({ dataDir: edgeDir.path, port: edgePort, config });
  await using edge = await Revived.start(startEdge);
  const room = await addCamera(edge.now, { url: camera.url, name: 'room' });
  await arm(edge.now, room, { prompt: 'the light goes on', label: 'light' });
  using here = new Kept(edgeDir.path);
  using there = new Kept(hubDir.path);
  const isSeen = () => there.firings().length > 0 && there.segments().length > 4;
  await until('the first alert and recordings are at the hub', isSeen, PATIENCE_MS);
  await seenWithTheSdk(hub.now, room);

  const downMs = Date.now();
  line.down();
  const firings = here.firings().length;
  await until('alerts fire meanwhile', () => here.firings().length >= firings + alerts, PATIENCE_MS);
  // What was said while nobody was there, too.
  const [marked] = here.firings();
  await edge.now.data('PUT', `/v1/alerts/${marked}/feedback`, { verdict: 'wrong' });
  const isEnough = () => {
    const { clips, others } = whatIs(here.arrivals(downMs, Date.now()));
    return clips.length > 0 && others.length > 3;
  };
  await until('what they show is recorded, and more', isEnough, PATIENCE_MS);
  const upMs = Date.now();
  line.slow();
  const moreThan = (before: number) => () => there.segments().length > before;
  await until('some come over the slow line', moreThan(there.segments().length), PATIENCE_MS);
  await hub.killAndStart();
  await until('and after the hub was killed', moreThan(there.segments().length), PATIENCE_MS);
  await edge.killAndStart();
  const [sent, made] = [there.segments().length, here.segments().length];
  await until('the edge records again', () => here.segments().length > made, PATIENCE_MS);
  await edge.now.data('PATCH', `/rtstream/${room.streamId}/status`, { action: 'stop' });
  await until('and after the edge was killed', moreThan(sent), PATIENCE_MS);
  line.heal();
  const healedMs = Date.now();
  const isSame = () => JSON.stringify(contentOf(there)) === JSON.stringify(contentOf(here));
  await until('all has been sent', isSame, PATIENCE_MS).catch(() => undefined); // What differs is said here:
  expect(contentOf(there)).toEqual(contentOf(here));
  expect(there.mostTold()).toBe(1);
  expect(there.gaps()).not.toEqual([]); // While the edge was dead.
  expect(there.marks()).toEqual([`${marked} wrong`]);
  const { boxes } = await hub.now.data<{ boxes: { name: string }[] }>('GET', '/v1/boxes');
  expect(boxes).toMatchObject([{ name: 'barn' }]);

  const removal = `/v1/control/cameras/${room.streamId}?delete_recordings=true`;
  const seen = { counted: contentOf(there), order: orderOf(there, downMs, upMs), afterMs: Date.now() };
  await edge.now.data('DELETE', removal);
  await edge.now.data('POST', '/v1/control/sync/now', {});
  const isThere = async () => (await hub.now.request('GET', `/rtstream/${room.streamId}`)).status === 200;
  await until('the camera is deleted at the hub, too', async () => !(await isThere()), PATIENCE_MS);

  const seconds = { 'cut for (s)': (upMs - downMs) / 1000, 'all there after (s)': (seen.afterMs - healedMs) / 1000 };
  const counts = Object.entries(seen.counted).map(([kind, all]) => [kind, all.length]);
  console.table({ ...seconds, ...Object.fromEntries(counts), ...seen.order });
}

/** An appliance that is killed, and started again where it was. */
class Revived implements AsyncDisposable {
  readonly #start: () => Promise<TestAppliance>;
  now: TestAppliance;

  private constructor(start: () => Promise<TestAppliance>, now: TestAppliance) {
    this.#start = start;
    this.now = now;
  }

  static async start(start: () => Promise<TestAppliance>): Promise<Revived> {
    return new Revived(start, await start());
  }

  async killAndStart(): Promise<void> {
    await this.now.kill('SIGKILL');
    this.now = await this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.now[Symbol.asyncDispose]();
  }
}

/** Of what happened while the line was down: alerts came first, then what shows them, then the rest. */
function orderOf(kept: Kept, downMs: number, upMs: number): Record<string, string> {
  const { alerts, clips, others } = whatIs(kept.arrivals(downMs, upMs));
  expect(alerts.length).toBeGreaterThan(0);
  expect(clips.length).toBeGreaterThan(0);
  expect(others.length).toBeGreaterThan(1);
  // Two lanes side by side: what was under way may be there first.
  expect(Math.max(...alerts)).toBeLessThan(middle(others));
  expect(middle(clips)).toBeLessThan(middle(others));
  return { 'alerts came as': alerts.join(' '), 'what shows them as': clips.join(' '), 'the rest as': others.join(' ') };
}

/** The places of alerts, of what shows them, and of the rest. */
function whatIs(arrivals: ReturnType<Kept['arrivals']>) {
  const fired = arrivals.filter(({ kind }) => kind === 'firing');
  const shows = ({ startMs, endMs }: { startMs: number; endMs: number }) =>
    fired.some((firing) => firing.startMs < endMs && firing.endMs > startMs);
  const places = (is: (arrival: (typeof arrivals)[number]) => boolean) =>
    arrivals.flatMap((arrival, place) => (is(arrival) ? place : []));
  return {
    alerts: places(({ kind }) => kind === 'firing'),
    clips: places((arrival) => arrival.kind === 'segment' && shows(arrival)),
    others: places((arrival) => arrival.kind === 'segment' && !shows(arrival)),
  };
}

async function seenWithTheSdk(hub: TestAppliance, { streamId }: Watch): Promise<void> {
  const conn = connect({ apiKey: hub.key, baseUrl: hub.url });
  const collection = await conn.getCollection();
  const stream = await collection.getRTStream(streamId);
  expect(stream.name).toBe('room');
  const [index] = await stream.listSceneIndexes();
  if (!index) throw new Error('no index');
  expect(await index.listAlerts()).toHaveLength(1);
  const found = await until('scenes are found', async () => {
    const { shots } = await stream.search({ query: 'the light' });
    return shots.length > 0 && shots;
  });
  expect(found[0]?.searchScore).toBeGreaterThan(0);
  const now = Date.now() / 1000;
  const path = `/v1/timeline?stream=${streamId}&start=${now - 600}&end=${now}`;
  const { recorded } = await hub.data<{ recorded: [number, number][] }>('GET', path);
  const [start, end] = [recorded[0]?.[0] ?? 0, recorded.at(-1)?.[1] ?? 0];
  const url = (await stream.generateStream(start, end)) ?? '';
  expect(await probeDuration(url)).toBeGreaterThan(1);
  const frames = await ffmpeg(
    '-i',
    url,
    '-frames:v',
    '20',
    '-vf',
    'scale=8:8',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'gray',
    '-',
  );
  expect(frames.byteLength).toBe(20 * 64);
}

function contentOf(kept: Kept) {
  return {
    firings: kept.firings(),
    scenes: kept.scenes(),
    pictures: kept.pictures(),
    segments: kept.segments(),
    gaps: kept.gaps(),
    marks: kept.marks(),
  };
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
