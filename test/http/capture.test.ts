import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashKey } from '#domain';
import { until } from '../e2e/support/waiting.ts';
import { addAsset } from '../golden/seeds.ts';
import { type Box, openBox } from './box.ts';

let box: Box;
beforeEach(async () => {
  box = await openBox();
  box.handlers.capture = async ({ input }) => {
    const [assetId, sessionId, streamId] = ['assetId', 'sessionId', 'streamId'].map((name) => String(input[name]));
    if (assetId === undefined || sessionId === undefined || streamId === undefined) throw new Error('no input');
    addAsset(box, assetId, 'video', { kind: 'capture', sessionId, streamId });
    return { assetId };
  };
});
afterEach(() => box[Symbol.asyncDispose]());

const PATH = '/collection/default/capture/session';
const CHANNELS = [
  { channel_id: 'mic:default', channel_name: 'Microphone', type: 'audio', store: true },
  { channel_id: 'display:1', type: 'video', store: true, is_primary: true },
  { channel_id: 'system_audio:default', store: false },
];

async function made(body: object = {}): Promise<string> {
  return (await box.call('POST', PATH, { end_user_id: 'user-1', ...body })).data.session_id;
}
const start = (id: string, channels: unknown = CHANNELS, more: object = {}) =>
  box.call('POST', '/capture/session/start', { session_id: id, channels, ...more });
const recorder = async (id: string) => (await box.call('GET', `/capture/session/${id}`)).data;

async function active(id: string): Promise<void> {
  await start(id);
  for (const { rtstream_id: stream } of (await box.call('GET', `${PATH}/${id}`)).data.rtstreams) {
    box.published.begin(stream);
  }
  await until('it is active', async () => (await recorder(id)).status === 'active');
}

describe('a new capture session', () => {
  it('has one name only, as the Python client wants it', async () => {
    const { data } = await box.call('POST', PATH, {
      end_user_id: 'user-1',
      callback_url: 'http://u:secret@127.0.0.1:9/hook',
      ws_connection_id: 'conn-1',
      metadata: { my_key: 1 },
    });
    expect(data).toEqual({
      session_id: expect.stringMatching(/^cap-[0-9a-f]{24}$/),
      collection_id: box.store.defaultCollection.id,
      end_user_id: 'user-1',
      status: 'created',
      callback_url: 'http://***@127.0.0.1:9/hook',
      ws_connection_id: 'conn-1',
      metadata: { my_key: 1 },
      created_at: expect.any(String),
    });
    expect(data).not.toHaveProperty('id');
  });

  it.each([
    [{}, 'end_user_id: must be text'],
    [{ end_user_id: 'u', callback_url: 'ftp://x' }, 'callback_url: must be an http'],
    [{ end_user_id: 'u', metadata: [1] }, 'metadata: must be an object'],
  ])('is refused as %j', async (body, message) => {
    expect(await box.call('POST', PATH, body)).toMatchObject({
      status: 400,
      message: expect.stringContaining(message),
    });
  });

  it('takes null for what is missing', async () => {
    const body = { end_user_id: 'u', callback_url: null, ws_connection_id: null, metadata: null };
    expect((await box.call('POST', PATH, body)).data).toMatchObject({ status: 'created', metadata: {} });
  });
});

