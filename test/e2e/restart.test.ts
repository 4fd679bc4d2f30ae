/**
 * `kill -9` in the midst of a client's work, at the two places that the contract names: while events come in, and when
 * an export has just been asked for. The box comes back under its address and its clients go on where they were.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connection, connect, type RTStream, type RTStreamSceneIndex, WebSocketConnection } from 'videodb';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { probeDuration } from './support/ffmpeg.ts';
import { startFileSource } from './support/file-source.ts';
import { freePort } from './support/ports.ts';
import { tempDir } from './support/temp-dir.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { cameraState, firings, recordedSince } from './support/watching.ts';
import { startWebhook } from './support/webhook.ts';

/** A live event; the client leaves its type open. */
interface Frame {
  channel: string;
  seq: number;
  data: { start: number; firing_id?: string };
}

interface JobAnswer {
  status: string;
  data: { output_url?: string; video_id?: string };
}

interface Everything {
  things: object[];
  scenes: number[];
  starts: number[];
  fired: string[];
}

interface SceneRecords {
  scene_index_records: { scene_id: number; start: number }[];
}

interface Watch {
  ws: WebSocketConnection;
  stream: RTStream;
  index: RTStreamSceneIndex;
}

test.concurrent('killed while events come in: nothing is lost, everything goes on, and the client hears all of it once', async () => {
  await using dir = await tempDir();
  await using webhook = await startWebhook();
  await using camera = await startRtspServer({ file: await passingBlock(240, 4), name: 'yard' });
  const start = await startsIn(dir.path);

  const frames: Frame[] = [];
  let watch: Watch;
  let before: Everything;
  {
    await using appliance = await start();
    watch = await connected(appliance, camera.url, webhook.url, frames);
    await webhook.next();
    await until('both alerts at the client', () => firedIn(frames).length >= 2);
    before = await everything(appliance, watch);
    const asked = watch.index.getScenes().catch(() => 'cut short');
    await appliance.kill('SIGKILL');
    await asked;
    await until('the client has seen it', () => !watch.ws.isConnected);
  }

  const downUntilMs = Date.now();
  await using appliance = await start();
  const after = await everything(appliance, watch);
  expect(after.things).toEqual(before.things);
  expect(before.scenes.filter((id) => !after.scenes.includes(id))).toEqual([]);
  expect(before.fired.filter((id) => !after.fired.includes(id))).toEqual([]);

  await recordedSince(appliance, watch.stream.id, downUntilMs, 4);
  expect(await cameraState(appliance, watch.stream.id)).toMatchObject({ phase: 'recording' });
  const now = await until('new scenes, and both alerts again', async () => {
    const found = await everything(appliance, watch);
    const fresh = found.starts.some((start) => start * 1000 > downUntilMs);
    return fresh && found.fired.length >= after.fired.length + 2 && found;
  });
  await webhook.next(({ firing_id: id }) => now.fired.some((fired) => fired === id && !after.fired.includes(fired)));

  const heard = frames.length;
  const again = await listening(new WebSocketConnection(`${watch.ws.url}?since=${frames.at(-1)?.seq}`), frames);
  expect(again.connectionId).toBe(watch.ws.connectionId);
  const newest = Math.max(...now.starts);
  await until('the client has caught up', () => {
    const [starts, fired] = [beganIn(frames), firedIn(frames)];
    return starts.includes(newest) && now.fired.every((id) => fired.includes(id));
  });
  expect(frames.length).toBeGreaterThan(heard);
  const seqs = frames.map(({ seq }) => seq);
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  expect(beganIn(frames).filter((start) => start <= newest)).toEqual(now.starts.toSorted((a, b) => a - b));
  const fired = firedIn(frames);
  expect(fired).toEqual([...new Set(fired)]);
  await again.close();
});

test.concurrent('killed when an export was asked for: the job goes on, and its address says what came of it', async () => {
  await using dir = await tempDir();
  await using webhook = await startWebhook();
  const file = await passingBlock(240, 4);
  await using camera = await startRtspServer({ file, name: 'yard' });
  await using source = await startFileSource(file);
  await using tools = await tempDir();
  const held = await heldThumbnails(tools.path);
  const start = await startsIn(dir.path, held.env);

  let watch: Watch;
  let before: Everything;
  let jobs: JobAnswer[];
  {
    await using appliance = await start();
    watch = await connected(appliance, camera.url, '', []);
    await recordedSince(appliance, watch.stream.id, 0, 4);
    await watch.stream.stopTranscript();
    await watch.stream.stop();
    await until('the camera is let go', async () => (await phaseOf(appliance, watch)) === 'stopped');
    await connectTo(appliance).uploadURL('default', { url: source.url, name: 'Note', callbackUrl: webhook.url });
    await until('the upload is fetched', () => source.requests > 0);
    await held.hold();
    const path = `/rtstream/${watch.stream.id}/export`;
    jobs = await Promise.all([1, 2].map(() => answer(appliance, 'POST', path, { name: 'Kept' })));
    before = await everything(appliance, watch);
    await appliance.kill('SIGKILL');
  }

  await using appliance = await start();
  for (const { status, data } of jobs) {
    expect(status).toBe('processing');
    expect(await answer(appliance, 'GET', data.output_url ?? '')).toMatchObject({ status: 'processing' });
  }
  source.release();
  await held.release();
  const ended = jobs.map(({ data }) =>
    until('the export is done', async () => {
      const job = await answer(appliance, 'GET', data.output_url ?? '');
      return job.status !== 'processing' && job;
    }),
  );
  const [made, same] = await Promise.all(ended);
  expect(made).toMatchObject({ status: 'done', data: { video_id: expect.stringMatching(/^m-/), name: 'Kept' } });
  expect(same).toEqual(made);
  expect(await webhook.next()).toMatchObject({
    success: true,
    data: { id: expect.stringMatching(/^m-/), name: 'Note' },
  });

  const after = await everything(appliance, watch);
  expect(after).toEqual(before);
  expect(await phaseOf(appliance, watch)).toBe('stopped');
  const coll = await connectTo(appliance).getCollection();
  const stream = await coll.getRTStream(watch.stream.id);
  const again = [await stream.export('Kept'), await stream.export()];
  expect(again.map(({ videoId }) => videoId)).toEqual([made?.data.video_id, made?.data.video_id]);
  const video = await coll.getVideo(again[0]?.videoId ?? '');
  expect(await probeDuration(video.streamUrl)).toBeCloseTo(again[0]?.duration ?? 0, 0);
  const ws = await new WebSocketConnection(watch.ws.url).connect();
  expect(ws.connectionId).toBe(watch.ws.connectionId);
  await ws.close();
});

