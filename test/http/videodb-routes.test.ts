/** VideoDB's routes as its SDKs use them, with the traps of the wire contract. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addIndex, addScene, addStream, type Box, openBox, record, T0 } from './box.ts';

const CAMERA = { url: 'rtsp://admin:secret@10.0.0.9/1', name: 'Front gate' };
const S0 = T0 / 1000;
let box: Box;

beforeAll(async () => {
  box = await openBox();
});
afterAll(() => box[Symbol.asyncDispose]());

describe('paths', () => {
  it.each(['/collection/', '//collection', '///collection//', '/collection'])(
    'serves %s without a redirect',
    async (path) => {
      expect(await box.call('GET', path)).toMatchObject({ status: 200, success: true });
    },
  );

  it('takes a PATCH with a trailing slash and a GET with a JSON content type', async () => {
    const { id } = addStream(box.store);
    expect((await box.call('PATCH', `//rtstream/${id}/status/`, { action: 'stop' })).data.status).toBe('stopped');
    expect((await box.call('GET', `/rtstream/${id}/`)).data.status).toBe('stopped');
  });

  it('takes `event` and `collection` for routes, not for stream ids', async () => {
    expect((await box.call('GET', '/rtstream/event')).data.events).toEqual([]);
    const answer = await box.call('POST', '/rtstream/collection/default/search', { query: 'nothing' });
    expect(answer.data.results).toEqual([]);
  });
});

describe('collections', () => {
  it('has a default one under its alias and its real id', async () => {
    const { data } = await box.call('GET', '/collection/default');
    expect(data.id).toMatch(/^c-/);
    expect(data).toMatchObject({ name: expect.any(String), description: expect.any(String), is_public: false });
    expect((await box.call('GET', `/collection/${data.id}`)).data).toEqual(data);
    expect((await box.call('GET', '/collection')).data.collections[0]).toEqual(data);
  });

  it('are made, changed and deleted; null is the same as missing', async () => {
    const made = await box.call('POST', '/collection', { name: 'Yard', description: null, is_public: null, x: 1 });
    expect(made.data).toMatchObject({ name: 'Yard', description: '', is_public: false });
    const path = `/collection/${made.data.id}`;
    expect((await box.call('PATCH', path, { is_public: true })).data).toMatchObject({ name: 'Yard', is_public: true });
    expect(await box.call('DELETE', path)).toMatchObject({ status: 200, success: true, data: { id: made.data.id } });
    expect((await box.call('GET', path)).status).toBe(404);
    expect((await box.call('DELETE', '/collection/default')).status).toBe(409);
  });
});

describe('streams', () => {
  it('are connected at once', async () => {
    const before = box.live.reconciled;
    const { status, data } = await box.call('POST', '/rtstream', { ...CAMERA, media_types: null, sample_rate: '15' });
    expect(status).toBe(201);
    expect(data).toMatchObject({
      id: expect.stringMatching(/^rts-/),
      name: 'Front gate',
      collection_id: box.store.defaultCollection.id,
      status: 'connected',
      sample_rate: 15,
      media_types: ['video'],
      store: false,
    });
    expect(data.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
    expect(JSON.stringify(data)).not.toContain('secret');
    expect(box.live.reconciled).toBe(before + 1);
    expect(box.store.streams.get(data.id)?.url).toBe(CAMERA.url);
    expect((await box.call('GET', `/rtstream/${data.id}`)).data).toEqual(data);
  });

  it('start and stop any number of times', async () => {
    const { id } = addStream(box.store);
    for (const [action, status] of [
      ['start', 'connected'],
      ['stop', 'stopped'],
      ['stop', 'stopped'],
      ['start', 'connected'],
    ]) {
      const answer = await box.call('PATCH', `/rtstream/${id}/status`, { action });
      expect(answer).toMatchObject({ status: 200, data: { status } });
    }
  });

  it('are listed newest first, ten at a time, by status, name and order', async () => {
    await using other = await openBox();
    for (let i = 0; i < 12; i += 1) {
      addStream(other.store, { name: `Cam ${i}`, createdMs: T0 + i, wanted: i % 2 ? 'stopped' : 'connected' });
    }
    const names = async (query: string) =>
      (await other.call('GET', `/rtstream${query}`)).data.results.map((stream: { name: string }) => stream.name);
    const first = await other.call('GET', '/rtstream');
    expect(first.data).toMatchObject({ count: 12, next: '/rtstream?limit=10&offset=10', previous: null });
    expect(first.data.results.map((stream: { name: string }) => stream.name).slice(0, 2)).toEqual(['Cam 11', 'Cam 10']);
    expect(await names('?offset=10')).toEqual(['Cam 1', 'Cam 0']);
    expect(await names('?status=stopped&limit=2')).toEqual(['Cam 11', 'Cam 9']);
    expect(await names('?name=cam+1&ordering=created_at')).toEqual(['Cam 1', 'Cam 10', 'Cam 11']);
  });
});

describe('indexes', () => {
  it.each([
    // Python with and without a batch_config, Node with and without, numbers as strings, the neutral form.
    [{ extraction_type: 'time', extraction_config: { time: 5, frame_count: 2 } }, 5, 2],
    [{ extraction_type: 'time', extraction_config: null, model_name: null, model_config: {}, name: null }, 10, 5],
    [{ extraction_type: 'time', extraction_config: { time: 4, frame_count: null } }, 4, 5],
    [{ extraction_type: 'time_based', extraction_config: { time: '7', frame_count: '7' } }, 7, 7],
    [{ prompt: 'p', model_config: {} }, 10, 5],
  ])('take %j', async (body, seconds, frameCount) => {
    const { id } = addStream(box.store);
    const { status, data } = await box.call('POST', `/rtstream/${id}/index/scene`, body);
    expect(status).toBe(200);
    expect(data).toMatchObject({
      rtstream_index_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      rtstream_id: id,
      extraction_type: 'time',
      status: 'running',
      prompt: expect.any(String),
      name: expect.any(String),
    });
    const index = box.store.indexes.get(data.rtstream_index_id);
    expect(index?.extraction).toEqual({ type: 'time', seconds, frameCount });
    expect((await box.call('GET', `/rtstream/${id}/index/${data.rtstream_index_id}`)).data).toEqual(data);
    expect((await box.call('GET', `/rtstream/${id}/index/scene`)).data.scene_indexes).toEqual([data]);
  });

  it('take cuts of the picture and what is said', async () => {
    const { id } = addStream(box.store, { transcription: { wanted: false, engine: 'default', changedMs: 0 } });
    const made = async (body: object) => {
      const { data, message } = await box.call('POST', `/rtstream/${id}/index/scene`, body);
      return { ...data, message, extraction: box.store.indexes.get(data.rtstream_index_id)?.extraction };
    };
    expect(await made({ extraction_type: 'shot_based', extraction_config: { threshold: '30' } })).toMatchObject({
      extraction_type: 'shot',
      extraction_config: { threshold: 30, frame_count: 5 },
      extraction: { type: 'shot', threshold: 30, frameCount: 5, longestSeconds: 60 },
    });
    const quiet = {
      extraction_type: 'transcript',
      extraction_config: null,
      prompt: null,
      auto_start_transcript: false,
    };
    expect(await made(quiet)).toMatchObject({ extraction: { type: 'transcript', segmenter: 'word', value: 10 } });
    expect(box.store.streams.get(id)?.transcription.wanted).toBe(false);
    const config = { segmenter: 'sentence', segmentation_value: 5 };
    expect(await made({ extraction_type: 'transcript', extraction_config: config })).toMatchObject({
      extraction_config: config,
      extraction: { type: 'transcript', segmenter: 'sentence', value: 5 },
      message: expect.stringContaining('no speech model'),
    });
    expect(box.store.streams.get(id)?.transcription.wanted).toBe(true);
  });

  it('stop, start and change their prompt', async () => {
    const { id } = addStream(box.store);
    const path = `/rtstream/${id}/index/scene/${addIndex(box.store, id).id}`;
    expect((await box.call('PATCH', `${path}/status`, { action: 'stop' })).data.status).toBe('stopped');
    expect((await box.call('PATCH', `${path}/status`, { action: 'stop' })).data.status).toBe('stopped');
    expect((await box.call('PATCH', `${path}/status`, { action: 'start' })).data.status).toBe('running');
    expect((await box.call('PATCH', path, { prompt: 'new' })).data).toMatchObject({ prompt: 'new', success: true });
  });

  it('page their records newest first, with both names of the text', async () => {
    const { id } = addStream(box.store);
    const index = addIndex(box.store, id);
    for (let i = 0; i < 5; i += 1) addScene(box.store, index, i * 5, `scene ${i}`);
    addScene(box.store, index, 25, 'with a picture', { thumbPath: 'a/b.jpg' });
    const path = `/rtstream/${id}/index/scene/${index.id}`;

    const all = (await box.call('GET', path)).data;
    expect(all.next_page).toBe(false);
    expect(all.scene_index_records).toHaveLength(6);
    expect(all.scene_index_records[0].thumbnail_url).toMatch(/^http:\/\/box\.local:8080\/v1\/thumbs\/\d+\.jpg\?t=/);
    expect(all.scene_index_records[1]).toMatchObject({
      start: S0 + 20,
      end: S0 + 25,
      text: 'scene 4',
      description: 'scene 4',
      metadata: { counts: [{ label: 'traffic light', count: 1 }], objects: [{ label: 'traffic light', since_ms: T0 }] },
    });

    const page = (await box.call('GET', `${path}?page=2&page_size=2`)).data;
    expect(page.scene_index_records.map((scene: { text: string }) => scene.text)).toEqual(['scene 3', 'scene 2']);
    expect(page.next_page).toBe(true);
    const range = (await box.call('GET', `${path}?start=${S0 + 6}&end=${S0 + 8}&page=1&page_size=100`)).data;
    expect(range.scene_index_records.map((scene: { text: string }) => scene.text)).toEqual(['scene 1']);
  });
});

describe('events and alerts', () => {
  async function armed() {
    const stream = addStream(box.store, {
      zones: [
        {
          name: 'gate',
          polygon: [
            [0, 0],
            [1, 0],
            [1, 1],
          ],
        },
      ],
    });
    const index = addIndex(box.store, stream.id);
    const event = await box.call('POST', '/rtstream/event', {
      event_prompt: 'someone enters the gate',
      label: 'entered',
    });
    return { path: `/rtstream/${stream.id}/index/${index.id}/alert`, eventId: event.data.event_id, stream };
  }

  it('are understood, listed and armed', async () => {
    const { path, eventId } = await armed();
    expect(eventId).toMatch(/^event-[0-9a-f]+$/);
    const { data } = await box.call('GET', '/rtstream/event');
    expect(data.events.find((event: { event_id: string }) => event.event_id === eventId)).toMatchObject({
      label: 'entered',
      event_prompt: 'someone enters the gate',
      understood: expect.stringContaining('gate'),
    });

    const made = await box.call('POST', path, { event_id: eventId, callback_url: 'https://user:pw@hook.example/a' });
    expect(made.data).toMatchObject({
      alert_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      status: 'enabled',
      warnings: [],
    });
    for (const callback_url of ['', null, undefined]) {
      const { data } = await box.call('POST', path, { event_id: eventId, callback_url, ws_connection_id: null });
      expect(box.store.alerts.get(data.alert_id)).not.toHaveProperty('callbackUrl');
    }
    const { alerts } = (await box.call('GET', path)).data;
    expect(alerts).toHaveLength(4);
    expect(alerts[0]).toMatchObject({
      alert_id: made.data.alert_id,
      event_id: eventId,
      prompt: 'someone enters the gate',
      label: 'entered',
      callback_url: 'https://***@hook.example/a',
      status: 'enabled',
    });
  });

  it('are disabled and enabled by either body', async () => {
    const { path, eventId } = await armed();
    const { alert_id } = (await box.call('POST', path, { event_id: eventId })).data;
    const change = async (body: object) => (await box.call('PATCH', `${path}/${alert_id}/status`, body)).data.status;
    expect(await change({ action: 'disable' })).toBe('disabled');
    expect(await change({ action: 'enable' })).toBe('enabled');
    expect(await change({ status: 'disabled' })).toBe('disabled');
    expect(await change({ status: 'enabled', action: null })).toBe('enabled');
  });

  it('warn at once when they could never fire', async () => {
    const { path, eventId, stream } = await armed();
    box.store.streams.update(stream.id, { zones: [] });
    box.live.detector = 'none';
    const { data } = await box.call('POST', path, { event_id: eventId });
    box.live.detector = 'ready';
    expect(data.warnings).toEqual([expect.stringContaining('no zone "gate"'), expect.stringContaining('detector')]);
  });
});

describe('search', () => {
  it('finds scenes of one stream, of a collection, of one index', async () => {
    await using other = await openBox();
    const gate = addStream(other.store, { name: 'Gate' });
    const yard = addStream(other.store, { name: 'Yard' });
    const gateIndex = addIndex(other.store, gate.id, { name: 'gate scenes' });
    addScene(other.store, gateIndex, 0, 'a red bus waits at the barrier');
    addScene(other.store, gateIndex, 5, 'all is still');
    addScene(other.store, addIndex(other.store, yard.id), 0, 'a bus turns in the yard');

    const one = (await other.call('POST', `/rtstream/${gate.id}/search`, { query: 'red bus' })).data.results;
    expect(one[0]).toMatchObject({
      start: S0,
      end: S0 + 5,
      text: 'a red bus waits at the barrier',
      score: expect.any(Number),
      scene_index_id: gateIndex.id,
      scene_index_name: 'gate scenes',
      rtstream_id: gate.id,
      rtstream_name: 'Gate',
    });
    const body = { query: 'bus', filter: [], result_threshold: '5', scene_index_id: null };
    const all = (await other.call('POST', '/rtstream/collection/default/search', body)).data.results;
    expect(new Set(all.map((hit: { rtstream_name: string }) => hit.rtstream_name))).toEqual(new Set(['Gate', 'Yard']));
    for (const key of ['index_id', 'scene_index_id']) {
      const hits = (await other.call('POST', `/rtstream/${gate.id}/search`, { query: 'bus', [key]: gateIndex.id }))
        .data;
      expect(hits.results[0].text).toContain('bus');
    }
    const none = await other.call('POST', `/rtstream/${gate.id}/search`, { query: 'zeppelin', score_threshold: 0.99 });
    expect(none).toMatchObject({ status: 200, success: true, data: { results: [] } });
  });

  it.each([
    ['something moves', 'motion on the left'],
    ['movement', 'motion on the left'],
    ['nothing moves', 'all is still'],
    ['no movement at all', 'all is still'],
    ['nothing is moving', 'all is still'],
  ])('for "%s" finds "%s" first', async (query, text) => {
    const { id } = addStream(box.store);
    const index = addIndex(box.store, id);
    for (const [n, said] of ['motion on the left', 'all is still', 'motion on the left', 'all is still'].entries()) {
      addScene(box.store, index, n * 5, said);
    }
    const { data } = await box.call('POST', `/rtstream/${id}/search`, { query });
    expect(data.results.slice(0, 2).map((hit: { text: string }) => hit.text)).toEqual([text, text]);
  });

  it('keeps what has the labels of a filter, and the upper part of the scores', async () => {
    const gate = addStream(box.store);
    addScene(box.store, addIndex(box.store, gate.id), 0, 'a traffic light and a zebra');
    const search = (body: object) =>
      box.call('POST', `/rtstream/${gate.id}/search`, { query: 'zebra', dynamic_score_percentage: '50', ...body });
    expect((await search({ filter: [{ label: 'traffic light' }] })).data.results).toHaveLength(1);
    expect((await search({ filter: [{ label: 'boat' }] })).data.results).toEqual([]);
    const wrong = await search({ filter: 'boat' });
    expect(wrong).toMatchObject({ status: 400, message: expect.stringContaining('filter: must be a list') });
  });
});

describe('generate_stream', () => {
  it('gives a playlist and a player under the host that the client used', async () => {
    const { id } = addStream(box.store);
    await record(box, id, 0, 10);
    const query = `start=${S0}.123456&end=${S0 + 20}&player_title=T&player_description=D&player_slug_prefix=s`;
    const { data } = await box.call('GET', `/rtstream/${id}/stream?${query}`);
    const micros = `${T0 + 123}000-${T0 + 20_000}000`;
    expect(data.stream_url).toMatch(new RegExp(`^http://box\\.local:8080/hls/[^/]+/manifests/${id}/${micros}\\.m3u8$`));
    expect(data.player_url).toMatch(/^http:\/\/box\.local:8080\/watch\?v=s\.[A-Za-z0-9_.-]+$/);

    const slug = new URL(data.player_url).searchParams.get('v');
    const watch = await box.call('GET', `/v1/watch/${slug}`, undefined, { 'x-access-token': '' });
    expect(watch.data).toMatchObject({ title: 'T', description: 'D', start: S0 + 0.123, end: S0 + 20 });
    expect(watch.data.stream_url).toBe(new URL(data.stream_url).pathname);
  });

  it('reads the bracket form, clips, and gives a shot of no length a second', async () => {
    const { id } = addStream(box.store);
    await record(box, id, 0, 10);
    const get = async (query: string) => (await box.call('GET', `/rtstream/${id}/stream?${query}`)).data;
    const brackets = `start%5Bstart%5D=${S0 + 4}&start%5Bend%5D=${S0 + 8}&start%5BplayerConfig%5D%5Btitle%5D=T`;
    expect(await get(brackets)).toMatchObject({ start: S0 + 4, end: S0 + 8 });
    expect(await get(`start=${S0 - 1000}&end=${S0 + 8}`)).toMatchObject({ start: S0, end: S0 + 8 });
    expect(await get(`start=${S0 + 5}&end=${S0 + 5}`)).toMatchObject({ start: S0 + 5, end: S0 + 6 });
    expect(await get('')).toMatchObject({ start: S0, end: S0 + 40 });
  });

  it('says so when nothing is recorded there', async () => {
    const { id } = addStream(box.store);
    const before = await box.call('GET', `/rtstream/${id}/stream?start=${S0}&end=${S0 + 5}`);
    expect(before).toMatchObject({
      status: 404,
      message: 'nothing is recorded between 2026-01-15T12:00:00.000Z and 2026-01-15T12:00:05.000Z',
    });
    await record(box, id, 0, 1);
    await record(box, id, 100, 1, 'ses-2');
    expect((await box.call('GET', `/rtstream/${id}/stream?start=${S0 + 50}&end=${S0 + 60}`)).status).toBe(404);
  });

  it('puts the configured public address before links, else only a host that is one', async () => {
    await using other = await openBox({
      config: { ...box.deps.config, publicUrl: 'https://cams.example/' },
    });
    const { id } = addStream(other.store);
    await record(other, id, 0, 1);
    const { data } = await other.call('GET', `/rtstream/${id}/stream?start=${S0}&end=${S0 + 2}`);
    expect(data.player_url).toMatch(/^https:\/\/cams\.example\/watch\?v=/);
  });
});