describe('the recorder', () => {
  it('starts it, learns where to send each channel, and stops it', async () => {
    const id = await made();
    expect(await recorder(id)).toEqual({ session_id: id, status: 'created', channels: [] });
    expect((await start(id)).data).toEqual({ session_id: id, status: 'starting' });
    const state = await recorder(id);
    expect(state).toMatchObject({ status: 'starting', primary_video_channel_id: 'display:1' });
    expect(state.channels).toEqual(
      CHANNELS.map(({ channel_id }) => ({
        channel_id,
        rtsp_url: expect.stringMatching(/^rtsp:\/\/box\.local:8554\/rts-/),
      })),
    );
    expect((await start(id)).data.status, 'started again').toBe('starting');
    const { data } = await box.call('GET', `${PATH}/${id}`);
    expect(data).toMatchObject({ id, session_id: id, status: 'starting', primary_video_channel_id: 'display:1' });
    expect(data.channels).toEqual([
      { channel_id: 'mic:default', name: 'Microphone', type: 'audio', store: true, is_primary: false },
      { channel_id: 'display:1', name: 'display:1', type: 'video', store: true, is_primary: true },
      {
        channel_id: 'system_audio:default',
        name: 'system_audio:default',
        type: 'audio',
        store: false,
        is_primary: false,
      },
    ]);
    expect(data.rtstreams.map(({ channel_id }: { channel_id: string }) => channel_id)).toEqual([
      'mic',
      'screen',
      'system_audio',
    ]);
    expect(data.rtstreams[0]).toMatchObject({
      id: data.rtstreams[0].rtstream_id,
      name: 'mic:default',
      media_types: ['audio'],
    });
    expect(JSON.stringify(data), 'no address of a channel').not.toContain('rtsp://');
    const stream = await box.call('GET', `/rtstream/${data.rtstreams[1].id}`);
    expect(stream.data).toMatchObject({ name: 'display:1', channel_id: 'screen', status: 'connected' });
    expect((await box.call('POST', `/capture/session/${id}/stop`)).data.status).toMatch(/^stop/);
    expect((await box.call('POST', `/capture/session/${id}/stop`)).status).toBe(200);
    expect((await recorder(id)).channels[0]).toEqual({ channel_id: 'mic:default' });
  });

  it.each([
    ['mic:default', 'channels: must be a list'],
    [[], 'channels: must name a channel'],
    [Array.from({ length: 9 }, (_, n) => ({ channel_id: `mic:${n}` })), 'channels: must not be more than 8'],
    [[{ channel_id: 'mic:1' }, { channel_id: 'mic:1' }], 'channels[1].channel_id: "mic:1" is there twice'],
    [[{ channel_id: 'mic:1', type: 'video' }], 'channels[0].type: "mic:1" is audio, not video'],
    [[{ channel_id: 'mic:1', type: 'both' }], 'channels[0].type: must be "audio" or "video"'],
    [[{ channel_name: 'x' }], 'channels[0].channel_id: must be text'],
  ])('is told what is wrong with its channels: %j', async (channels, message) => {
    const answer = await start(await made(), channels);
    expect(answer).toMatchObject({ status: 400, message: expect.stringContaining(message) });
  });

  it('may name what nobody knows', async () => {
    const id = await made();
    await start(id, [{ channel_id: 'window:7', type: 'video' }, { channel_id: 'line-in' }, { channel_id: 'mic' }]);
    const { rtstreams } = (await box.call('GET', `${PATH}/${id}`)).data;
    expect(rtstreams.map(({ channel_id }: { channel_id: string }) => channel_id)).toEqual(['screen', 'mic', 'mic']);
  });

  it('is told that there is no such session', async () => {
    expect(await start('cap-none')).toMatchObject({ status: 404, message: expect.stringContaining('session_id') });
    expect((await box.call('GET', '/capture/session/cap-none')).status).toBe(404);
    expect((await box.call('POST', '/capture/session/cap-none/stop')).status).toBe(404);
  });
});

describe('sessions of a collection', () => {
  it('are listed newest first, by pages, by status and by user', async () => {
    const ids = [await made(), await made({ end_user_id: 'user-2' }), await made()];
    await start(ids[0] ?? '');
    const list = async (query = '') => (await box.call('GET', `${PATH}${query}`)).data;
    expect((await list()).sessions.map(({ id }: { id: string }) => id)).toEqual(ids.toReversed());
    const first = await list('?limit=2');
    expect(first.sessions).toHaveLength(2);
    const second = await list(`?limit=2&cursor=${first.next_page}`);
    expect(second).toMatchObject({ sessions: [{ id: ids[0], session_id: ids[0] }], next_page: null });
    expect((await list('?status=starting')).sessions).toMatchObject([{ id: ids[0] }]);
    expect((await list('?end_user_id=user-2')).sessions).toMatchObject([{ id: ids[1] }]);
    expect((await box.call('GET', `${PATH}?status=pending`)).message).toContain('status: must be one of created');
  });

  it('belong to it alone', async () => {
    const id = await made();
    const other = box.store.collections.create({ name: 'Other' }).id;
    expect((await box.call('GET', `/collection/${other}/capture/session/${id}`)).status).toBe(404);
    expect((await box.call('GET', `/collection/${other}/capture/session`)).data.sessions).toEqual([]);
    expect((await box.call('POST', `/collection/${other}/capture/session/${id}/export`, {})).status).toBe(404);
  });
});

