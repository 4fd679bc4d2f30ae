/**
 * Two appliances, a real camera at one of them, and a bad line to the other, which collects: VideoDB's own client sees,
 * searches and plays there what happens here. The line is cut, slow, and breaks; both boxes are killed: in the end all of
 * it is there, once, the alerts first.
 */
import { connect } from 'videodb';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { ffmpeg, probeDuration } from './support/ffmpeg.ts';
import { Kept } from './support/kept.ts';
import { startLine } from './support/line.ts';
import { freePort } from './support/ports.ts';
import { tempDir } from './support/temp-dir.ts';
import { blinkingRoom } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, arm } from './support/watching.ts';
import type { StatusAnswer } from './support/wire.ts';

const PATIENCE_MS = 90_000;
/** The light goes on every so often, and an alert fires: recordings of alerts that are closer together go as one. */
const ALERT_EVERY_S = 14;
/** 256 kbit/s. */
const SLOW = { bytesPerSecond: 32_000, delayMs: 50, breakAfterBytes: 150_000 };

test('a hub has everything of a box behind a bad line, once, the alerts first', { timeout: 300_000 }, async () => {
  await using hubDir = await tempDir();
  await using edgeDir = await tempDir();
  await using camera = await startRtspServer({ file: await blinkingRoom(300, ALERT_EVERY_S / 2), name: 'room' });
  const ports = { hub: await freePort(), edge: await freePort() };
  const startHub = () => TestAppliance.start({ dataDir: hubDir.path, port: ports.hub, config: { name: 'hub' } });
  let hub = await startHub();
  await using line = await startLine(ports.hub);
  const { key } = await hub.data<{ key: string }>('POST', '/v1/control/keys', { label: 'barn', scopes: ['edge'] });
  const send = { segments: 'all', clips: { preSeconds: 0, postSeconds: 0 } };
  const target = { kind: 'hub', name: 'home', url: `http://127.0.0.1:${line.port}`, token: key, send };
  const config = { name: 'barn', recording: { segmentSeconds: 2 }, sync: { targets: [target] } };
  const startEdge = () => TestAppliance.start({ dataDir: edgeDir.path, port: ports.edge, config });
  let edge = await startEdge();
  try {
    const room = await addCamera(edge, { url: camera.url, name: 'room' });
    await arm(edge, room, { prompt: 'the light goes on', label: 'light' });
    using here = new Kept(edgeDir.path);
    using there = new Kept(hubDir.path);

    await until(
      'the first alert and recordings are at the hub',
      () => there.firings().length > 0 && there.segments().length > 4,
    );
    await seenWithTheSdk(hub, room.streamId);

    const downMs = Date.now();
    line.down();
    const firings = here.firings().length;
    await until('alerts fire meanwhile', () => here.firings().length > firings, PATIENCE_MS);
    const recorded = here.segments().length;
    await until('what they show is recorded', () => here.segments().length >= recorded + 2, PATIENCE_MS);
    const upMs = Date.now();
    line.become(SLOW);
    line.up();
    const before = there.segments().length;
    await until('some recordings come over the slow line', () => there.segments().length > before, PATIENCE_MS);
    await hub.kill('SIGKILL');
    hub = await startHub();
    const after = there.segments().length;
    await until('and after the hub was killed', () => there.segments().length > after, PATIENCE_MS);
    await edge.kill('SIGKILL');
    edge = await startEdge();
    await edge.data('PATCH', `/rtstream/${room.streamId}/status`, { action: 'stop' });
    await until('it works again', () => there.segments().length > after + 1, PATIENCE_MS);
    line.become({});
    const drained = async () => {
      const { sync } = await edge.data<StatusAnswer & { sync: { waiting: { items: number }[] }[] }>(
        'GET',
        '/v1/status',
      );
      return sync[0]?.waiting.every(({ items }) => items === 0) === true;
    };
    await until('all has been sent', drained, PATIENCE_MS);

    const [sent, got] = [here, there].map(contentOf);
    expect(got).toEqual(sent);
    expect(there.mostTold()).toBe(1);
    const arrivals = there.arrivals(downMs, upMs);
    const places = (is: (arrival: (typeof arrivals)[number]) => boolean) =>
      arrivals.flatMap((arrival, place) => (is(arrival) ? place : []));
    const alerts = places(({ kind }) => kind === 'firing');
    const fired = arrivals.filter(({ kind }) => kind === 'firing');
    const shows = ({ startMs, endMs }: { startMs: number; endMs: number }) =>
      fired.some((firing) => firing.startMs < endMs && firing.endMs > startMs);
    const clips = places((arrival) => arrival.kind === 'segment' && shows(arrival));
    const others = places((arrival) => arrival.kind === 'segment' && !shows(arrival));
    console.table({
      'cut for (s)': (upMs - downMs) / 1000,
      'bytes there / payload': line.carried.there / bytesOf(sent?.segments ?? []),
      alerts: sent?.firings.length,
      scenes: sent?.scenes.length,
      pictures: sent?.pictures.length,
      segments: sent?.segments.length,
      'places of alerts of the cut': alerts.join(' '),
      'of recordings around them': clips.join(' '),
      'of other recordings': others.join(' '),
    });
    expect(alerts.length).toBeGreaterThanOrEqual(1);
    expect(clips.length).toBeGreaterThan(0);
    expect(others.length).toBeGreaterThan(1);
    expect(Math.max(...alerts)).toBeLessThan(Math.min(...others));
    expect(middle(clips)).toBeLessThan(middle(others));
    const { boxes } = await hub.data<{ boxes: { name: string; cameras: { phase: string }[] }[] }>('GET', '/v1/boxes');
    expect(boxes).toMatchObject([{ name: 'barn' }]);
  } finally {
    await edge[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
  }
});

async function seenWithTheSdk(hub: TestAppliance, streamId: string): Promise<void> {
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
  const { startMs, endMs } = await hub
    .data<{ recorded: [number, number][] }>(
      'GET',
      `/v1/timeline?stream=${streamId}&start=${Date.now() / 1000 - 600}&end=${Date.now() / 1000}`,
    )
    .then(({ recorded }) => ({ startMs: (recorded[0]?.[0] ?? 0) * 1000, endMs: (recorded.at(-1)?.[1] ?? 0) * 1000 }));
  const url = (await stream.generateStream(startMs / 1000, endMs / 1000)) ?? '';
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
  return { firings: kept.firings(), scenes: kept.scenes(), pictures: kept.pictures(), segments: kept.segments() };
}

const bytesOf = (segments: readonly string[]): number =>
  segments.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
