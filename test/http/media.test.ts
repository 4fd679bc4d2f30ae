/** What signed links lead to, and what they don't. */
import { join } from 'node:path';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpEnv } from '../../src/http/deps.ts';
import { serveFile } from '../../src/http/files.ts';
import { addIndex, addScene, addStream, type Box, openBox, put, record, T0 } from './box.ts';

let box: Box;
let streamId: string;
let ids: number[];
const base = 'http://box.local:8080';
const get = (path: string, init?: RequestInit) => box.app.request(base + path, init);

beforeAll(async () => {
  box = await openBox();
  streamId = addStream(box.store).id;
  ids = await record(box, streamId, 0, 5);
  ids.push(...(await record(box, streamId, 40, 2, 'ses-2')));
});
afterAll(() => box[Symbol.asyncDispose]());

const manifest = (fromS: number, toS: number) =>
  box.deps.links.manifestPath(streamId, T0 + fromS * 1000, T0 + toS * 1000);
const tokenPath = (fromS: number, toS: number) => manifest(fromS, toS).split('/manifests/')[0] ?? '';

/** The URIs of a playlist, resolved as a player would. */
async function urisOf(path: string): Promise<string[]> {
  const text = await (await get(path)).text();
  const uris = [...text.matchAll(/^(?:#EXT-X-MAP:URI="([^"]+)"|([^#\s].*))$/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  return uris.map((uri) => new URL(uri, base + path).pathname);
}

describe('playlists', () => {
  it('need no key and lead to every byte', async () => {
    const path = manifest(2, 60);
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.text()).toContain('#EXT-X-ENDLIST');
    const uris = await urisOf(path);
    expect(uris).toHaveLength(7 + 2);
    for (const uri of uris) {
      const part = await get(uri);
      expect(part.status, uri).toBe(200);
      expect(part.headers.get('content-type')).toMatch(uri.endsWith('.m4s') ? /^video\/iso\.segment/ : /^video\/mp4/);
    }
    expect(await (await get(uris[1] ?? '')).text()).toBe(`${streamId}/ses-1/${T0}-${T0 + 4000}.m4s`);
  });

  it('name only what lies in their range', async () => {
    expect(await urisOf(manifest(4, 12))).toHaveLength(2 + 1);
  });

  it('grow while their end is to come', async () => {
    const path = box.deps.links.manifestPath(streamId, T0, Date.now() + 60_000);
    const text = await (await get(path)).text();
    expect(text).toContain('#EXT-X-PLAYLIST-TYPE:EVENT');
    expect(text).not.toContain('#EXT-X-ENDLIST');
  });

  it('are 404 when retention has taken everything', async () => {
    expect((await get(manifest(25, 30))).status).toBe(404);
  });
});

describe('tokens', () => {
  it('open their own range and stream and nothing else', async () => {
    const other = addStream(box.store).id;
    const [foreign] = await record(box, other, 0, 1, 'ses-other');
    const path = tokenPath(4, 8);
    expect((await get(`${path}/segments/${ids[1]}.m4s`)).status).toBe(200);
    expect((await get(`${path}/segments/${ids[0]}.m4s`)).status).toBe(404);
    expect((await get(`${path}/segments/${foreign}.m4s`)).status).toBe(404);
    expect((await get(`${path}/segments/999999.m4s`)).status).toBe(404);
    expect((await get(`${path}/sessions/ses-1.mp4`)).status).toBe(200);
    expect((await get(`${path}/sessions/ses-2.mp4`)).status).toBe(404);
    expect((await get(manifest(4, 8).replace(streamId, other))).status).toBe(403);
  });

  it('are refused when altered', async () => {
    const altered = manifest(0, 8).replace('/hls/', '/hls/x');
    const response = await get(altered);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ success: false, error_code: 'forbidden' });
    expect((await get('/v1/watch/rubbish')).status).toBe(403);
  });

  it.each([
    'segments/..%2F..%2Fwatchpost.db',
    'segments/../../../watchpost.db',
    'sessions/..%2F..%2F..%2Fsigning.key.mp4',
    'sessions/%2e%2e%2f%2e%2e%2fsigning.mp4',
    'sessions/../../../../etc/passwd',
  ])('reach no other file: %s', async (path) => {
    expect([401, 403, 404]).toContain((await get(`${tokenPath(0, 60)}/${path}`)).status);
  });

  it('reach no file outside, even if a path should lead there', async () => {
    await put(join(box.dir, 'outside.m4s'), 'secret');
    const app = new Hono<HttpEnv>();
    app.onError((error, c) => c.text(error.message, 404));
    app.get('/', (c) => serveFile(c, box.deps.mediaDir, '../outside.m4s', { type: 'x/y', cacheControl: '' }));
    expect(await (await app.request('/')).text()).toBe('the file is no longer there');
  });
});

describe('byte ranges', () => {
  const part = async (range: string, method = 'GET') => {
    const response = await get(`${tokenPath(0, 60)}/segments/${ids[0]}.m4s`, { method, headers: { range } });
    return { status: response.status, range: response.headers.get('content-range'), text: await response.text() };
  };

  it('are served as asked', async () => {
    const whole = `${streamId}/ses-1/${T0}-${T0 + 4000}.m4s`;
    const size = whole.length;
    expect(await part('bytes=0-3')).toEqual({ status: 206, range: `bytes 0-3/${size}`, text: whole.slice(0, 4) });
    expect(await part('bytes=4-')).toEqual({ status: 206, range: `bytes 4-${size - 1}/${size}`, text: whole.slice(4) });
    expect(await part('bytes=-3')).toMatchObject({ status: 206, text: whole.slice(-3) });
    expect(await part('bytes=0-99999')).toMatchObject({ status: 206, text: whole });
    expect(await part('bytes=99999-')).toMatchObject({ status: 416, range: `bytes */${size}` });
    for (const other of ['bytes=9-2', 'bytes=a-b', 'bytes=0-1,4-5', 'lines=0-1', 'bytes=-']) {
      expect(await part(other)).toMatchObject({ status: 200, text: whole });
    }
  });

  it('have a HEAD without a body', async () => {
    const response = await get(`${tokenPath(0, 60)}/segments/${ids[0]}.m4s`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(10);
    expect(await response.text()).toBe('');
  });
});

it('lets any page play, also one from a public network', async () => {
  const response = await get(manifest(0, 8), {
    method: 'OPTIONS',
    headers: { origin: 'https://console.videodb.io', 'access-control-request-private-network': 'true' },
  });
  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  expect(response.headers.get('access-control-allow-private-network')).toBe('true');
  expect(response.headers.get('access-control-allow-headers')).toContain('Range');
});

it('serves pictures of scenes by key or by signature', async () => {
  const index = addIndex(box.store, streamId);
  const scene = addScene(box.store, index, 0, 'x', { thumbPath: 'a/1.jpg' });
  const bare = addScene(box.store, index, 5, 'y');
  await put(join(box.deps.thumbsDir, 'a/1.jpg'), 'jpeg');
  const signed = box.deps.links.thumbPath(scene.id);
  expect(await (await get(signed)).text()).toBe('jpeg');
  expect((await get(signed.replace(`/${scene.id}.`, `/${bare.id}.`))).status).toBe(401);
  expect((await get(`/v1/thumbs/${scene.id}.jpg`)).status).toBe(401);
  const headers = { 'x-access-token': 'sk-right' };
  expect((await get(`/v1/thumbs/${scene.id}.jpg`, { headers })).headers.get('content-type')).toBe('image/jpeg');
  expect((await get(`/v1/thumbs/${bare.id}.jpg`, { headers })).status).toBe(404);
});
