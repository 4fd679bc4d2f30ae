/**
 * A capture session with real publishers, from the call to one video with sound: what the application is told, on the
 * WebSocket and by webhook, also when the box is killed in mid-session.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { TestAppliance } from './support/appliance.ts';
import { LiveClient } from './support/live-client.ts';
import { freePort } from './support/ports.ts';
import { Recorder } from './support/recorder.ts';
import { tempDir } from './support/temp-dir.ts';
import { until } from './support/waiting.ts';
import { recordedSince } from './support/watching.ts';
import { startWebhook } from './support/webhook.ts';

const run = promisify(execFile);

interface Session {
  status: string;
  export_status?: string;
  exported_video_id?: string;
  error?: { message: string };
  rtstreams: { id: string; channel_id: string; name: string }[];
}

interface State {
  status: string;
  channels: { channel_id: string; rtsp_url?: string }[];
}

const PATH = '/collection/default/capture/session';
const STEPS = ['created', 'starting', 'active', 'stopping', 'stopped', 'exported'];
const CHANNELS = [
  { channel_id: 'mic:default', type: 'audio', store: true },
  { channel_id: 'display:1', type: 'video', store: true },
  { channel_id: 'system_audio:default', type: 'audio', store: false },
];

test('microphone and screen become one video, and each step is told once, over kill -9', async () => {
  await using dir = await tempDir();
  await using webhook = await startWebhook({ refuse: 1, once: true });
  const ports = { rtmpPort: await freePort(), rtspPort: await freePort() };
  const home = {
    dataDir: join(dir.path, 'data'),
    port: await freePort(),
    config: { recording: { segmentSeconds: 2 }, ingest: { push: ports } },
  };
  let box = await TestAppliance.start(home);
  await using _last = { [Symbol.asyncDispose]: () => box[Symbol.asyncDispose]() };
  const socket = await box.data<{ websocket_url: string; connection_id: string }>(
    'GET',
    '/collection/default/websocket',
  );
  await using live = new LiveClient(socket.websocket_url);
  await until('the WebSocket', () => live.greetings === 1);

  const id = await made(box, { callback_url: webhook.url, ws_connection_id: socket.connection_id });
  await box.data('POST', '/capture/session/start', { session_id: id, channels: CHANNELS });
  const { channels } = await box.data<State>('GET', `/capture/session/${id}`);
  const sinceMs = Date.now();
  await using recorder = new Recorder(channels);
  await comesTo(box, id, 'active');
  const { rtstreams } = await box.data<Session>('GET', `${PATH}/${id}`);
  for (const stream of rtstreams) await recordedSince(box, stream.id, sinceMs, 4);

  const allTold = (steps: number) => () => webhook.alerts.length >= steps && told(live, id).length >= steps;
  await until('all so far is told', allTold(3));
  await box.kill('SIGKILL');
  await box[Symbol.asyncDispose]();
  box = await TestAppliance.start(home);
  const againMs = Date.now();
  for (const stream of rtstreams) await recordedSince(box, stream.id, againMs, 2);
  expect((await box.data<Session>('GET', `${PATH}/${id}`)).status).toBe('active');

  await box.data('POST', `/capture/session/${id}/stop`);
  const { exported_video_id: videoId = '' } = await comesTo(box, id, 'exported');
  await recorder[Symbol.asyncDispose]();

  const video = await box.data<{ stream_url: string; length: number }>('GET', `/video/${videoId}`);
  expect(video.length).toBeGreaterThan(5);
  expect(await trackKinds(video.stream_url)).toEqual(['audio', 'video']);
  expect(await loudness(video.stream_url), 'the tone, not silence').toBeGreaterThan(-40);

  await until('all is told', allTold(STEPS.length));
  expect(webhook.alerts.map(({ status }) => status)).toEqual(STEPS);
  expect(told(live, id)).toEqual(STEPS);
  expect(webhook.alerts.at(-1)).toMatchObject({
    event: 'capture_session.exported',
    capture_session_id: id,
    data: { exported_video_id: videoId, stream_url: expect.stringMatching(/^http/) },
  });
  expect(box.output).not.toContain(new URL(channels[0]?.rtsp_url ?? '').pathname.slice(-32));
});

async function made(box: TestAppliance, wish: object): Promise<string> {
  const { session_id: id } = await box.data<{ session_id: string }>('POST', PATH, { end_user_id: 'user-1', ...wish });
  return id;
}

function comesTo(box: TestAppliance, id: string, status: string): Promise<Session> {
  return until(`the session is ${status}`, async () => {
    const session = await box.data<Session>('GET', `${PATH}/${id}`);
    if (session.export_status === 'failed') throw new Error(session.error?.message);
    return session.status === status && session;
  });
}

function told(live: LiveClient, id: string): unknown[] {
  return live.events.flatMap((event) =>
    'capture_session_id' in event && event.capture_session_id === id && 'status' in event ? [event.status] : [],
  );
}

async function trackKinds(url: string): Promise<string[]> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_type', '-of', 'csv=p=0', url]);
  return [...new Set(stdout.split(/\s+/).filter(Boolean))].sort();
}

/** Mean, in dB. */
async function loudness(url: string): Promise<number> {
  const { stderr } = await run('ffmpeg', ['-nostdin', '-i', url, '-vn', '-af', 'volumedetect', '-f', 'null', '-']);
  return Number(/mean_volume: (-?[\d.]+) dB/.exec(stderr)?.[1]);
}
