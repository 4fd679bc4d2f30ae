/**
 * The examples of VideoDB's pages on real-time APIs, in their order and in the Node SDK, against a camera in whose yard
 * something moves. Where the page's Node example isn't what the Node SDK takes, a comment says so.
 */
import type { RTStream, WebSocketConnection } from 'videodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probeDuration } from '../support/ffmpeg.ts';
import { until } from '../support/waiting.ts';
import { recordedSince } from '../support/watching.ts';
import { startWebhook } from '../support/webhook.ts';
import { SEGMENT_SECONDS, startYard, type Yard } from './yard.ts';

const SECONDS = 8;

interface SceneRecord {
  start: number;
  end: number;
  text: string;
  description: string;
}

interface LiveEvent {
  channel: string;
  rtstream_id: string;
  scene_index_id: string;
  data: { text: string; start: number; end: number };
}

let yard: Yard;
let rtstream: RTStream;
let ws: WebSocketConnection;

beforeAll(async () => {
  yard = await startYard();
  const coll = await yard.conn.getCollection();
  const { id } = await coll.connectRTStream(yard.cameraUrl, 'Front entrance', ['video', 'audio'], undefined, true);
  // The page writes `getRtstream`; the SDK has `getRTStream`.
  rtstream = await coll.getRTStream(id);
  // The page doesn't await it; it must be.
  ws = await yard.conn.connectWebsocket();
  await ws.connect();
});

afterAll(async () => {
  await ws.close();
  await yard[Symbol.asyncDispose]();
});

describe('quick example', () => {
  test('an index, an event and an alert are made, and the alert can be told of', async () => {
    const sceneIndex = await rtstream.indexVisuals({
      prompt: 'Describe activity and detect unusual behavior',
      batchConfig: { type: 'time', value: 5, frameCount: 2 },
    });
    const eventId = await yard.conn.createEvent('Detect when someone enters restricted area', 'intrusion_detected');
    const alertId = await sceneIndex?.createAlert(eventId ?? '', 'https://your-backend.com/webhooks/alerts');
    expect(sceneIndex).toMatchObject({ rtstreamId: rtstream.id, extractionType: 'time', status: 'running' });
    expect(eventId).toMatch(/^event-/);
    expect(alertId).toMatch(/^[0-9a-f]{16}$/);
    await sceneIndex?.stop();
  });
});

describe('visual indexing', () => {
  test.for([{ type: 'time', value: 5, frameCount: 2 } as const, { type: 'time', value: 10, frameCount: 5 } as const])(
    'every $value seconds, $frameCount frames',
    async (batchConfig) => {
      const sceneIndex = await rtstream.indexVisuals({ prompt: 'Describe the scene', batchConfig });
      expect(sceneIndex?.extractionConfig).toEqual({ time: batchConfig.value, frameCount: batchConfig.frameCount });
      await sceneIndex?.stop();
    },
  );

  test('indexes are managed, and scenes polled', async () => {
    const made = await rtstream.indexVisuals({
      prompt: 'Describe the scene and highlight congestion',
      batchConfig: { type: 'time', value: 2, frameCount: 2 },
      name: 'traffic_monitor',
    });
    const indexId = made?.rtstreamIndexId ?? '';

    const indexes = await rtstream.listSceneIndexes();
    expect(indexes.map(({ rtstreamIndexId }) => rtstreamIndexId)).toContain(indexId);
    const sceneIndex = await rtstream.getSceneIndex(indexId);
    expect(sceneIndex).toMatchObject({ name: 'traffic_monitor', prompt: made?.prompt, status: 'running' });

    const scenes = await until('a scene', async () => {
      // The page passes one object; the SDK takes them one by one. It leaves records untyped.
      const page = await sceneIndex.getScenes(0, Date.now() / 1000 + 60, 1, 100);
      const found = (page?.scenes ?? []) as SceneRecord[];
      return found.length > 0 && found;
    });
    for (const { start, end, text, description } of scenes) {
      expect(end).toBeGreaterThan(start);
      expect(Math.abs(start - Date.now() / 1000)).toBeLessThan(300);
      expect(text).toMatch(/\S/);
      expect(description).toBe(text);
    }
    await sceneIndex.stop();
  });
});

describe('audio indexing and transcription', () => {
  // No speech model is installed: both run, and there are no words.
  test.for([
    { type: 'word', value: 50 } as const,
    { type: 'sentence', value: 5 } as const,
    { type: 'time', value: 30 } as const,
  ])('an index over every $value of $type', async (batchConfig) => {
    const audioIndex = await rtstream.indexAudio({ prompt: 'Identify key speakers and main topics', batchConfig });
    expect(audioIndex).toMatchObject({
      extractionType: 'transcript',
      extractionConfig: { segmenter: batchConfig.type, segmentationValue: batchConfig.value },
      status: 'running',
    });
    expect(await audioIndex?.getScenes()).toEqual({ scenes: [], nextPage: false });
  });

  test('transcription is started, polled and stopped', async () => {
    expect(await rtstream.startTranscript(ws.connectionId)).toMatchObject({ status: 'running' });
    const transcript = await rtstream.getTranscript({ start: 0, page: 1, pageSize: 100 });
    expect(transcript).toMatchObject({ transcriptionRecords: [], nextPage: false, page: 1, pageSize: 100 });
    expect(await rtstream.stopTranscript('graceful')).toMatchObject({ status: 'stopped' });
  });
});

