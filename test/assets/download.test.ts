import { createReadStream, readdirSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demandReach, reachOf } from '../../src/assets/reach.ts';
import { type Box, ffmpeg, openBox } from './box.ts';

let box: Box;
beforeEach(async () => {
  box = await openBox();
});
afterEach(() => box[Symbol.asyncDispose]());

const collectionId = () => box.store.defaultCollection.id;
const jobFor = (url: string) =>
  box.job('ingest', { url, collectionId: collectionId(), name: 'clip', description: '', filename: 'clip.mp4' });
const fetched = (url: string) => box.run(jobFor(url));

/** Serves until disposed of. */
async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // A TCP server's is always of this form.
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.dispose]: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

describe('a download', () => {
  it('follows redirects and becomes an asset', async () => {
    ffmpeg(box.dir, ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=10:duration=2'], ['served.mp4']);
    using server = await serve((request, response) => {
      if (request.url === '/a') response.writeHead(302, { location: '/b' }).end();
      else createReadStream(join(box.dir, 'served.mp4')).pipe(response);
    });
    const { assetId } = await fetched(`${server.url}/a`);
    expect(box.store.assets.get(assetId ?? '')?.kind).toBe('video');
    expect(readdirSync(box.deps.uploadsDir)).toEqual([]);
  });

  it.each([
    ['/404', 'answered 404'],
    ['/page', 'a web page'],
    ['/hidden-page', 'not media that this box can read'],
    ['/empty', 'not media that this box can read'],
    ['/round', 'redirected more than 5 times'],
    ['/away', 'must be an http:// or https:// address'],
    ['/metadata', 'link-local addresses are not fetched from'],
    ['/short', 'broke off'],
    ['/large', 'there is no room'],
  ])('of %s is refused: %s', async (path, reason) => {
    using server = await serve(({ url }, response) => {
      if (url === '/page') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
      else if (url === '/hidden-page') response.writeHead(200, { 'content-type': 'video/mp4' }).end('<html>');
      else if (url === '/empty') response.writeHead(200).end();
      else if (url === '/round') response.writeHead(302, { location: '/round' }).end();
      else if (url === '/away') response.writeHead(302, { location: 'file:///etc/passwd' }).end();
      else if (url === '/metadata')
        response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
      else if (url === '/short')
        response.writeHead(200, { 'content-length': '1000' }).write('x', () => response.destroy());
      else if (url === '/large') response.writeHead(200, { 'content-length': '1000000000000000' }).write('x');
      else response.writeHead(404).end();
    });
    await expect(fetched(server.url + path)).rejects.toThrow(reason);
    expect([readdirSync(box.deps.uploadsDir), readdirSync(box.deps.assetsDir)]).toEqual([[], []]);
  });

  it('from nowhere is refused', async () => {
    await expect(fetched('http://127.0.0.1:1/x')).rejects.toThrow('can not be reached');
  });

  it('ends when it is told to stop, and begins again', async () => {
    const stop = new AbortController();
    using server = await serve((_request, response) => {
      response.writeHead(200).write('x', () => stop.abort(new Error('stopping')));
    });
    const job = jobFor(server.url);
    await expect(box.run(job, stop.signal)).rejects.toThrow('stopping');
    expect(readdirSync(box.deps.uploadsDir)).toEqual([]);
  });
});

describe('where an address leads', () => {
  it.each([
    ['http://93.184.216.34/x', 'public'],
    ['http://[2606:2800:220:1::1]/', 'public'],
    ['http://192.168.1.20/', 'private'],
    ['http://172.20.0.1:8080/', 'private'],
    ['http://100.64.1.1/', 'private'],
    ['http://[fd12:3456::1]/', 'private'],
    ['http://127.0.0.1/', 'own'],
    ['http://2130706433/', 'own'],
    ['http://0.0.0.0/', 'own'],
    ['http://localhost/', 'own'],
    ['http://[::1]/', 'own'],
    ['http://[::ffff:127.0.0.1]/', 'own'],
    ['http://169.254.169.254/latest/', 'link-local'],
    ['http://[::ffff:169.254.169.254]/', 'link-local'],
    ['http://[fe80::1]/', 'link-local'],
    ['http://[fd00:ec2::254]/', 'link-local'],
  ])('is known: %s is %s', async (address, reach) => {
    expect(await reachOf(new URL(address))).toBe(reach);
  });

  it('may be asked for from as near, and never from further away', () => {
    for (const from of ['private', 'own'] as const) expect(() => demandReach('private', from)).not.toThrow();
    expect(() => demandReach('public', 'private')).not.toThrow();
    expect(() => demandReach('private', 'public')).toThrow(/own network/);
    expect(() => demandReach('own', 'private')).toThrow(/own network/);
    expect(() => demandReach('link-local', 'own')).toThrow(/link-local/);
  });
});
