/** Bad input: each is refused in the envelope, with the field and the remedy, and no secret. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SceneIndex, Stream } from '#domain';
import { addIndex, addStream, type Box, openBox } from './box.ts';

const CANARY = 'canary-d41d8cd98f';
let box: Box;
let stream: Stream;
let index: SceneIndex;

beforeAll(async () => {
  box = await openBox();
  stream = addStream(box.store, { url: `rtsp://admin:${CANARY}@10.0.0.9/1` });
  index = addIndex(box.store, stream.id);
});
afterAll(() => box[Symbol.asyncDispose]());

async function refusal(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
  const answer = await box.call(method, path, body, headers);
  expect(answer.success).toBe(false);
  expect(answer.error_code).toMatch(/^[a-z_]+$/);
  return answer;
}

describe('API keys', () => {
  it('are needed and must be known', async () => {
    const missing = await refusal('GET', '/collection', undefined, { 'x-access-token': '' });
    expect(missing).toMatchObject({ status: 401, error_code: 'unauthorized' });
    expect(missing.message).toContain('x-access-token');
    expect((await refusal('GET', '/collection', undefined, { 'x-access-token': 'sk-wrong' })).status).toBe(401);
  });

  it('may come as a bearer token', async () => {
    const headers = { 'x-access-token': '', authorization: 'Bearer sk-right' };
    expect((await box.call('GET', '/collection', undefined, headers)).status).toBe(200);
  });

  it('are needed even to learn that a route does not exist', async () => {
    expect((await refusal('GET', '/nothing', undefined, { 'x-access-token': 'sk-wrong' })).status).toBe(401);
    expect((await refusal('GET', '/nothing')).status).toBe(404);
  });

  it('slow down one who guesses, and nobody with the right one', async () => {
    await using other = await openBox();
    const statuses = [];
    for (let i = 0; i < 31; i += 1) {
      statuses.push((await other.call('GET', '/collection', undefined, { 'x-access-token': `sk-${i}` })).status);
    }
    expect(statuses.slice(0, 30).every((status) => status === 401)).toBe(true);
    expect(statuses[30]).toBe(429);
    expect((await other.call('GET', '/collection')).status).toBe(200);
  });
});

describe('bodies', () => {
  it.each([['{"url": '], ['"text"'], ['[1]'], ['null'], ['url=rtsp%3A%2F%2Fx']])('refuses %j', async (body) => {
    const answer = await refusal('POST', '/rtstream', body);
    expect(answer).toMatchObject({ status: 400, error_code: 'invalid' });
    expect(answer.message).toContain('JSON');
  });

  it('refuses 10 MB, announced or not, without taking it in', async () => {
    const announced = await refusal('POST', '/rtstream', 'x'.repeat(10_000_000), { 'content-length': '10000000' });
    expect(announced).toMatchObject({ status: 413, error_code: 'too_large' });
    expect(announced.message).toContain('1 MiB');

    let pulled = 0;
    const body = new ReadableStream({
      pull(controller) {
        pulled += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const init = { method: 'POST', body, duplex: 'half', headers: { 'x-access-token': 'sk-right' } };
    const streamed = await box.app.request('http://box/rtstream', init);
    expect(streamed.status).toBe(413);
    expect(pulled).toBeLessThan(2_000_000);
  });

  it('takes an empty body for an empty object', async () => {
    const answer = await refusal('POST', '/rtstream', '');
    expect(answer.status).toBe(400);
    expect(answer.message).toContain('name:');
  });

  it('survives deep nesting', async () => {
    const deep = `{"prompt":"x","model_config":${'{"a":'.repeat(90_000)}1${'}'.repeat(90_001)}`;
    const answer = await refusal('POST', `/rtstream/${stream.id}/index/scene`, deep);
    expect(answer).toMatchObject({ status: 400, message: expect.stringContaining('model_config') });
  });
});

describe('unknown ids', () => {
  it.each([
    ['GET', '/collection/c-none', 'collection_id'],
    ['PATCH', '/collection/c-none', 'collection_id'],
    ['DELETE', '/collection/c-none', 'collection_id'],
    ['GET', '/rtstream/rts-none', 'rtstream_id'],
    ['PATCH', '/rtstream/rts-none', 'rtstream_id'],
    ['PATCH', '/rtstream/rts-none/status', 'rtstream_id', { action: 'start' }],
    ['GET', '/rtstream/rts-none/stream?start=1&end=2', 'rtstream_id'],
    ['GET', '/rtstream/rts-none/index/scene', 'rtstream_id'],
    ['POST', '/rtstream/rts-none/index/scene', 'rtstream_id'],
    ['POST', '/rtstream/rts-none/search', 'rtstream_id', { query: 'x' }],
    ['POST', '/rtstream/collection/c-none/search', 'collection_id', { query: 'x' }],
    ['GET', '/rtstream/STREAM/index/0000000000000000', 'scene_index_id'],
    ['GET', '/rtstream/STREAM/index/scene/0000000000000000', 'scene_index_id'],
    ['PATCH', '/rtstream/STREAM/index/scene/0000000000000000', 'scene_index_id', { prompt: 'p' }],
    ['PATCH', '/rtstream/STREAM/index/scene/0000000000000000/status', 'scene_index_id', { action: 'stop' }],
    ['GET', '/rtstream/STREAM/index/0000000000000000/alert', 'scene_index_id'],
    ['PATCH', '/rtstream/STREAM/index/INDEX/alert/0000000000000000/status', 'alert_id', { action: 'enable' }],
    ['GET', '/v1/scenes?stream=rts-none', 'rtstream_id'],
    ['GET', '/v1/timeline?stream=rts-none', 'rtstream_id'],
    ['GET', '/v1/search?q=x&stream=rts-none', 'rtstream_id'],
    ['GET', '/v1/streams/rts-none/latest.jpg', 'rtstream_id'],
    ['PUT', '/v1/streams/rts-none/zones', 'rtstream_id', { zones: [] }],
    ['GET', '/v1/thumbs/4711.jpg', 'scene_id'],
  ])('%s %s names the kind of id', async (method, path, field, body?: object) => {
    const answer = await refusal(method, path.replace('STREAM', stream.id).replace('INDEX', index.id), body);
    expect(answer).toMatchObject({ status: 404, error_code: 'not_found' });
    expect(answer.message).toContain(field);
  });

  it('knows no index of another stream and no event that is not there', async () => {
    const other = addStream(box.store, { name: 'Other' });
    expect((await refusal('GET', `/rtstream/${other.id}/index/${index.id}`)).status).toBe(404);
    const answer = await refusal('POST', `/rtstream/${stream.id}/index/${index.id}/alert`, { event_id: 'event-0' });
    expect(answer).toMatchObject({ status: 404, message: expect.stringContaining('event_id') });
    const found = await refusal('POST', `/rtstream/${other.id}/search`, { query: 'x', index_id: index.id });
    expect(found.message).toContain('scene_index_id');
  });
});

describe('streams', () => {
  it.each([
    `gopher://viewer:${CANARY}@10.0.0.1/1`,
    'file:///etc/passwd',
    'concat:/etc/passwd|/etc/hostname',
    'pipe:0',
    '-i /etc/passwd',
    'rtsp://10.0.0.1/a -f null -',
    'rtsp://10.0.0.1/\n-y',
    '/etc/passwd',
    '',
  ])('refuses the address %j', async (url) => {
    const answer = await refusal('POST', '/rtstream', { url, name: 'bad' });
    expect(answer).toMatchObject({ status: 400, message: expect.stringContaining('url') });
    expect(answer.message).not.toContain(CANARY);
  });

  it.each([
    [{ name: undefined }, 'name: must be text'],
    [{ name: '  ' }, 'name: must not be empty'],
    [{ name: 'a\u0000b' }, 'name: must not contain control characters'],
    [{ url: undefined }, 'url: must be'],
    [{ url: 7 }, 'url: must be'],
    [{ media_types: [] }, 'media_types: must name'],
    [{ media_types: ['smell'] }, 'media_types[0]: must be'],
    [{ media_types: 'video' }, 'media_types: must be a list'],
    [{ sample_rate: 'fast' }, 'sample_rate: must be a whole number'],
    [{ transport: 'pigeon' }, 'transport: must be'],
    [{ store: 'maybe' }, 'store: must be true or false'],
  ])('refuses %j', async (change, message) => {
    const answer = await refusal('POST', '/rtstream', { url: 'rtsp://10.0.0.1/1', name: 'x', ...change });
    expect(answer.status).toBe(400);
    expect(answer.message).toContain(message);
  });

  it('refuses an unknown collection', async () => {
    const body = { url: 'rtsp://10.0.0.1/1', name: 'x', collection_id: 'c-none' };
    expect(await refusal('POST', '/rtstream', body)).toMatchObject({ status: 404 });
  });

  it.each([['limit=0'], ['limit=ten'], ['offset=-1'], ['status=error'], ['ordering=url']])(
    'refuses ?%s',
    async (query) => {
      const answer = await refusal('GET', `/rtstream?${query}`);
      expect(answer).toMatchObject({ status: 400, message: expect.stringContaining(query.split('=')[0] ?? '') });
    },
  );

  it('keeps the name that the configuration file gives', async () => {
    const fixed = addStream(box.store, { name: 'Fixed', origin: 'config' });
    expect((await refusal('PATCH', `/rtstream/${fixed.id}`, { name: 'Other' })).status).toBe(409);
    expect((await box.call('PATCH', `/rtstream/${fixed.id}`, { sample_rate: 15 })).status).toBe(200);
  });
});

describe('indexes, events and alerts', () => {
  it.each([
    [{ extraction_type: 'magic' }, 'extraction_type: must be'],
    [{ extraction_config: 'fast' }, 'extraction_config: must be an object'],
    [{ extraction_config: { time: 0 } }, 'extraction_config.time: must be the length of a window'],
    [{ extraction_config: { time: 'soon' } }, 'extraction_config.time: must be the length of a window'],
    [{ extraction_config: { time: 1, frame_count: 50 } }, 'extraction_config.frame_count: must not be more than 5'],
    [{ extraction_config: { frame_count: 2.5 } }, 'extraction_config.frame_count: must be a whole number'],
    [{ prompt: '' }, 'prompt: must not be empty'],
    [{ prompt: 'x'.repeat(10_001) }, 'prompt: must not be longer'],
  ])('refuses %j', async (body, message) => {
    const answer = await refusal('POST', `/rtstream/${stream.id}/index/scene`, body);
    expect(answer.status).toBe(400);
    expect(answer.message).toContain(message);
  });

  it('refuses a prompt without a word to look for, and missing fields', async () => {
    const prompt = 'detect when …';
    expect((await refusal('POST', '/rtstream/event', { event_prompt: prompt, label: 'x' })).status).toBe(400);
    expect((await refusal('POST', '/v1/events/understand', { prompt })).status).toBe(400);
    expect((await refusal('POST', '/rtstream/event', { label: 'x' })).message).toContain('event_prompt');
    expect((await refusal('POST', '/rtstream/event', { event_prompt: 'someone enters' })).message).toContain('label');
  });

  it.each(['ftp://x/', 'javascript:alert(1)', 'http://', 'file:///etc/passwd', 'not an address'])(
    'refuses the callback %j',
    async (callback_url) => {
      const body = { event_id: 'event-0', callback_url };
      const answer = await refusal('POST', `/rtstream/${stream.id}/index/${index.id}/alert`, body);
      expect(answer).toMatchObject({ status: 400, message: expect.stringContaining('callback_url: must be an http') });
    },
  );

  it.each([
    ['PATCH', '/rtstream/STREAM/status', { action: 'pause' }, 'action'],
    ['PATCH', '/rtstream/STREAM/status', {}, 'action'],
    ['PATCH', '/rtstream/STREAM/index/scene/INDEX/status', { action: 'pause' }, 'action'],
    ['PATCH', '/rtstream/STREAM/index/scene/INDEX', {}, 'prompt'],
    ['POST', '/rtstream/STREAM/search', {}, 'query'],
    ['POST', '/rtstream/STREAM/search', { query: 'x', score_threshold: 7 }, 'score_threshold'],
    ['GET', '/rtstream/STREAM/index/scene/INDEX?page=0', undefined, 'page'],
    ['GET', '/rtstream/STREAM/index/scene/INDEX?start=yesterday&end=now', undefined, 'start'],
    ['GET', '/v1/search', undefined, 'q'],
    ['GET', '/v1/scenes?limit=1e9', undefined, 'limit'],
    ['GET', '/v1/timeline?start=1', undefined, 'stream'],
    ['GET', '/v1/timeline?stream=STREAM&start=5&end=4', undefined, 'end'],
    ['GET', '/v1/timeline?stream=STREAM&start=1&end=999999', undefined, 'start'],
    ['GET', '/rtstream/STREAM/stream?start=1711000000000&end=1711000001000', undefined, 'start: must be Unix seconds'],
    ['GET', '/rtstream/STREAM/stream?start=9&end=8', undefined, 'end'],
  ])('%s %s %j names the field', async (method, path, body, field) => {
    const answer = await refusal(method, path.replace('STREAM', stream.id).replace('INDEX', index.id), body);
    expect(answer.status).toBe(400);
    expect(answer.message).toContain(field);
  });
});

describe('zones', () => {
  const square = [
    [0.1, 0.1],
    [0.9, 0.1],
    [0.9, 0.9],
  ];
  it.each([
    [{ zones: 'all' }, 'zones: must be a list'],
    [{ zones: [{ name: 'door' }] }, 'zones[0].polygon: must be a list of points'],
    [
      {
        zones: [
          {
            name: 'door',
            polygon: [
              [0, 0],
              [1, 1],
            ],
          },
        ],
      },
      'zones[0].polygon: needs at least 3 points',
    ],
    [
      {
        zones: [
          {
            name: 'door',
            polygon: [
              [0, 0],
              [640, 0],
              [640, 360],
            ],
          },
        ],
      },
      'zones[0].polygon[1][0]: must be a fraction',
    ],
    [
      {
        zones: [
          {
            name: 'door',
            polygon: [
              [0, 0],
              [0.5, 0.5],
              [1, 1],
            ],
          },
        ],
      },
      'zones[0].polygon: encloses no area',
    ],
    [{ zones: [{ name: 'door', polygon: [[0, 0], [1], [1, 1]] }] }, 'zones[0].polygon[1]'],
    [{ zones: [{ name: '', polygon: square }] }, 'zones[0].name: must not be empty'],
    [
      {
        zones: [
          { name: 'a', polygon: square },
          { name: 'A', polygon: square },
        ],
      },
      'zones: need different names',
    ],
  ])('refuses %j', async (body, message) => {
    const answer = await refusal('PUT', `/v1/streams/${stream.id}/zones`, body);
    expect(answer.status).toBe(400);
    expect(answer.message).toContain(message);
  });
});

it('answers a bug with a neutral message and a number', async () => {
  await using broken = await openBox({
    supervisor: {
      reconcile: () => {
        throw new Error(`rtsp://admin:${CANARY}@10.0.0.9/ broke at /etc/secret`);
      },
      status: () => [],
      stopped: async () => {},
      latestFrame: () => undefined,
    },
  });
  const answer = await broken.call('POST', '/rtstream', { url: 'rtsp://10.0.0.1/1', name: 'x' });
  expect(answer).toMatchObject({ status: 500, success: false, error_code: 'internal' });
  expect(answer.message).toMatch(/^something went wrong inside the appliance; its log says more under [0-9a-f]{8}$/);
});

it('never shows where a camera is', async () => {
  const paths = [
    '/rtstream',
    `/rtstream/${stream.id}`,
    '/v1/status',
    '/v1/scenes',
    `/rtstream/${stream.id}/index/scene`,
  ];
  for (const path of paths) expect(JSON.stringify(await box.call('GET', path))).not.toContain(CANARY);
  const patched = await box.call('PATCH', `/rtstream/${stream.id}`, { name: 'Renamed' });
  expect(JSON.stringify(patched)).not.toContain(CANARY);
});

describe('a body that breaks off', () => {
  it("is the sender's fault, not one of the appliance", async () => {
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new Error('aborted'));
      },
    });
    const headers = { 'x-access-token': 'sk-right', 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body, duplex: 'half' };
    const answer = await box.app.request('/collection', init);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ success: false, message: expect.stringContaining('broke off') });
  });
});
