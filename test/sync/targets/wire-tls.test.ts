/** Servers with certificates of an authority of one's own, and proxies on the way to them. */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Wire } from '../../../src/sync/targets/wire.ts';
import { authority } from '../../e2e/support/mosquitto.ts';
import { type TempDir, tempDir } from '../../e2e/support/temp-dir.ts';

const signal = new AbortController().signal;
const open: Server[] = [];
const sockets = new Set<Socket>();

let dir: TempDir;
let own: Awaited<ReturnType<typeof authority>>;
let url: URL;

beforeAll(async () => {
  dir = await tempDir();
  own = await authority(dir.path, 'own');
  url = await serve(await own.issue('server'));
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of open) server.close();
  await dir[Symbol.asyncDispose]();
});

async function serve({ certFile, keyFile }: { certFile: string; keyFile: string }): Promise<URL> {
  const files = { cert: await readFile(certFile), key: await readFile(keyFile) };
  const server = createHttps(files, (request, response) =>
    request.resume().on('end', () => response.end('in private')),
  );
  return new URL(`https://127.0.0.1:${await listening(server)}/`);
}

async function listening(server: Server): Promise<number> {
  open.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // `address()` of a server that listens on TCP.
  return (server.address() as AddressInfo).port;
}

async function ask(to: URL, options: { caFile?: string; env?: Record<string, string> } = {}): Promise<string> {
  await using wire = new Wire({ path: 'sync.targets.t', env: {}, ...options });
  return (await wire.ask(to, { method: 'POST', body: 'x', signal })).body.toString();
}

describe('a server with a certificate of an authority of one’s own', () => {
  it('is asked with the file of the authority, and not without', async () => {
    expect(await ask(url, { caFile: own.caFile })).toBe('in private');
    await expect(ask(url)).rejects.toThrow(/signed by nobody known \(.+\): give your own authority's file as caFile/);
    const other = await authority(dir.path, 'other');
    await expect(ask(url, { caFile: other.caFile })).rejects.toThrow('signed by nobody known');
  });

  it('is not asked when its certificate has expired, or is for another name', async () => {
    const expired = await serve(await own.issue('expired', -1));
    await expect(ask(expired, { caFile: own.caFile })).rejects.toThrow(
      "not valid now (CERT_HAS_EXPIRED): is the box's",
    );
    const named = new URL(url);
    named.hostname = 'localhost';
    await expect(ask(named, { caFile: own.caFile })).rejects.toThrow("its certificate is another server's");
  });

  it('is reached through a proxy that sees nothing of it', async () => {
    const asked: (string | undefined)[] = [];
    let seen = '';
    const proxy = createHttp().on('connect', (request, near: Socket) => {
      asked.push(request.url);
      const far = connect(Number(url.port), '127.0.0.1', () =>
        near.write('HTTP/1.1 200 Connection established\r\n\r\n'),
      );
      for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined));
      near.on('data', (chunk: Buffer) => {
        seen += chunk.toString('latin1');
      });
      near.pipe(far).pipe(near);
    });
    const env = { HTTPS_PROXY: `http://127.0.0.1:${await listening(proxy)}` };
    expect(await ask(url, { caFile: own.caFile, env })).toBe('in private');
    expect(asked).toEqual([url.host]);
    expect(seen).not.toContain('POST');
  });
});