describe('the export of a session', () => {
  it('is asked for until it is there, and is a video like any other', async () => {
    const id = await made();
    expect((await box.call('POST', `${PATH}/${id}/export`, {})).status).toBe(409);
    await active(id);
    await box.call('POST', `/capture/session/${id}/stop`);
    const body = { video_channel_id: 'display:1', connection_id: 'conn-1' };
    const done = await until('it is exported', async () => {
      const { data } = await box.call('POST', `${PATH}/${id}/export`, body);
      return data.export_status === 'exported' && data;
    });
    expect(done).toEqual({
      session_id: id,
      video_channel_id: 'display:1',
      export_status: 'exported',
      video_id: expect.stringMatching(/^m-/),
      stream_url: expect.stringMatching(/^http:\/\/box\.local:8080\/hls\//),
      player_url: expect.stringMatching(/^http:\/\/box\.local:8080\/watch\?v=/),
    });
    const seen = await until('the session says so', async () => {
      const { data } = await box.call('GET', `${PATH}/${id}`);
      return data.status === 'exported' && data;
    });
    expect(seen).toMatchObject({ export_status: 'exported', exported_video_id: done.video_id });
    expect((await box.call('GET', `/video/${done.video_id}`)).data.id).toBe(done.video_id);
    expect(await recorder(id)).toMatchObject({ status: 'exported', exported_video_id: done.video_id });
  });
});

describe('who may', () => {
  const as = (token: string) => ({ 'x-access-token': token });

  it('is a session token for all but the list', async () => {
    const { token } = box.deps.tokens.issue(1, 600);
    const call = (method: string, path: string, body?: unknown) => box.call(method, path, body, as(token));
    const { data } = await call('POST', PATH, { end_user_id: 'u' });
    const id = data.session_id;
    expect((await call('POST', '/capture/session/start', { session_id: id, channels: CHANNELS })).status).toBe(200);
    expect((await call('GET', `/capture/session/${id}`)).data.channels[0].rtsp_url).toMatch(/^rtsp/);
    expect((await call('GET', `${PATH}/${id}`)).status).toBe(200);
    expect((await call('POST', `/capture/session/${id}/stop`)).status).toBe(200);
    expect((await call('POST', `${PATH}/${id}/export`, {})).status).not.toBe(403);
    expect(await call('GET', PATH)).toMatchObject({ status: 403, error_code: 'forbidden' });
    const [stream] = (await box.call('GET', `${PATH}/${id}`)).data.rtstreams;
    expect((await call('GET', `/rtstream/${stream.id}`)).status, 'not its streams').toBe(403);
  });

  it('is no session token for whom the box calls', async () => {
    const { token } = box.deps.tokens.issue(1, 600);
    const callback_url = 'http://127.0.0.1:9/inside';
    const id = await made();
    const bodies = { [PATH]: { end_user_id: 'u' }, '/capture/session/start': { session_id: id, channels: CHANNELS } };
    for (const [path, body] of Object.entries(bodies)) {
      const refused = await box.call('POST', path, { ...body, callback_url }, as(token));
      expect(refused).toMatchObject({ status: 403, message: expect.stringContaining('callback_url') });
      expect((await box.call('POST', path, { ...body, callback_url: '' }, as(token))).status).toBe(200);
    }
  });

  it('is no key that may only look', async () => {
    const id = await made();
    box.store.keys.add(hashKey('sk-looks'), 'looks', ['read']);
    const status = async (method: string, path: string, body?: unknown) =>
      (await box.call(method, path, body, as('sk-looks'))).status;
    expect(await status('GET', `${PATH}/${id}`)).toBe(200);
    expect(await status('POST', PATH, { end_user_id: 'u' })).toBe(403);
    expect(await status('POST', '/capture/session/start', { session_id: id, channels: CHANNELS })).toBe(403);
    expect(await status('GET', `/capture/session/${id}`), 'it has secrets').toBe(403);
    expect(await status('POST', `/capture/session/${id}/stop`)).toBe(403);
    expect(await status('POST', `${PATH}/${id}/export`, {})).toBe(403);
  });
});
