/** Work that outlasts a request: how its answers, its polling address and its callbacks tell of it. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Asset } from '#domain';
import { Fault } from '#runtime';
import { type Box, openBox, T0 } from './box.ts';

let box: Box;
beforeEach(async () => {
  box = await openBox();
});
afterEach(() => box[Symbol.asyncDispose]());

function addVideo(id = 'm-1'): Asset {
  const asset: Asset = {
    id,
    kind: 'video',
    collectionId: box.store.defaultCollection.id,
    name: 'Monday',
    description: 'what came',
    lengthMs: 61_500,
    bytes: 1234,
    width: 640,
    height: 360,
    thumbPath: `${id}/thumb.jpg`,
    origin: { kind: 'upload', filename: 'monday.mp4' },
    createdMs: T0,
  };
  box.store.assets.create(asset, []);
  return asset;
}

const upload = (body: object = {}) =>
  box.call('POST', '/collection/default/upload', { url: 'http://10.0.0.1/monday.mp4', ...body });

/** The whole envelope, whose own "status" the polling loops of the clients read. */
async function asked(id: string): Promise<unknown> {
  const path = `/async-response/${id}`;
  await box.call('GET', path); // Checks it against what is documented.
  return (await box.app.request(`http://box.local:8080${path}`, { headers: { 'x-access-token': 'sk-right' } })).json();
}

