/** From a voice in front of a real camera to words on the WebSocket, in search, in an alert and under the video. */
import { connect } from 'videodb';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { watchpost } from './support/cli.ts';
import { voiceEdges } from './support/edges.ts';
import { SPEECH_MODEL } from './support/speech-model.ts';
import { tempDir } from './support/temp-dir.ts';
import { spoken, yardSounding } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { recordedSince, streamUrl } from './support/watching.ts';
import { startWebhook } from './support/webhook.ts';

const EDGE_MS = 300;

interface TranscriptMessage {
  channel: string;
  rtstream_id: string;
  data: { text: string; is_final: boolean; start: number; end: number };
}

test('who calls for help in front of a camera is heard, found, told and shown', async () => {
  const sayings = [
    { atS: 12, text: 'Good morning, this is the loading zone.' },
    { atS: 20, text: 'Help me please, somebody help!' },
    { atS: 28, text: 'The delivery van has arrived at the gate.' },
  ];
  const file = await yardSounding(120, await spoken(120, sayings), { encoder: 'aac', rate: 48_000, channels: 1 });
  await using dir = await tempDir();
  await watchpost(['models', 'import', SPEECH_MODEL, '--data-dir', dir.path]);
  await using webhook = await startWebhook();
  await using camera = await startRtspServer({ file, name: 'yard' });
  await using appliance = await TestAppliance.start({
    dataDir: dir.path,
    config: { recording: { segmentSeconds: 2 } },
  });
  const connection = connect({ apiKey: appliance.key, baseUrl: appliance.url });
  const ws = await (await connection.connectWebsocket()).connect();
  const messages: TranscriptMessage[] = [];
  ws.onMessage((message) => messages.push(message as unknown as TranscriptMessage)); // Its own type is any object.
  const collection = await connection.getCollection();
  const stream = await collection.connectRTStream(camera.url, 'Yard', ['audio', 'video'], undefined, true, true);
  const batchConfig = { type: 'sentence', value: 1 } as const;
  const index = await stream.indexAudio({
    prompt: 'Write down what is said',
    batchConfig,
    socketId: ws.connectionId ?? '',
  });
  const eventId = await connection.createEvent('someone calls for help', 'help');
  await index?.createAlert(eventId ?? '', webhook.url);

  const heard = (word: string) =>
    messages.find(({ channel, data }) => {
      return channel === 'transcript' && data.is_final && data.text.toLowerCase().includes(word);
    });
  const calls = await until('the call for help on the WebSocket', () => heard('help'), 120_000);
  expect(calls.rtstream_id).toBe(stream.id);
  const alert = await webhook.next();
  expect(alert).toMatchObject({ event_id: eventId, label: 'help', rtstream_id: stream.id });

  const van = await until('the van on the WebSocket', () => heard('van'), 120_000);
  await recordedSince(appliance, stream.id, van.data.end + 2000, 1);
  for (const { data } of [calls, van]) {
    const url = await streamUrl(appliance, stream.id, data.start / 1000 - 1.5, data.end / 1000 + 1.5);
    const edges = await voiceEdges(url);
    expect(Math.abs(edges.startMs - data.start), `begin of "${data.text}"`).toBeLessThanOrEqual(EDGE_MS);
    expect(Math.abs(edges.endMs - data.end), `end of "${data.text}"`).toBeLessThanOrEqual(EDGE_MS);
  }

  const { transcriptionRecords } = (await stream.getTranscript({ start: 0 })) as {
    transcriptionRecords: { text: string; start: number; end: number }[];
  };
  expect(transcriptionRecords.map(({ text }) => text.toLowerCase()).join(' ')).toMatch(/help.*van/);
  // The index makes a scene of a sentence when nothing more can belong to it.
  const shot = await until('the van is found', async () => {
    const { shots } = await stream.search({ query: 'delivery van' });
    return shots[0]?.text?.toLowerCase().includes('van') === true && shots[0];
  });
  expect(Math.abs((shot.start ?? 0) * 1000 - van.data.start)).toBeLessThan(5000);
  const playing = await shot.generateStream();
  expect((await voiceEdges(playing ?? '')).endMs).toBeGreaterThan(0);
  await ws.close();
});
