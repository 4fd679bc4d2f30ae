import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CatalogueEntry, ModelLibrary, type PullOptions } from '#models';

const run = promisify(execFile);
const quiet = pino({ level: 'silent' });
const never = new AbortController().signal;
const weights = Buffer.alloc(3_000_000, 'weights');
const MB = 2 ** 20;

let dir: string;
let models: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-pull-'));
  models = join(dir, 'models');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

interface Server extends AsyncDisposable {
  url: string;
  asked: string[];
}

async function serve(listener: RequestListener, onConnect?: (target: string, socket: Socket) => void): Promise<Server> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  });
  server.on('connect', (request, socket: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    onConnect?.(request.url ?? '', socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const whole: RequestListener = (_request, response) => {
  response.end(weights);
};

function entry(url: string, licence = 'MIT'): Extract<CatalogueEntry, { url: string }> {
  const sha256 = createHash('sha256').update(weights).digest('hex');
  const about = { adds: 'for tests', licence, memoryMb: 1, memoryIs: 'estimated' } as const;
  return {
    name: 'tiny',
    task: 'voice-activity',
    url: `${url}/tiny.onnx`,
    bytes: weights.length,
    sha256,
    ...about,
    tiers: [],
  };
}

async function pull(one: CatalogueEntry, options: Partial<PullOptions> = {}): Promise<ModelLibrary> {
  const library = await ModelLibrary.open(models, quiet, [one]);
  await library.pull(one.name, { signal: never, env: {}, ...options });
  return library;
}

/** Neither a pack nor a lock on one is left. */
async function nothingInstalled(): Promise<void> {
  const library = await ModelLibrary.open(models, quiet, []);
  expect(library.list()).toEqual([]);
  const names = await readdir(models);
  expect(names.filter((name) => name !== '.tiny.incoming')).toEqual([]);
}

const failure = (attempt: Promise<unknown>) =>
  attempt.then(
    () => undefined,
    (error: Error) => error,
  );

describe('a pull that can not succeed', () => {
  it('finds out before it begins that there is too little room, and names both numbers', async () => {
    await using server = await serve(whole);
    const free = async () => 100 * MB;
    expect(await failure(pull(entry(server.url), { free }))).toMatchObject({
      kind: 'too_large',
      message: expect.stringMatching(/tiny needs 3\.0 MB .*has 104\.9 MB free, and 268\.4 MB must stay free/),
    });
    expect(server.asked).toEqual([]);
    await nothingInstalled();
    await pull(entry(server.url), { free: async () => 260 * MB });
  });

  it('counts what has come already as room', async () => {
    await using server = await serve(whole);
    await mkdir(join(models, '.tiny.incoming'), { recursive: true });
    await writeFile(join(models, '.tiny.incoming', 'tiny.onnx'), weights);
    await pull(entry(server.url), { free: async () => 0 });
    expect(server.asked).toEqual([]);
  });

  it('leaves nothing on a disk that fills up meanwhile', async (context) => {
    await mkdir(models);
    const mounted = await failure(run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'watchpost-test', models]));
    if (mounted) context.skip('only root may mount a small disk');
    try {
      await using server = await serve(whole);
      expect(await failure(pull(entry(server.url), { free: async () => 1000 * MB }))).toMatchObject({
        kind: 'too_large',
        message: expect.stringMatching(/became full after \d\.\d MB of 3\.0 MB, which were deleted: free some space/),
      });
      await nothingInstalled();
      expect(await readdir(join(models, '.tiny.incoming'))).toEqual([]);
    } finally {
      await run('umount', [models]);
    }
  });

  it.each([
    [404, 'not_found', /answered 404: the file is not there/],
    [403, 'unavailable', /answered 403: .*import the pack/],
    [503, 'unavailable', /answered 503: try later/],
  ])('says what to do when the server answers %i', async (status, kind, message) => {
    await using server = await serve((_request, response) => {
      response.writeHead(status).end('<html>');
    });
    expect(await failure(pull(entry(server.url)))).toMatchObject({ kind, message: expect.stringMatching(message) });
    await nothingInstalled();
  });

  it('says that there is no network, and what to do without one', async () => {
    const error = await failure(pull(entry('http://hub.invalid')));
    expect(error).toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/hub\.invalid.*ENOTFOUND|EAI_AGAIN/),
    });
    expect(error?.message).toMatch(/HTTPS_PROXY.*--from.*watchpost models import DIR/);
    await nothingInstalled();
  });

  it('follows redirects, but not for ever', async () => {
    await using server = await serve((request, response) => {
      const to = request.url === '/tiny.onnx' ? '/elsewhere' : request.url === '/round' ? '/round' : undefined;
      if (to) response.writeHead(302, { location: to }).end();
      else response.end(weights);
    });
    await pull(entry(server.url));
    expect(server.asked).toEqual(['GET /tiny.onnx', 'GET /elsewhere']);
    await rm(models, { recursive: true });
    const circular = { ...entry(server.url), url: `${server.url}/round` };
    expect(await failure(pull(circular))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/redirect/),
    });
    await nothingInstalled();
  });

  it('begins anew when the file on the server is shorter than what has come', async () => {
    const part = `tiny.onnx.${createHash('sha256').update(weights).digest('hex').slice(0, 8)}.part`;
    await mkdir(join(models, '.tiny.incoming'), { recursive: true });
    await writeFile(join(models, '.tiny.incoming', part), weights.subarray(0, 2_000_000));
    await using server = await serve((request, response) => {
      if (request.headers.range) response.writeHead(416).end();
      else response.end(weights);
    });
    expect(await failure(pull(entry(server.url)))).toMatchObject({ message: expect.stringMatching(/416.*begin anew/) });
    await pull(entry(server.url));
    expect((await stat(join(models, 'tiny', 'tiny.onnx'))).size).toBe(weights.length);
  });
});

