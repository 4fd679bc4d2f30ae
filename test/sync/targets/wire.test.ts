import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { TargetBusy } from '../../../src/sync/target.ts';
import { paced, Wire, type WireOptions } from '../../../src/sync/targets/wire.ts';
import { freePort } from '../../e2e/support/ports.ts';

const signal = new AbortController().signal;
const wireOf = (options: Partial<WireOptions> = {}) => new Wire({ path: 'sync.targets.t', env: {}, ...options });

async function server(listener: RequestListener) {
  const http = createServer(listener).listen(0, '127.0.0.1');
  await once(http, 'listening');
  // `address()` of a server that listens on TCP.
  const { port } = http.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/p`),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
}

async function* pieces(count: number, bytes: number) {
  for (let n = 0; n < count; n += 1) yield Buffer.alloc(bytes, n);
}

describe('the wire', () => {
  it('sends a stream with its length and reads the whole answer', async () => {
    let length: string | undefined;
    await using there = await server((request, response) => {
      length = request.headers['content-length'];
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      request.on('end', () => response.end(String(bytes)));
    });
    await using wire = wireOf();
    const body = { bytes: 300_000, pieces: pieces(3, 100_000) };
    const answer = await wire.ask(there.url, { method: 'POST', body, signal });
    expect([answer.status, answer.body.toString(), length]).toEqual([200, '300000', '300000']);
  });

  it('follows no redirect, and says where it leads', async () => {
    await using there = await server((_request, response) =>
      response.writeHead(307, { location: 'https://elsewhere.example/?secret=1' }).end(),
    );
    await using wire = wireOf();
    await expect(wire.ask(there.url, { method: 'GET', signal })).rejects.toThrow(
      /^sync\.targets\.t: 127\.0\.0\.1:\d+ redirects to elsewhere\.example \(307\), which is not followed/,
    );
  });

  it('cuts off a server that takes nothing, but counts no time that our own line costs', async () => {
    // Never reads.
    const deaf = createTcp((socket) => void socket.pause().on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(deaf, 'listening');
    const url = new URL(`http://127.0.0.1:${(deaf.address() as AddressInfo).port}/`);
    await using wire = wireOf({ stallMs: 400 });
    const body = { bytes: 64 * 2 ** 20, pieces: pieces(64, 2 ** 20) };
    await expect(wire.ask(url, { method: 'PUT', body, signal })).rejects.toThrow('nothing came back for 1 s');
    deaf.close();

    await using there = await server((request, response) => request.resume().on('end', () => response.end('done')));
    await using patient = wireOf({ stallMs: 2000 });
    const slow = { bytes: 20_000, pieces: paced(pieces(1, 20_000), { take: () => sleep(2200) }) };
    expect((await patient.ask(there.url, { method: 'PUT', body: slow, signal })).status).toBe(200);
  });

  it('cuts off a server whose answer drips', async () => {
    await using there = await server((_request, response) => {
      const timer = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(timer));
    });
    await using wire = wireOf({ stallMs: 500 });
    await expect(wire.ask(there.url, { method: 'GET', signal })).rejects.toThrow('nothing came back for 1 s');
  });

  it('reads no endless answer', async () => {
    await using there = await server((_request, response) => {
      const more = () => {
        while (response.write(Buffer.alloc(1 << 20)));
      };
      response.on('drain', more);
      more();
    });
    await using wire = wireOf();
    await expect(wire.ask(there.url, { method: 'GET', signal })).rejects.toThrow('its answer is far too long');
  });

  it('tells how long a busy server wants to be left alone', async () => {
    await using there = await server((_request, response) => response.writeHead(429, { 'retry-after': '17' }).end());
    await using wire = wireOf();
    const answer = await wire.ask(there.url, { method: 'GET', signal });
    expect(() => wire.demandTime(answer)).toThrow(expect.objectContaining({ pauseMs: 17_000 }));
    expect(() => wire.demandTime({ ...answer, headers: { 'retry-after': 'soon' } })).toThrow(TargetBusy);
    expect(() => wire.demandTime({ ...answer, status: 500 })).not.toThrow();
  });

  it('names what is wrong with the connection', async () => {
    const closed = new URL(`http://127.0.0.1:${await freePort()}/p`);
    await using wire = wireOf();
    await expect(wire.ask(closed, { method: 'GET', signal })).rejects.toThrow('no connection (ECONNREFUSED)');
    await using own = wireOf({ caFile: join('nowhere', 'ca.pem') });
    await expect(own.ask(closed, { method: 'GET', signal })).rejects.toThrow("sync.targets.t.caFile: can't read");
  });

  it('goes through the proxy that the environment names', async () => {
    const asked: (string | undefined)[] = [];
    await using proxy = await server((request, response) => {
      asked.push(request.url);
      response.end('by proxy');
    });
    await using wire = wireOf({ env: { HTTP_PROXY: proxy.url.origin } });
    const answer = await wire.ask(new URL('http://nowhere.invalid/x'), { method: 'GET', signal });
    expect([answer.body.toString(), asked]).toEqual(['by proxy', ['http://nowhere.invalid/x']]);
  });

  it('ends with the reason of its signal', async () => {
    await using there = await server(() => undefined);
    await using wire = wireOf();
    const stop = new AbortController();
    const asked = wire.ask(there.url, { method: 'GET', signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });
});
