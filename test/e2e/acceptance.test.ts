/** The promise of the whole: VideoDB's own client against `watchpost run` and a real RTSP camera. */

import { connect } from 'videodb';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { startBroker } from './support/broker.ts';
import { probeDuration } from './support/ffmpeg.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { recordedSince } from './support/watching.ts';
import { startWebhook } from './support/webhook.ts';

const SEGMENT_SECONDS = 4;

interface SceneRecord {
  start: number;
  end: number;
  text: string;
  description: string;
}

test('a camera becomes recorded video, searchable scenes and an alert, with the official client', async () => {
  await using broker = await startBroker();
  await using webhook = await startWebhook({ refuse: 1 });
  await using camera = await startRtspServer({ file: await passingBlock(240), name: 'yard' });
  await using appliance = await TestAppliance.start({
    config: { mqtt: { url: broker.url }, recording: { segmentSeconds: SEGMENT_SECONDS } },
  });

  const connection = connect({ apiKey: appliance.key, baseUrl: appliance.url });
  const collection = await connection.getCollection();
  expect(collection.id).toMatch(/^c-/);
  const stream = await collection.connectRTStream(camera.url, 'Yard', ['video'], undefined, true);
  expect(stream.id).toMatch(/^rts-/);
  expect(stream.status).toBe('connected');

  const index = await stream.indexVisuals({
    prompt: 'Describe what moves',
    batchConfig: { type: 'time', value: 2, frameCount: 2 },
    name: 'movement',
  });
  if (!index) throw new Error('no index came back');
  const eventId = await connection.createEvent('something moves', 'movement');
  expect(eventId).toMatch(/^event-/);
  const alertId = await index.createAlert(eventId ?? '', webhook.url);
  expect(alertId).toMatch(/^[0-9a-f]{16}$/);

  const alert = await webhook.next();
  expect(alert).toMatchObject({ event_id: eventId, label: 'movement', rtstream_id: stream.id });
  expect(alert).not.toHaveProperty('event');
  for (const key of ['confidence', 'explanation', 'timestamp', 'start_time', 'end_time', 'stream_url', 'player_url'])
    expect(alert).toHaveProperty(key);
  const message = await until('the alert at the broker', () => broker.alerts[0]);
  expect(message.payload).toMatchObject({ event_id: eventId, label: 'movement' });
  expect(message.topic).toMatch(/^watchpost\/box-[0-9a-f]+\/alerts\/yard\/movement$/);

  const records = await until('three scenes', async () => {
    // The client leaves records untyped; their form is asserted below.
    const answer = (await index.getScenes()) as { scenes: SceneRecord[] } | null;
    return answer && answer.scenes.length >= 3 ? answer.scenes : undefined;
  });
  for (const scene of records)
    expect(scene).toMatchObject({ text: expect.stringMatching(/\S/), description: scene.text });
  expect(records.map((scene) => scene.start)).toEqual(records.map((scene) => scene.start).toSorted((a, b) => b - a));

  const found = await stream.search({ query: 'something moves' });
  const shot = found.shots[0];
  if (!shot) throw new Error('nothing found');
  expect(shot.rtstreamId).toBe(stream.id);
  expect(await shot.generateStream()).toMatch(/^http.*\.m3u8$/);

  const firstMs = await recordedSince(appliance, stream.id, 0, 20);
  const [start, end] = [Math.ceil(firstMs / 1000) + 1, Math.ceil(firstMs / 1000) + 15];
  const url = await stream.generateStream(start, end);
  const duration = await probeDuration(url ?? '');
  expect(Math.abs(duration - (end - start))).toBeLessThanOrEqual(SEGMENT_SECONDS);
});