describe('search', () => {
  test('indexed content is found in its words, and each match plays', async () => {
    const batchConfig = { type: 'time', value: 2, frameCount: 2 } as const;
    const sceneIndex = await rtstream.indexVisuals({ prompt: 'Describe what moves', batchConfig });
    const query = 'white car moving fast';
    for (const shot of (await rtstream.search({ query, scoreThreshold: 0.5 })).shots) {
      expect(shot.searchScore).toBeGreaterThanOrEqual(0.5);
    }
    const shots = await until('something is found', async () => {
      const results = await rtstream.search({ query: 'something moves' });
      return results.shots.length > 0 && results.shots;
    });
    for (const shot of shots.slice(0, 3)) {
      expect(shot.text).toMatch(/\S/);
      expect(shot.searchScore).toBeGreaterThanOrEqual(0);
      expect(shot.searchScore).toBeLessThanOrEqual(1);
      // The newest one is perhaps still being recorded.
      await until('it plays', async () => {
        await shot.play();
        return (await probeDuration(shot.streamUrl ?? '')) > 0;
      });
    }
    await sceneIndex?.stop();
  });
});

describe('stream generation', () => {
  test('a recorded range plays, with a page of its own', async () => {
    const start = await recordedSince(yard.appliance, rtstream.id, 0, SECONDS);
    const [from, to] = [Math.ceil(start / 1000), Math.floor(start / 1000) + SECONDS];
    const playerConfig = { title: 'Live Feed Recording', description: 'Camera 1 - Front entrance', slug: 'cam1-front' };

    // The page passes one object, and the SDK, which takes numbers, sends it on as it is.
    const whole = { start: from, end: to, playerConfig } as unknown as number;
    const streamUrl = await rtstream.generateStream(whole, undefined as unknown as number);
    expect(Math.abs((await probeDuration(streamUrl ?? '')) - (to - from))).toBeLessThanOrEqual(2 * SEGMENT_SECONDS);

    // This SDK gives no player's address; the answer of the same route has it.
    const { data } = await yard.conn.vhttp.get<{ streamUrl: string; playerUrl: string }>(
      ['rtstream', rtstream.id, 'stream'],
      { params: { start: from, end: to, player_title: playerConfig.title, player_slug_prefix: playerConfig.slug } },
    );
    expect(data.playerUrl).toMatch(/\/watch\?v=cam1-front/);
    const page = await yard.appliance.data('GET', `/v1/watch/${new URL(data.playerUrl).searchParams.get('v')}`);
    expect(page).toMatchObject({ title: 'Live Feed Recording' });
    // Embed code is the player's address with another path.
    for (const address of [data.playerUrl, data.playerUrl.replace('/watch?', '/embed?')]) {
      const shown = await fetch(address);
      expect(shown.status).toBe(200);
      expect(shown.headers.get('content-type')).toMatch(/text\/html/);
    }
  });
});

describe('events, alerts and WebSocket events', () => {
  test('scenes and alerts come over the WebSocket and the webhook, and alerts are managed', async () => {
    await using webhook = await startWebhook();
    const batchConfig = { type: 'time', value: 2, frameCount: 2 } as const;
    // As on the page; the SDK knows only `socketId` and sends none, so every open socket is told.
    const listener = { wsConnectionId: ws.connectionId };
    const sceneIndex = await rtstream.indexVisuals({ prompt: 'Describe what moves', batchConfig, ...listener });
    if (!sceneIndex) throw new Error('no index came back');
    await rtstream.startTranscript(ws.connectionId);

    const crossing = await yard.conn.createEvent('Detect pedestrians crossing the zebra', 'pedestrian_detected');
    const quietId = (await sceneIndex.createAlert(crossing ?? '', webhook.url, ws.connectionId)) ?? '';
    // What this camera does show.
    const moving = await yard.conn.createEvent('something moves', 'movement');
    const alertId = (await sceneIndex.createAlert(moving ?? '', webhook.url, ws.connectionId)) ?? '';

    const seen = new Map<string, LiveEvent>();
    for await (const message of ws.stream()) {
      const event = message as unknown as LiveEvent; // Its own type is any object.
      if (event.scene_index_id !== sceneIndex.rtstreamIndexId) continue;
      seen.set(event.channel, event);
      if (seen.has('scene_index') && seen.has('alert')) break;
    }
    for (const event of seen.values())
      expect(event).toMatchObject({ rtstream_id: rtstream.id, data: { text: expect.stringMatching(/\S/) } });
    expect(seen.has('transcript')).toBe(false);
    expect(await webhook.next()).toMatchObject({ event_id: moving, label: 'movement', rtstream_id: rtstream.id });

    await sceneIndex.disableAlert(alertId);
    await sceneIndex.enableAlert(quietId);
    const alerts = await sceneIndex.listAlerts();
    expect(alerts).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ alertId, label: 'movement', status: 'disabled' }),
        expect.objectContaining({ alertId: quietId, label: 'pedestrian_detected', status: 'enabled' }),
      ]),
    );
    await sceneIndex.enableAlert(alertId);
  });
});
