/** Commands of hubs over real sockets: what a genuine hub asks is done once, and nothing else is done. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createProxy } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { type BoxReport, type Command, hashKey, type LinkMessage, LinkSeal } from '#domain';
import { BoxCommands } from '#fleet';
import { createHttpApp, type HttpServer, listen, Sockets } from '#http';
import { type Clock, systemClock } from '#runtime';
import { CommandLink, type CommandLinkDeps } from '#sync';
import { hastyClock } from '../delivery/fixture.ts';
import { authority } from '../e2e/support/mosquitto.ts';
import { freePort } from '../e2e/support/ports.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { type Box, openBox } from '../http/box.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const HOUR_MS = 3_600_000;

let edge: Box;
const closing: AsyncDisposable[] = [];
beforeEach(async () => {
  edge = await openBox();
});
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one[Symbol.asyncDispose]();
  await edge[Symbol.asyncDispose]();
});

/** A hub with its server, which can end and come back on the same port with what it has stored. */
async function startHub() {
  const box = await openBox();
  let server: HttpServer | undefined;
  let commands: BoxCommands | undefined;
  const hub = {
    box,
    token: `sk-edge-of-${box.store.boxId}`,
    port: await freePort(),
    async begin(clock: Clock = systemClock) {
      commands = new BoxCommands({ store: box.store, clock });
      Object.assign(box.deps, { boxCommands: commands });
      box.app = createHttpApp(box.deps);
      const sockets = Sockets.start(box.deps);
      server = await listen(box.app, { host: '127.0.0.1', port: hub.port }, box.deps.log, { sockets });
    },
    async end() {
      commands?.[Symbol.dispose]();
      await server?.[Symbol.asyncDispose]();
    },
    away: () => soon(() => expect(commands?.isReachable(edge.store.boxId)).toBe(false)),
    /** As a user of the hub. */
    ask: (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      box.app.request(`http://hub/v1/boxes/${edge.store.boxId}/api${path}`, {
        method,
        headers: { 'x-access-token': 'sk-right', 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    [Symbol.asyncDispose]: async () => {
      await hub.end();
      await box[Symbol.asyncDispose]();
    },
  };
  box.store.keys.add(hashKey(hub.token), 'edge', ['edge']);
  closing.push(hub);
  await hub.begin();
  return hub;
}
type TestHub = Awaited<ReturnType<typeof startHub>>;

const report = (): BoxReport => ({
  boxId: edge.store.boxId,
  name: 'shed',
  version: '1',
  clockMs: Date.now(),
  startedMs: 0,
  cameras: [],
  waiting: [],
  notes: [],
});

/** Connects the edge; its pauses are short, and by its clock a slow machine is no hub that says nothing. */
function link(
  hub: { port: number; token: string },
  name = 'office',
  change: Partial<CommandLinkDeps> & { allowCommands?: boolean | ('read' | 'control' | 'all')[] } = {},
): CommandLink {
  const { allowCommands = true, ...deps } = change;
  const made = CommandLink.start({
    hub: { name, url: `http://127.0.0.1:${hub.port}`, token: hub.token, allowCommands },
    store: edge.store,
    clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 50, signal) },
    log: edge.deps.log,
    report: async () => report(),
    request: inOwnApp,
    ...deps,
  });
  closing.push(made);
  return made;
}

const inOwnApp: CommandLinkDeps['request'] = async ({ method, path, body }, caller) => {
  const init = { method, headers: { 'content-type': 'application/json' }, ...(body === undefined ? {} : { body }) };
  return await edge.app.request(`http://box${path}`, init, { caller: { keyId: 0, ...caller } });
};

const connected = (one: CommandLink) => soon(() => expect(one.status()).toMatchObject({ connected: true }));
const audit = () => edge.store.audit.list({ limit: 100 }).map(({ who, what, result }) => [who, what, result]);

/** What stands between a site and the internet: opens tunnels for who knows the password. */
async function aProxy(opens = true) {
  const seen: string[] = [];
  const sockets: Socket[] = [];
  const server = createProxy().on('connect', ({ url = '', headers }, near: Socket) => {
    seen.push(url);
    sockets.push(near.on('error', () => undefined));
    const knows = headers['proxy-authorization'] === `Basic ${Buffer.from('site:p@ss').toString('base64')}`;
    if (!opens || !knows) return near.end(`HTTP/1.1 ${opens ? 407 : 403} No\r\n\r\n`);
    const far = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n');
      near.pipe(far).pipe(near);
    });
    return sockets.push(far.on('error', () => undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push({
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  });
  return { seen, address: `127.0.0.1:${(server.address() as AddressInfo).port}` }; // It listens on TCP.
}

describe('behind a proxy', () => {
  it('reaches the hub through it, knows its password, and goes around it where that is said', async () => {
    const hub = await startHub();
    const proxy = await aProxy();
    const env = { http_proxy: `http://site:p%40ss@${proxy.address}` };
    const through = link(hub, 'office', { env });
    await connected(through);
    expect(proxy.seen).toEqual([`127.0.0.1:${hub.port}`]);
    expect((await hub.ask('GET', '/v1/status')).status).toBe(200);
    await through[Symbol.asyncDispose]();
    await connected(link(hub, 'around', { env: { ...env, NO_PROXY: `x.example, 127.0.0.1:${hub.port}` } }));
    expect(proxy.seen).toHaveLength(1);
  });

  it.each([
    [true, '', 'answered 407: put user:password@ into HTTPS_PROXY'],
    [false, 'site:p%40ss@', 'answered 403'],
  ])('that opens no tunnel (%j, "%s") it says so', async (opens, who, says) => {
    const hub = await startHub();
    const proxy = await aProxy(opens);
    const one = link(hub, 'office', { env: { HTTP_PROXY: `http://${who}${proxy.address}` } });
    await soon(() =>
      expect(one.status()).toMatchObject({ connected: false, lastError: expect.stringContaining(says) }),
    );
    expect(one.status().lastError).not.toContain('p@ss');
  });

  it('speaks TLS with the hub itself, by its own authority', async () => {
    const dir = await tempDir();
    closing.push(dir);
    const { caFile, issue } = await authority(dir.path, 'ca');
    const { certFile, keyFile } = await issue('hub');
    const server = createSecure({ cert: await readFile(certFile), key: await readFile(keyFile) });
    const sockets = new WebSocketServer({ server });
    const tokens: (string | undefined)[] = [];
    sockets.on('connection', (_socket, { headers }) => tokens.push(headers.authorization));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // As above.
    closing.push({
      [Symbol.asyncDispose]: async () => {
        for (const socket of sockets.clients) socket.terminate();
        server.close();
        await once(server, 'close');
      },
    });
    const proxy = await aProxy();
    const hub = { name: 'office', url: `https://127.0.0.1:${port}`, token: 'sk-t', allowCommands: true, caFile };
    link({ port, token: '' }, 'office', { hub, env: { HTTPS_PROXY: `http://site:p%40ss@${proxy.address}` } });
    await soon(() => expect(tokens).toContain('Bearer sk-t'));
    expect(proxy.seen[0]).toBe(`127.0.0.1:${port}`);
  });
});

describe('a hub that may command', () => {
  it('reads and changes the box by its own routes, as who it is, and is written down', async () => {
    const hub = await startHub();
    await connected(link(hub));
    const status = await hub.ask('GET', '/v1/status?x=1');
    expect(status.status).toBe(200);
    expect(await status.json()).toMatchObject({ data: { box: { id: edge.store.boxId } } });
    expect(status.headers.get('content-security-policy')).toContain('sandbox');
    const made = await hub.ask('POST', '/v1/control/keys', { label: 'wall', scopes: ['read'] });
    expect(made.status).toBe(201);
    expect(edge.store.keys.list().map(({ label }) => label)).toContain('wall');
    expect(audit()).toEqual([
      ['hub "office", key "test"', 'POST /v1/control/keys', 'done'],
      ['hub "office", key "test"', 'GET /v1/status', 'done'],
    ]);
    expect(JSON.stringify(edge.store.audit.list({ limit: 9 }))).toContain(`http://127.0.0.1:${hub.port}`);
    const onHub = hub.box.store.audit.list({ limit: 9 }).map(({ who, what, result }) => [who, what, result]);
    expect(onHub).toEqual([['key "test"', `POST /v1/boxes/${edge.store.boxId}/api/v1/control/keys`, 'done']]);
  });

  it.each([
    [true, 'sk-right', 'PUT', '/v1/groups/x', 403],
    [['all'], 'sk-right', 'PUT', '/v1/groups/x', 200],
    [['read'], 'sk-look', 'GET', '/v1/thumbs/7.jpg', 404],
    [['all'], 'sk-look', 'PUT', '/v1/groups/x', 403],
    [['all'], 'sk-look', 'GET', '/v1/groups', 200],
    [['read'], 'sk-right', 'GET', '/v1/control/keys', 403],
    [true, 'sk-right', 'GET', '/v1/control/keys', 200],
    [true, 'sk-look', 'GET', '/v1/control/keys', 403],
    [['all'], 'sk-right', 'POST', '/v1/edge/hello', 403],
  ] as const)('that is granted %j, asked with %s: %s %s is %i', async (granted, key, method, path, status) => {
    const hub = await startHub();
    hub.box.store.keys.add(hashKey('sk-look'), 'look', ['read']);
    const allowCommands = granted === true ? true : [...granted];
    await connected(link(hub, 'office', { allowCommands }));
    const answer = await hub.ask(method, path, method === 'GET' ? undefined : {}, { 'x-access-token': key });
    expect(answer.status).toBe(status);
  });

  it('sees how it is, without a camera’s address', async () => {
    const hub = await startHub();
    await connected(link(hub));
    expect(hub.box.store.boxes.get(edge.store.boxId)?.report).toMatchObject({ name: 'shed' });
  });

  it('is one of two, each under its own name', async () => {
    const [a, b] = [await startHub(), await startHub()];
    await Promise.all([connected(link(a, 'office')), connected(link(b, 'home'))]);
    expect((await a.ask('DELETE', '/v1/control/keys/99')).status).toBe(404);
    expect((await b.ask('DELETE', '/v1/control/keys/99')).status).toBe(404);
    expect(audit()).toEqual([
      ['hub "home", key "test"', 'DELETE /v1/control/keys/99', 'not_found'],
      ['hub "office", key "test"', 'DELETE /v1/control/keys/99', 'not_found'],
    ]);
    const crossed = link({ port: a.port, token: b.token }, 'crossed');
    await soon(() => expect(crossed.status().lastError).toContain('401'));
  });

  it('may be hours off by its clock, and the box too', async () => {
    const off = (hours: number): Clock => ({ ...systemClock, nowMs: () => Date.now() + hours * HOUR_MS });
    const hub = await startHub();
    await hub.end();
    await hub.begin(off(-7));
    await connected(link(hub, 'office', { clock: off(9) }));
    expect((await hub.ask('GET', '/v1/groups')).status).toBe(200);
    expect((await hub.ask('POST', '/v1/control/keys', { label: 'x', scopes: ['read'] })).status).toBe(201);
  });

  it('gets no answer that is too large or never ends, and no word of the inside', async () => {
    const hub = await startHub();
    const answers = [
      new Response(new Uint8Array(5 * 1024 * 1024)),
      new Response('data: x\n\n', { headers: { 'content-type': 'text/event-stream' } }),
    ];
    await connected(link(hub, 'office', { request: async () => answers.shift() ?? Promise.reject(new Error('away')) }));
    expect(await (await hub.ask('GET', '/x')).json()).toMatchObject({ error_code: 'too_large' });
    expect(await (await hub.ask('GET', '/x')).json()).toMatchObject({ error_code: 'too_large' });
    expect((await hub.ask('GET', '/x')).status).toBe(503);
  });
});

describe('a box that is away', () => {
  it('is said to be, with when it was seen', async () => {
    const hub = await startHub();
    const one = link(hub);
    await connected(one);
    await one[Symbol.asyncDispose]();
    await hub.away();
    const answer = await hub.ask('GET', '/v1/status');
    expect(answer.status).toBe(503);
    expect(await answer.text()).toMatch(/seen last 20\d\d-/);
    expect((await hub.box.call('GET', '/v1/boxes/box-none/api/v1/status')).status).toBe(404);
  });

  it('does what waited for it when it comes, also over a restart of the hub, in order and once', async () => {
    const hub = await startHub();
    const first = link(hub);
    await connected(first);
    await first[Symbol.asyncDispose]();
    const ids: string[] = [];
    await hub.away();
    for (const label of ['one', 'two']) {
      const answer = await hub.ask('POST', '/v1/control/keys?wait_s=600', { label, scopes: ['read'] });
      expect(answer.status).toBe(202);
      ids.push(((await answer.json()) as { data: { command: string } }).data.command);
    }
    const outcome = (id: string) => hub.box.call('GET', `/v1/boxes/${edge.store.boxId}/commands/${id}`);
    expect((await outcome(ids[0] ?? '')).data).toMatchObject({ state: 'waiting' });
    await hub.end();
    await hub.begin();
    await connected(link(hub));
    await soon(async () => {
      for (const id of ids) expect((await outcome(id)).data).toMatchObject({ state: 'done', status: 201 });
    });
    const made = edge.store.keys.list().map(({ label }) => label);
    expect(made.filter((label) => label === 'one' || label === 'two')).toEqual(['one', 'two']);
    expect((await outcome('cmd-none')).status).toBe(404);
  });

  it('does nothing of what has expired meanwhile', async () => {
    const hub = await startHub();
    const first = link(hub);
    await connected(first);
    await first[Symbol.asyncDispose]();
    await hub.away();
    await hub.ask('POST', '/v1/control/keys?wait_s=1', { label: 'late', scopes: ['read'] });
    await hub.end();
    await hub.begin({ ...systemClock, nowMs: () => Date.now() + 2000 });
    await connected(link(hub));
    expect((await hub.ask('GET', '/v1/groups')).status).toBe(200);
    expect(edge.store.keys.list().map(({ label }) => label)).not.toContain('late');
  });
});

describe('a command is done once', () => {
  /** A line that can be cut. */
  async function lineTo(port: number) {
    const open = new Set<Socket>();
    let whole = true;
    const server = createServer((near) => {
      if (!whole) return near.destroy();
      const far = connect(port, '127.0.0.1');
      for (const socket of [near, far]) {
        open.add(socket);
        socket.on('error', () => undefined).on('close', () => open.delete(socket));
      }
      return near.pipe(far).pipe(near);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const cut = () => {
      whole = false;
      for (const socket of open) socket.destroy();
    };
    const mend = () => {
      whole = true;
    };
    const end = async () => {
      cut();
      server.close();
      await once(server, 'close');
    };
    return { port: (server.address() as AddressInfo).port, cut, mend, [Symbol.asyncDispose]: end };
  }

  /** A command on the edge that begins, and ends when it is let. */
  function slow() {
    let begun = 0;
    const begin = vi.spyOn(edge.store.commands, 'begin');
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const request: CommandLinkDeps['request'] = async () => {
      begun += 1;
      await finished;
      return Response.json({ success: true, message: '', data: { n: begun } });
    };
    return { request, finish, begun: () => begun, id: () => String(begin.mock.calls[0]?.[1]) };
  }

  async function midway(hub: TestHub, query = '') {
    const work = slow();
    const one = link(hub, 'office', { request: work.request });
    await connected(one);
    const answer = hub.ask('POST', `/v1/control/keys${query}`, {});
    await soon(() => expect(work.begun()).toBe(1));
    return { work, one, answer };
  }

  it.each(['before it is done', 'and it is done meanwhile'])(
    'when the line breaks %s: who asked gets its answer',
    async (when) => {
      const hub = await startHub();
      await using line = await lineTo(hub.port);
      const { work, one, answer } = await midway({ ...hub, port: line.port });
      line.cut();
      await hub.away();
      if (when === 'and it is done meanwhile') {
        work.finish();
        await soon(() => expect(edge.store.commands.begin('office', work.id()).answer).toBeDefined());
      }
      line.mend();
      await connected(one);
      work.finish();
      expect(await (await answer).json()).toMatchObject({ success: true, data: { n: 1 } });
      expect(work.begun()).toBe(1);
    },
  );

  it('when the hub restarts in the middle of one that may wait', async () => {
    const hub = await startHub();
    const { work, one, answer } = await midway(hub, '?wait_s=600');
    await hub.end();
    expect((await answer).status).toBe(202);
    await soon(() => expect(one.status().connected).toBe(false));
    const [waiting] = hub.box.store.commands.waiting(edge.store.boxId);
    work.finish();
    await hub.begin();
    await soon(() =>
      expect(hub.box.store.commands.get(edge.store.boxId, waiting?.errand.id ?? '')?.answer).toBeDefined(),
    );
    expect(work.begun()).toBe(1);
  });

  it('when the box was killed in the middle: it says that it broke off', async () => {
    const hub = await startHub();
    const { work, one, answer } = await midway(hub);
    await one[Symbol.asyncDispose]();
    // As after a kill: begun, and nothing more is known.
    const fresh = link(hub, 'office', { request: () => Promise.reject(new Error('must not be asked')) });
    await connected(fresh);
    expect(await (await answer).json()).toMatchObject({
      error_code: 'conflict',
      message: expect.stringContaining('broke off'),
    });
    expect(audit()).toContainEqual(['hub "office", key "test"', 'POST /v1/control/keys', 'begun before']);
    work.finish();
  });
});

describe('who is no hub of the box’s', () => {
  /** Speaks the protocol by hand. */
  async function fakeHub(tokenHash: string, act: (socket: WebSocket, seal: LinkSeal, uptimeMs: number) => void) {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const heard: LinkMessage[] = [];
    const seen = { meetings: 0, heard };
    server.on('connection', (socket) => {
      seen.meetings += 1;
      let seal: LinkSeal | undefined;
      socket.on('message', (data) => {
        const text = Buffer.isBuffer(data) ? data.toString() : '';
        if (seal) return void heard.push(...[seal.open(text)].filter((message) => message !== undefined));
        // What a box says first.
        const {
          nonce,
          report: told,
          uptimeMs,
        } = JSON.parse(text) as { nonce: string; report: BoxReport; uptimeMs: number };
        seal = new LinkSeal('hub', { tokenHash, boxId: told.boxId, boxNonce: nonce, hubNonce: 'n' });
        socket.send(JSON.stringify({ nonce: 'n' }));
        act(socket, seal, uptimeMs);
      });
    });
    closing.push({
      [Symbol.asyncDispose]: async () => {
        for (const socket of server.clients) socket.terminate();
        server.close();
        await once(server, 'close');
      },
    });
    return Object.assign(seen, { port: (server.address() as AddressInfo).port, token: 'sk-t' });
  }

  const create = (id: string, change: Partial<Command> = {}): LinkMessage => {
    const body = JSON.stringify({ label: id, scopes: ['read'] });
    const asked = { by: 'key "x"', scopes: ['all'] as const, method: 'POST', path: '/v1/control/keys', body };
    return {
      type: 'command',
      command: { id, ...asked, scopes: [...asked.scopes], untilMs: Number.MAX_SAFE_INTEGER, ...change },
    };
  };
  const made = () =>
    edge.store.keys
      .list()
      .map(({ label }) => label)
      .slice(1);

  it('repeats a command: the connection ends, and it was done once', async () => {
    const hub = await fakeHub(hashKey('sk-t'), (socket, seal) => {
      socket.send(seal.seal({ type: 'ready' }));
      const frame = seal.seal(create('once'));
      socket.send(frame);
      socket.send(frame);
    });
    const one = link(hub);
    await soon(() => expect(one.status().lastError).toContain('repeated'));
    // The next connection brings it, and repeats it, too.
    await soon(() => expect(hub.meetings).toBeGreaterThan(2));
    await soon(() => expect(made()).toEqual(['once']));
    expect(audit()).toContainEqual(['hub "office"', 'command', 'forged']);
  });

  it.each<[string, (frame: string) => string]>([
    ['alters a command', (frame) => frame.replace('wall', 'door')],
    ['changes its number', (frame) => frame.replace(/^2/, '3')],
    ['leaves out its proof', (frame) => frame.replace(/\.[^.]+\./, '..')],
    ['sends no frame', () => '{}'],
  ])('%s: it is not done, and written down', async (_, change) => {
    const hub = await fakeHub(hashKey('sk-t'), (socket, seal) => {
      socket.send(seal.seal({ type: 'ready' }));
      socket.send(change(seal.seal(create('wall'))));
    });
    link(hub);
    await soon(() => expect(audit()).toContainEqual(['hub "office"', 'command', 'forged']));
    await soon(() => expect(hub.meetings).toBeGreaterThan(1));
    expect(made()).toEqual([]);
  });

  it('does not know the token', async () => {
    const hub = await fakeHub(hashKey('sk-another'), (socket, seal) => {
      socket.send(seal.seal({ type: 'ready' }));
      socket.send(seal.seal(create('foreign')));
    });
    const one = link(hub);
    await soon(() => expect(one.status().lastError).toContain('is it the hub that made the token'));
    expect(one.status().connected).toBe(false);
    expect(made()).toEqual([]);
  });

  it('comes with a command before it has shown that it knows the token', async () => {
    const hub = await fakeHub(hashKey('sk-t'), (socket, seal) => socket.send(seal.seal(create('early'))));
    link(hub);
    await soon(() => expect(hub.meetings).toBeGreaterThan(0));
    const late = await fakeHub(hashKey('sk-t'), (socket, seal) => {
      socket.send(seal.seal({ type: 'ready' }));
      socket.send(seal.seal(create('later')));
    });
    link(late, 'late');
    await soon(() => expect(made()).toEqual(['later']));
  });

  it('comes too late by the box’s own clock: it is not done, and written down', async () => {
    const hub = await fakeHub(hashKey('sk-t'), (socket, seal, uptimeMs) => {
      socket.send(seal.seal({ type: 'ready' }));
      socket.send(seal.seal(create('late', { untilMs: uptimeMs - 1 })));
    });
    link(hub);
    await soon(() => expect(hub.heard).toContainEqual(expect.objectContaining({ type: 'answer' })));
    expect(made()).toEqual([]);
    expect(audit()).toContainEqual(['hub "office", key "x"', 'POST /v1/control/keys', 'expired']);
  });

  it('says nothing any more: the box cuts it and comes anew', async () => {
    const hub = await fakeHub(hashKey('sk-t'), (socket, seal) => {
      socket.send(seal.seal({ type: 'ready' }));
      socket.pause();
    });
    const clock = { ...hastyClock(50), monotonicMs: () => performance.now() * 50 };
    link(hub, 'office', { clock });
    await soon(() => expect(hub.meetings).toBeGreaterThan(1));
  });
});
