/** HTTPS with real certificates, made by OpenSSL, and renewed while somebody is connected. */
import { once } from 'node:events';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { Certificate, type HttpServer, listen, Sockets } from '#http';
import { authority } from '../e2e/support/mosquitto.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { type Box, openBox } from './box.ts';

let box: Box;
let dir: Awaited<ReturnType<typeof tempDir>>;
let ours: Awaited<ReturnType<typeof authority>>;
let files: { certFile: string; keyFile: string };
let certificate: Certificate;
let server: HttpServer;

beforeAll(async () => {
  [box, dir] = await Promise.all([openBox(), tempDir()]);
  ours = await authority(dir.path, 'ours');
  files = await ours.issue('box');
  certificate = await Certificate.load(files);
  const options = { sockets: Sockets.start(box.deps), certificate, lookAgainMs: 20 };
  server = await listen(box.app, { host: '127.0.0.1', port: 0 }, box.deps.log, options);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await box[Symbol.asyncDispose]();
  await dir[Symbol.asyncDispose]();
});

async function ca(): Promise<Buffer> {
  return readFile(ours.caFile);
}

async function get(path: string): Promise<string> {
  const asked = request({ host: '127.0.0.1', port: server.address.port, path, ca: await ca(), agent: false });
  asked.setHeader('x-access-token', 'sk-right').end();
  const [response] = await once(asked, 'response');
  return text(response);
}

async function connected(): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: server.address.port, ca: await ca() });
  await once(socket, 'secureConnect');
  return socket;
}

const subject = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN;

describe('HTTPS', () => {
  it('answers as HTTP does, and links lead to it', async () => {
    expect(JSON.parse(await get('/v1/health')).data.status).toBe('ok');
    const { websocket_url: address } = JSON.parse(await get('/collection/default/websocket')).data;
    expect(address).toMatch(/^wss:\/\/127\.0\.0\.1:/);
    const client = new WebSocket(address, { ca: await ca() });
    await once(client, 'open');
    client.close();
    await once(client, 'close');
  });

  it('tells a client that speaks HTTP nothing, and goes on', async () => {
    const socket = connectPlain(server.address.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET /v1/health HTTP/1.1\r\nHost: box\r\n\r\n');
    await once(socket, 'close');
    expect(JSON.parse(await get('/v1/health')).success).toBe(true);
  });

  it('takes a renewed certificate, and cuts nobody for it', async () => {
    const before = await connected();
    expect(subject(before)).toBe('box');
    const newer = await ours.issue('newer');
    await copyFile(newer.keyFile, files.keyFile); // For a moment the two don't fit.
    await expect.poll(() => certificate.status().problem).toMatch(/^tls\.keyFile: .* is not the key/);
    expect(subject(await connected())).toBe('box');
    await copyFile(newer.certFile, files.certFile);
    await expect.poll(async () => subject(await connected())).toBe('newer');
    expect(certificate.status().problem).toBeUndefined();
    before.end('GET /v1/health HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n');
    expect(await text(before)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('shows when it expires', async () => {
    box.deps.certificate = certificate;
    const { data } = await box.call('GET', '/v1/status');
    expect(data.certificate.expires_ms).toBeGreaterThan(Date.now());
    const metrics = await box.app.request('/metrics', { headers: { 'x-access-token': 'sk-right' } });
    expect(await metrics.text()).toContain(
      `watchpost_certificate_expires_seconds ${data.certificate.expires_ms / 1000}`,
    );
  });
});

describe('a certificate that is of no use', () => {
  it.each([
    ['is not there', { certFile: 'none.pem' }, /^tls\.certFile: can't read .*none\.pem \(ENOENT\)/],
    ['is no PEM', { certFile: 'text' }, /^tls\.certFile: .*text holds no certificate/],
    ['has another key', { keyFile: 'ours.key' }, /^tls\.keyFile: .*ours\.key is not the key/],
    ['has no key', { keyFile: 'text' }, /^tls\.keyFile: .*text is not the key/],
  ])('is refused at the start when it %s', async (_, wrong, words) => {
    await writeFile(`${dir.path}/text`, 'hello');
    const pair = {
      ...files,
      ...Object.fromEntries(Object.entries(wrong).map(([of, name]) => [of, `${dir.path}/${name}`])),
    };
    await expect(Certificate.load(pair)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(words),
    });
  });
});