/** A promise with its handle. */
function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Takes callbacks until disposed of; answers the first `refuse` of them with 500. */
async function receiver(refuse = 0) {
  const calls: { body: unknown; key: unknown }[] = [];
  const server = createServer();
  server.on('request', async (request: IncomingMessage, response: ServerResponse) => {
    calls.push({ body: await json(request), key: request.headers['idempotency-key'] });
    response.writeHead(calls.length > refuse ? 200 : 500).end();
    server.emit('called');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // A TCP server's is always of this form.
  return {
    calls,
    url: `http://127.0.0.1:${port}/done?secret=1`,
    called: () => once(server, 'called'),
    [Symbol.dispose]: () => void server.close(),
  };
}

const VIEW = {
  id: 'm-1',
  name: 'Monday',
  description: 'what came',
  length: 61.5,
  size: '1234',
  extension: 'mp4',
  stream_url: expect.stringMatching(/^http:\/\/box\.local:8080\/hls\/.+\.m3u8$/),
  player_url: expect.stringMatching(/^http:\/\/box\.local:8080\/watch\?v=/),
  thumbnail_url: expect.stringMatching(/^http:\/\/box\.local:8080\/v1\/pictures\/m-1\.jpg\?t=/),
};

describe('a job that is done at once', () => {
  it('answers with what it made', async () => {
    box.handlers.ingest = async () => ({ assetId: addVideo().id });
    const answer = await upload();
    expect(answer).toMatchObject({ status: 200, success: true, message: '' });
    expect(answer.data).toMatchObject({ ...VIEW, collection_id: box.store.defaultCollection.id });
  });

  it('answers with why it failed, as a request that went well', async () => {
    box.handlers.ingest = async () => {
      throw new Fault('refused', 'url: leads to a web page');
    };
    expect(await upload()).toMatchObject({ status: 200, success: false, message: 'url: leads to a web page' });
  });

  it('hides what went wrong inside', async () => {
    box.handlers.ingest = async () => {
      throw new Error('secret canary');
    };
    const { success, message } = await upload();
    expect([success, message]).toEqual([false, expect.stringContaining('inside the appliance')]);
    expect(message).not.toContain('canary');
  });
});

describe('a job that goes on', () => {
  it('is told of at its address until it is done, with the links of who asks', async () => {
    const [reached, release] = [deferred(), deferred()];
    box.handlers.ingest = async (_job, context) => {
      context.progress(37);
      reached.resolve();
      await release.promise;
      return { assetId: addVideo().id };
    };
    const { id } = box.deps.jobs.submit('ingest', {});
    await reached.promise;
    expect(await asked(id)).toEqual({
      success: true,
      status: 'processing',
      request_type: 'sync',
      data: { id, output_url: `http://box.local:8080/async-response/${id}`, percentage: 37 },
    });
    release.resolve();
    await box.deps.jobs.settled(id, 30_000);
    expect(await asked(`${id}/`)).toMatchObject({ success: true, status: 'done', data: VIEW });
  });

  it('says that it failed with a status of its own', async () => {
    box.handlers.ingest = async () => {
      throw new Fault('unavailable', 'url: the server can not be reached');
    };
    const { id } = box.deps.jobs.submit('ingest', {});
    await box.deps.jobs.settled(id, 30_000);
    const failed = { success: false, status: 'failed', message: 'url: the server can not be reached' };
    expect(await asked(id)).toEqual(failed);
  });

  it('says so when what it made is gone', async () => {
    box.handlers.ingest = async () => ({ assetId: addVideo().id });
    const { id } = box.deps.jobs.submit('ingest', {});
    await box.deps.jobs.settled(id, 30_000);
    box.store.assets.delete('m-1');
    expect(await box.call('GET', `/async-response/${id}`)).toMatchObject({
      success: false,
      message: expect.stringContaining('deleted'),
    });
  });

  it('that nobody knows is not found', async () => {
    expect(await box.call('GET', '/async-response/job-none')).toMatchObject({ status: 404, success: false });
  });

  it('needs a key to be asked for', async () => {
    const headers = { 'x-access-token': 'sk-wrong' };
    expect(await box.call('GET', '/async-response/job-none', undefined, headers)).toMatchObject({ status: 401 });
  });
});

describe('each kind of job answers with its own', () => {
  it.each([
    ['export', { assetId: 'm-1' }, { video_id: 'm-1', name: 'Monday', duration: 61.5, stream_url: VIEW.stream_url }],
    ['index_scenes', { indexId: '0123456789abcdef' }, { scene_index_id: '0123456789abcdef' }],
    ['index_spoken_words', { indexId: 'x', message: 'no speech model' }, { success: true, message: 'no speech model' }],
  ] as const)('%s', async (kind, result, data) => {
    addVideo();
    box.handlers[kind] = async () => result;
    const { id } = box.deps.jobs.submit(kind, {});
    await box.deps.jobs.settled(id, 30_000);
    expect((await box.call('GET', `/async-response/${id}`)).data).toMatchObject(data);
  });
});

describe('an upload with a callback', () => {
  it('is answered at once with nothing, and the callback tells what came of it', async () => {
    using hook = await receiver();
    const release = deferred();
    box.handlers.ingest = async () => {
      await release.promise;
      return { assetId: addVideo().id };
    };
    const answer = await upload({ callback_url: hook.url, media_type: null, name: null });
    expect(answer).toMatchObject({ status: 200, success: true, data: {} });
    expect(hook.calls).toEqual([]);
    const called = hook.called();
    release.resolve();
    await called;
    expect(hook.calls[0]?.body).toMatchObject({ success: true, data: { id: 'm-1', name: 'Monday', length: 61.5 } });
  });

  it('is told a failure, too, again when the receiver did not take it', async () => {
    using hook = await receiver(1);
    box.handlers.ingest = async () => {
      throw new Fault('refused', 'the file is no media');
    };
    await upload({ callback_url: hook.url });
    await expect.poll(() => hook.calls.length).toBe(2);
    const [first, second] = hook.calls;
    expect(first?.body).toEqual({ success: false, message: 'the file is no media' });
    expect(second).toEqual(first);
    expect(first?.key).toMatch(/^job-/);
  });

  it.each(['ftp://10.0.0.1/', 'nowhere', 'http:// x/'])('to %s is refused', async (url) => {
    expect(await upload({ callback_url: url })).toMatchObject({
      status: 400,
      message: expect.stringContaining('callback_url'),
    });
    expect(box.store.jobs.unfinished()).toEqual([]);
  });
});

it('lists outcomes that nobody took, without what their addresses hide, and tells them again', async () => {
  const callback = 'http://user:secret@127.0.0.1:1/hook?token=secret';
  const job = box.store.jobs.add({ id: 'job-1', kind: 'ingest', input: {}, callbackUrl: callback, createdMs: T0 });
  box.store.jobs.failed(job.id, 'no such file', T0);
  box.store.jobs.callbackFailed(job.id, 'no connection', undefined);
  const { data } = await box.call('GET', '/v1/callbacks?state=dead');
  const target = 'http://127.0.0.1:1/hook';
  const listed = { job_id: job.id, kind: 'ingest', job_status: 'failed', state: 'dead', target, attempts: 1 };
  expect(data.callbacks).toEqual([{ ...listed, last_error: 'no connection' }]);
  expect((await box.call('GET', '/v1/status')).data.delivery).toMatchObject({ callbacks_dead: 1 });
  expect((await box.call('POST', `/v1/callbacks/${job.id}/replay`)).status).toBe(200);
  expect((await box.call('GET', '/v1/callbacks')).data.callbacks).toMatchObject([{ job_id: job.id, state: 'waiting' }]);
  expect((await box.call('POST', '/v1/callbacks/job-none/replay')).status).toBe(404);
});
