import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entry, failure, pull, serve, weights, whole } from './tiny-pull.ts';

let dir: string;
let models: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-web-'));
  models = join(dir, 'models');
});
afterEach(() => rm(dir, { recursive: true }));

describe('proxies', () => {
  it('asks the proxy for plain addresses, with the name and the password that it wants', async () => {
    const wanted = `Basic ${Buffer.from('box:canary').toString('base64')}`;
    await using proxy = await serve((request, response) => {
      if (request.headers['proxy-authorization'] === wanted) response.end(weights);
      else response.writeHead(407).end();
    });
    const env = { http_proxy: proxy.url };
    const refused = await failure(pull(models, entry('http://hub.invalid'), { env }));
    expect(refused).toMatchObject({ message: expect.stringMatching(/407.*\. The proxy wants to know who asks/) });
    await pull(models, entry('http://hub.invalid'), { env: { http_proxy: proxy.url.replace('//', '//box:canary@') } });
    expect(proxy.asked).toEqual(['GET http://hub.invalid/tiny.onnx', 'GET http://hub.invalid/tiny.onnx']);
  });

  it('opens a tunnel for https, and says when the proxy refuses one', async () => {
    await using proxy = await serve(whole, (_target, socket) => {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    const env = { HTTPS_PROXY: proxy.url };
    const error = await failure(pull(models, entry('https://hub.invalid'), { env }));
    expect(error).toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/Proxy response \(403\)/) });
    expect(proxy.asked).toEqual(['CONNECT hub.invalid:443']);
  });

  it('goes past the proxy where NO_PROXY says so', async () => {
    await using server = await serve(whole);
    const env = { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: 'example.com,127.0.0.1' };
    await pull(models, entry(server.url), { env });
    expect(server.asked).toEqual(['GET /tiny.onnx']);
  });

  it('names the variable that holds no address', async () => {
    expect(
      await failure(pull(models, entry('http://hub.invalid'), { env: { HTTP_PROXY: 'proxy:canary' } })),
    ).toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/HTTP_PROXY/),
    });
  });

  it('tunnels to what the proxy reaches', async () => {
    await using server = await serve(whole);
    await using proxy = await serve(whole, (_target, socket) => {
      const beyond = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(beyond).pipe(socket);
      });
      beyond.on('error', () => socket.destroy());
    });
    // What answers behind the tunnel speaks no TLS: that the greeting got there shows in its answer.
    const error = await failure(pull(models, entry('https://hub.invalid'), { env: { https_proxy: proxy.url } }));
    expect(error?.message).toMatch(/SSL|TLS|wrong version|packet length/i);
    expect(proxy.asked).toEqual(['CONNECT hub.invalid:443']);
  });
});

describe('mirrors', () => {
  it('takes a name and a password in the address of a mirror, and shows neither', async () => {
    await using server = await serve((request, response) => {
      const right = request.headers.authorization === `Basic ${Buffer.from('box:c@nary').toString('base64')}`;
      if (right) response.end(weights);
      else response.writeHead(401).end();
    });
    const from = (password: string) => server.url.replace('//', `//box:${password}@`);
    const error = await failure(pull(models, entry('http://hub.invalid'), { from: from('canary') }));
    expect(error?.message).toMatch(/answered 401/);
    expect(error?.message).not.toContain('canary');
    await pull(models, entry('http://hub.invalid'), { from: from('c%40nary') });
    const manifest = await readFile(join(models, 'tiny', 'model.json'), 'utf8');
    expect(JSON.parse(manifest).source).toBe('http://hub.invalid/tiny.onnx');
    expect(manifest + (await readFile(join(models, 'models.lock.json'), 'utf8'))).not.toContain('c%40nary');
  });
});
