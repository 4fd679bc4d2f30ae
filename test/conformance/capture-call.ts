/** Call 25: a capture session, with a simulated recorder that has nothing but a session token. */
import { expect } from 'vitest';
import { Recorder } from '../e2e/support/recorder.ts';
import { until } from '../e2e/support/waiting.ts';
import { present } from './live-calls.ts';
import type { Call, World } from './world.ts';

const STEPS = ['created', 'starting', 'active', 'stopping', 'stopped', 'exported'];
const CHANNELS = [
  { channel_id: 'mic:default', channel_name: 'Microphone', type: 'audio', store: true },
  { channel_id: 'display:1', channel_name: 'Display', type: 'video', store: true },
  { channel_id: 'system_audio:default', channel_name: 'System audio', type: 'audio', store: false },
];

export const captureCall: Call = {
  n: 25,
  what: 'a capture session: token, recorder, streams by category, events, video',
  run: async (world) => {
    const { connection, collection, socketId, webhook } = world;
    const session = await connection.createCaptureSession({
      endUserId: 'user-123',
      callbackUrl: webhook.url,
      wsConnectionId: socketId.get(),
      metadata: { app: 'conformance' },
    });
    expect(session).toMatchObject({ id: expect.stringMatching(/^cap-/), status: 'created', endUserId: 'user-123' });
    const token = await connection.generateClientToken(600);
    expect(token).toMatch(/^st-/);
    const asClient = (method: string, path: string, body?: object) => ask(world, token, method, path, body);

    const start = { session_id: session.id, channels: CHANNELS, primary_video_channel_id: 'display:1' };
    expect((await asClient('POST', '/capture/session/start', start)).data.status).toBe('starting');
    const { channels = [] } = (await asClient('GET', `/capture/session/${session.id}`)).data;
    await using _recorder = new Recorder(channels);
    const got = await until('the session is active', async () => {
      const found = await connection.getCaptureSession(session.id);
      return found.status === 'active' && found;
    });
    for (const [category, name] of [
      ['mic', 'mic:default'],
      ['screen', 'display:1'],
      ['system_audio', 'system_audio:default'],
    ] as const) {
      const [stream, ...others] = got.getRTStream(category);
      expect(others).toEqual([]);
      expect((await collection.get().getRTStream(present(stream).id)).name).toBe(name);
    }
    const screen = await collection.get().getRTStream(present(got.getRTStream('screen')[0]).id);
    const index = await screen.indexVisuals({
      prompt: 'What is on the screen',
      batchConfig: { type: 'time', value: 2, frameCount: 1 },
      socketId: socketId.get(),
    });
    await until('a scene of the screen', async () => ((await present(index).getScenes())?.scenes.length ?? 0) > 0);
    await until('it is told', () =>
      world.messages.some(({ channel, rtstream_id: id }) => channel === 'visual_index' && id === screen.id),
    );

    expect((await asClient('GET', '/collection/default/websocket')).status).toBe(200);
    expect((await asClient('GET', '/rtstream')).status, 'a token opens nothing else').toBe(403);
    expect((await asClient('POST', `/capture/session/${session.id}/stop`)).status).toBe(200);
    const done = await until('the session is exported', async () => {
      await session.refresh();
      return session.status === 'exported' && session;
    });
    const video = await collection.get().getVideo(present(done.exportedVideoId));
    expect(video.id).toMatch(/^m-/);
    expect(present(video.length)).toBeGreaterThan(1);
    await demandTold(world, session.id);
  },
};

async function demandTold({ webhook, messages }: World, id: string): Promise<void> {
  const posted = () => webhook.alerts.filter((call) => call['capture_session_id'] === id);
  const heard = () =>
    messages.filter((message) => 'capture_session_id' in message && message.capture_session_id === id);
  await until('all is told', () => posted().length >= STEPS.length && heard().length >= STEPS.length);
  expect(posted().map(({ status }) => status)).toEqual(STEPS);
  expect(heard().map(({ data }) => 'status' in data && data.status)).toEqual(STEPS);
  expect(heard()[2]?.data).toMatchObject({
    rtstreams: [
      { name: 'mic:default', channel_id: 'mic', media_types: ['audio'] },
      { name: 'display:1', channel_id: 'screen', media_types: ['video'] },
      { name: 'system_audio:default', channel_id: 'system_audio', media_types: ['audio'] },
    ],
  });
  for (const { event } of posted()) expect(event).toMatch(/^capture_session\./);
}

interface Told {
  status: number;
  data: { status?: string; channels?: { channel_id: string; rtsp_url?: string }[] };
}

async function ask({ url }: World, token: string, method: string, path: string, body?: object): Promise<Told> {
  const response = await fetch(url + path, {
    method,
    headers: { 'x-access-token': token, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  // Every answer is held against the API's own description on its way.
  const { data = {} } = (await response.json()) as { data?: Told['data'] };
  return { status: response.status, data };
}
