/** Over real sockets: limits, raw paths, shutdown, and VideoDB's own Node SDK. */

import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { connect } from 'videodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpServer, listen } from '#http';
import { addScene, addStream, type Box, openBox, record, T0 } from './box.ts';

let box: Box;
let server: HttpServer;
let base: string;

beforeAll(async () => {
  box = await openBox();
  server = await listen(box.app, { host: '127.0.0.1', port: 0 }, box.deps.log);
  base = `http://127.0.0.1:${server.address.port}`;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await box[Symbol.asyncDispose]();
});

/** Sends the request exactly as written and reads until the server closes. */
async function raw(lines: string[], body = ''): Promise<string> {
  const socket = connectSocket(server.address.port, '127.0.0.1');
  socket.write(`${[...lines, 'x-access-token: sk-right', 'Connection: close'].join('\r\n')}\r\n\r\n${body}`);
  return readAll(socket);
}

describe('the server', () => {
  it('refuses 10 MB and goes on serving', async () => {
    const headers = { 'x-access-token': 'sk-right', 'content-type': 'application/json' };
    const body = JSON.stringify({ url: 'rtsp://10.0.0.1/', name: 'x'.repeat(10_000_000) });
    const response = await fetch(`${base}/rtstream`, { method: 'POST', headers, body });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ success: false, error_code: 'too_large' });
    expect((await fetch(`${base}/v1/health`)).status).toBe(200);
  });

  it('collapses slashes in a raw request and never redirects', async () => {
    expect(await raw(['GET //collection/ HTTP/1.1', 'Host: box'])).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each(['/assets/../../../etc/passwd', '/hls/x/segments/../../../../etc/passwd', '/..%2f..%2fetc%2fpasswd', '/%00'])(
    'serves no file for %s',
    async (path) => {
      expect(await raw([`GET ${path} HTTP/1.1`, 'Host: box'])).toMatch(/^HTTP\/1\.1 40[0134] /);
    },
  );

  it.each(['evil.example/@x', 'a b', '"><script>', ''])('puts no %j for a host into a link', async (host) => {
    const { id } = addStream(box.store);
    await record(box, id, 0, 1, `ses-${id}`);
    const answer = await raw([`GET /rtstream/${id}/stream?start=${T0 / 1000} HTTP/1.1`, `Host: ${host}`]);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('answers with the words of the refusal as reason, for clients that show nothing else', async () => {
    expect(await raw(['GET /rtstream/rts-none HTTP/1.1', 'Host: box'])).toMatch(
      /^HTTP\/1\.1 404 rtstream_id: there is no/,
    );
  });

  it('takes a body in chunks, and DELETE with a JSON type and no body', async () => {
    const chunked = ['POST /collection HTTP/1.1', 'Host: box', 'Transfer-Encoding: chunked'];
    expect(await raw(chunked, '8\r\n{"name":\r\n4\r\n"c"}\r\n0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
    const deletion = ['DELETE /collection/c-none HTTP/1.1', 'Host: box', 'Content-Type: application/json'];
    expect(await raw([...deletion, 'Content-Length: 0'])).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('says which address it can not take', async () => {
    const taken = listen(box.app, { host: '127.0.0.1', port: server.address.port }, box.deps.log);
    await expect(taken).rejects.toThrow(`listen: can't take 127.0.0.1:${server.address.port}`);
  });

  it('cuts what does not end by itself when it stops', async () => {
    const other = await listen(box.app, { host: '127.0.0.1', port: 0 }, box.deps.log);
    const headers = { 'x-access-token': 'sk-right' };
    const feed = await fetch(`http://127.0.0.1:${other.address.port}/v1/live`, { headers });
    const ended = feed.text().catch(() => 'cut');
    await other[Symbol.asyncDispose]();
    expect(await ended).toBe('cut');
    const socket = connectSocket(other.address.port, '127.0.0.1');
    await expect(once(socket, 'connect')).rejects.toThrow('ECONNREFUSED');
  });
});

describe('the videodb package', () => {
  it('is told of a wrong key', async () => {
    const wrong = connect({ apiKey: 'sk-wrong', baseUrl: base });
    await expect(wrong.getCollection()).rejects.toThrow('Authentication');
  });

  it('connects, indexes, arms, searches and plays', async () => {
    const connection = connect({ apiKey: 'sk-right', baseUrl: base });
    const collection = await connection.getCollection();
    expect(collection.id).toBe(box.store.defaultCollection.id);

    const stream = await collection.connectRTStream('rtsp://u:p@10.0.0.1/s', 'SDK camera');
    expect(stream).toMatchObject({ status: 'connected', name: 'SDK camera', mediaTypes: ['video'], sampleRate: 30 });
    await stream.stop();
    await stream.start();
    expect((await collection.listRTStreams({ name: 'sdk', status: 'connected' })).map(({ id }) => id)).toEqual([
      stream.id,
    ]);
    expect((await collection.getRTStream(stream.id)).name).toBe('SDK camera');

    const index = await stream.indexVisuals({ prompt: 'p', batchConfig: { type: 'time', value: 5, frameCount: 2 } });
    if (!index) throw new Error('no index');
    expect(index).toMatchObject({
      extractionType: 'time',
      extractionConfig: { time: 5, frameCount: 2 },
      status: 'running',
    });
    expect((await stream.listSceneIndexes()).map(({ rtstreamIndexId }) => rtstreamIndexId)).toEqual([
      index.rtstreamIndexId,
    ]);
    await index.stop();
    await index.start();
    await index.updateSceneIndex('a new prompt');
    expect(index.prompt).toBe('a new prompt');

    const stored = box.store.indexes.get(index.rtstreamIndexId);
    if (!stored) throw new Error('not stored');
    addScene(box.store, stored, 2, 'a forklift passes');
    expect(await index.getScenes()).toMatchObject({ scenes: [{ text: 'a forklift passes' }], nextPage: false });
    expect(await index.getScenes(0, 10)).toMatchObject({ scenes: [] });

    const eventId = await connection.createEvent('someone enters', 'entered');
    expect(await connection.listEvents()).toMatchObject([{ eventId, label: 'entered' }]);
    const alertId = await index.createAlert(eventId ?? '', 'http://127.0.0.1:9/hook');
    await index.disableAlert(alertId ?? '');
    expect(await index.listAlerts()).toMatchObject([{ alertId, status: 'disabled' }]);
    await index.enableAlert(alertId ?? '');

    await record(box, stream.id, 0, 3, 'ses-sdk');
    const { shots } = await stream.search({ query: 'forklift' });
    expect(shots[0]).toMatchObject({ rtstreamId: stream.id, text: 'a forklift passes', start: T0 / 1000 + 2 });
    const url = await shots[0]?.generateStream();
    expect(url).toMatch(/\/manifests\/rts-[^/]+\/\d{16}-\d{16}\.m3u8$/);
    const playlist = await (await fetch(url ?? '')).text();
    expect(playlist).toMatch(/^#EXTM3U/);
    const segment = /^\.\.\/.*m4s$/m.exec(playlist)?.[0] ?? '';
    expect((await fetch(new URL(segment, url ?? ''))).status).toBe(200);
  });

  it('shows its user why something is refused', async () => {
    const collection = await connect({ apiKey: 'sk-right', baseUrl: base }).getCollection();
    await expect(collection.connectRTStream('gopher://x/', 'bad')).rejects.toThrow('url');
  });
});