describe('licences', () => {
  it('takes open ones, others only when they are accepted by name', async () => {
    await using server = await serve(whole);
    const own = entry(server.url, 'Example Research Licence');
    expect(await failure(pull(own, { acceptedLicences: ['Another'] }))).toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/"Example Research Licence".*--accept-licence "Example Research Licence"/),
    });
    expect(server.asked).toEqual([]);
    await nothingInstalled();
    const library = await pull(own, { acceptedLicences: ['example research licence'] });
    expect(library.get('tiny')?.licence).toBe('Example Research Licence');
  });
});

describe('proxies', () => {
  it('asks the proxy for plain addresses, with the name and the password that it wants', async () => {
    const wanted = `Basic ${Buffer.from('box:canary').toString('base64')}`;
    await using proxy = await serve((request, response) => {
      if (request.headers['proxy-authorization'] === wanted) response.end(weights);
      else response.writeHead(407).end();
    });
    const env = { http_proxy: proxy.url };
    const refused = await failure(pull(entry('http://hub.invalid'), { env }));
    expect(refused).toMatchObject({ message: expect.stringMatching(/407.*\. The proxy wants to know who asks/) });
    await pull(entry('http://hub.invalid'), { env: { http_proxy: proxy.url.replace('//', '//box:canary@') } });
    expect(proxy.asked).toEqual(['GET http://hub.invalid/tiny.onnx', 'GET http://hub.invalid/tiny.onnx']);
  });

  it('opens a tunnel for https, and says when the proxy refuses one', async () => {
    await using proxy = await serve(whole, (_target, socket) => {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    const env = { HTTPS_PROXY: proxy.url };
    const error = await failure(pull(entry('https://hub.invalid'), { env }));
    expect(error).toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/Proxy response \(403\)/) });
    expect(proxy.asked).toEqual(['CONNECT hub.invalid:443']);
  });

  it('goes past the proxy where NO_PROXY says so', async () => {
    await using server = await serve(whole);
    const env = { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: 'example.com,127.0.0.1' };
    await pull(entry(server.url), { env });
    expect(server.asked).toEqual(['GET /tiny.onnx']);
  });

  it('names the variable that holds no address', async () => {
    expect(await failure(pull(entry('http://hub.invalid'), { env: { HTTP_PROXY: 'proxy:canary' } }))).toMatchObject({
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
    const error = await failure(pull(entry('https://hub.invalid'), { env: { https_proxy: proxy.url } }));
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
    const error = await failure(pull(entry('http://hub.invalid'), { from: from('canary') }));
    expect(error?.message).toMatch(/answered 401/);
    expect(error?.message).not.toContain('canary');
    await pull(entry('http://hub.invalid'), { from: from('c%40nary') });
    const manifest = await readFile(join(models, 'tiny', 'model.json'), 'utf8');
    expect(JSON.parse(manifest).source).toBe('http://hub.invalid/tiny.onnx');
    expect(manifest + (await readFile(join(models, 'models.lock.json'), 'utf8'))).not.toContain('c%40nary');
  });
});