/** Starts a box with this data, each time at the same address. */
async function startsIn(dataDir: string, env: Record<string, string> = {}): Promise<() => Promise<TestAppliance>> {
  const port = await freePort();
  return () => TestAppliance.start({ dataDir, port, env, config: { recording: { segmentSeconds: 2 } } });
}

/** While held, what the box starts at low priority waits, thumbnails among it: an export stays in progress. */
async function heldThumbnails(dir: string) {
  const flag = join(dir, 'held');
  const script = `#!/bin/sh\nwhile [ -e '${flag}' ]; do sleep 0.1; done\nexec /usr/bin/nice "$@"\n`;
  await writeFile(join(dir, 'nice'), script, { mode: 0o755 });
  return {
    env: { PATH: `${dir}:${process.env['PATH']}` },
    hold: () => writeFile(flag, ''),
    release: () => rm(flag),
  };
}

function connectTo({ key, url }: TestAppliance): Connection {
  return connect({ apiKey: key, baseUrl: url });
}

/** The contract's first calls: a WebSocket, a camera with both kinds of index, and two alerts. */
async function connected(
  appliance: TestAppliance,
  cameraUrl: string,
  callbackUrl: string,
  frames: Frame[],
): Promise<Watch> {
  const conn = connectTo(appliance);
  const coll = await conn.getCollection();
  const ws = await listening(await conn.connectWebsocket(), frames);
  const socketId = ws.connectionId ?? '';
  const stream = await coll.connectRTStream(cameraUrl, 'Yard', ['video', 'audio'], undefined, true, true, socketId);
  await stream.start();
  await stream.startTranscript(socketId);
  const batchConfig = { type: 'time', value: 1, frameCount: 2 } as const;
  const index = await stream.indexVisuals({ prompt: 'Describe', batchConfig, socketId });
  await stream.indexAudio({ prompt: 'Sum up', socketId });
  if (!index) throw new Error('no index came back');
  const eventId = (await conn.createEvent('something moves', 'movement')) ?? '';
  await index.createAlert(eventId, callbackUrl, socketId);
  await index.createAlert(eventId, '', socketId);
  return { ws, stream, index };
}

async function phaseOf(appliance: TestAppliance, { stream }: Watch) {
  return (await cameraState(appliance, stream.id))?.phase ?? 'stopped';
}

async function answer(appliance: TestAppliance, method: string, path: string, body?: object): Promise<JobAnswer> {
  const response = await appliance.request(method, path, body);
  return (await response.json()) as JobAnswer; // A wrong form fails the assertions.
}

/** Connects it and keeps what it hears. */
async function listening(ws: WebSocketConnection, frames: Frame[]): Promise<WebSocketConnection> {
  ws.onMessage((message) => frames.push(message as unknown as Frame)); // Its own type is any object.
  return ws.connect();
}

/** Unix seconds of the scenes that a client has heard of, in that order. */
function beganIn(frames: readonly Frame[]): number[] {
  return frames.filter(({ channel }) => channel === 'scene_index').map(({ data }) => data.start / 1000);
}

function firedIn(frames: readonly Frame[]): string[] {
  return frames.flatMap(({ data }) => data.firing_id ?? []);
}

/** All that a client could ask for: what it made, and what came of it. */
async function everything(appliance: TestAppliance, { stream, index }: Watch): Promise<Everything> {
  const made = [
    '/collection/default',
    '/rtstream',
    `/rtstream/${stream.id}/transcription/status`,
    `/rtstream/${stream.id}/index/scene`,
    `/rtstream/${stream.id}/index/${index.rtstreamIndexId}/alert`,
    '/rtstream/event',
  ];
  const things = await Promise.all(made.map((path) => appliance.data('GET', path)));
  const path = `/rtstream/${stream.id}/index/scene/${index.rtstreamIndexId}?page_size=1000`;
  const { scene_index_records: records } = await appliance.data<SceneRecords>('GET', path);
  const fired = (await firings(appliance)).map(({ id }) => id);
  return { things, scenes: records.map((record) => record.scene_id), starts: records.map(({ start }) => start), fired };
}
