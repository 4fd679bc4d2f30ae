/** Live events of a real camera, from its pictures to VideoDB's own client, over a restart of the box. */
import { connect } from 'videodb';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { tempDir } from './support/temp-dir.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';

interface Event {
  channel: string;
  seq: number;
  rtstream_id: string;
  data: { text: string; label?: string; start: number; stream_url?: string };
}

test('scenes and alerts arrive as they happen, and what happened meanwhile when the client comes back', async () => {
  await using dir = await tempDir();
  await using camera = await startRtspServer({ file: await passingBlock(240), name: 'yard' });
  let lastSeq = 0;
  let url = '';
  {
    await using appliance = await TestAppliance.start({ dataDir: dir.path });
    const connection = connect({ apiKey: appliance.key, baseUrl: appliance.url });
    const ws = await connection.connectWebsocket();
    await ws.connect();
    url = ws.url;
    const events: Event[] = [];
    ws.onMessage((message) => events.push(message as unknown as Event)); // Its own type is any object.
    const closed = new Promise<void>((resolve) => ws.onClose(resolve));

    const collection = await connection.getCollection();
    const stream = await collection.connectRTStream(camera.url, 'Yard', ['video'], undefined, true);
    const batchConfig = { type: 'time', value: 2, frameCount: 2 } as const;
    const socketId = ws.connectionId ?? '';
    const index = await stream.indexVisuals({ prompt: 'Describe what moves', batchConfig, socketId });
    const eventId = await connection.createEvent('something moves', 'movement');
    await index?.createAlert(eventId ?? '', '', socketId);

    const scene = await until('a scene', () => events.find(({ channel }) => channel === 'scene_index'));
    expect(scene).toMatchObject({ rtstream_id: stream.id, data: { text: expect.stringMatching(/\S/) } });
    expect(Math.abs(scene.data.start - Date.now())).toBeLessThan(120_000);
    const alert = await until('an alert', () => events.find(({ channel }) => channel === 'alert'));
    expect(alert.data).toMatchObject({ label: 'movement', stream_url: expect.stringMatching(appliance.url) });

    process.kill(appliance.pid, 'SIGTERM');
    await closed;
    await appliance.ended;
    const seqs = events.map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    lastSeq = alert.seq;
  }

  await using appliance = await TestAppliance.start({ dataDir: dir.path });
  const again = new WebSocket(`${appliance.url.replace('http', 'ws')}${new URL(url).pathname}?since=${lastSeq - 1}`);
  const frames: (Event & { connection_id?: string })[] = [];
  again.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString())));
  const missed = await until('the alert again', () => frames.find(({ channel }) => channel === 'alert'));
  expect(missed.seq).toBe(lastSeq);
  expect(frames[0]?.connection_id).toMatch(/^conn-/);
  again.terminate();
});
