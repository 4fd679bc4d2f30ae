/** Live events over real sockets, to a bare client and to VideoDB's own SDK. */
import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { connect as connectSocket, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { connect } from 'videodb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { Hub } from '#delivery';
import { type SceneIndex, Signer } from '#domain';
import { type HttpServer, listen, Sockets } from '#http';
import { systemClock } from '#runtime';
import { hastyClock } from '../delivery/fixture.ts';
import { addIndex, addScene, addStream, type Box, openBox } from './box.ts';

let box: Box;
let server: HttpServer;
let index: SceneIndex;
const open: { close(): unknown }[] = [];

beforeEach(async () => {
  box = await openBox();
  index = addIndex(box.store, addStream(box.store).id);
  server = await serve();
});
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await server[Symbol.asyncDispose]();
  await box[Symbol.asyncDispose]();
});

const serve = (deps: Partial<Parameters<typeof Sockets.start>[0]> = {}) =>
  listen(box.app, { host: '127.0.0.1', port: 0 }, box.deps.log, { sockets: Sockets.start({ ...box.deps, ...deps }) });
const host = () => `127.0.0.1:${server.address.port}`;

/** The address that the box gives to a client that asks for it at this server. */
async function address(headers: Record<string, string> = {}): Promise<string> {
  const { data } = await box.call('GET', '/collection/default/websocket', undefined, headers);
  return data.websocket_url.replace('box.local:8080', host());
}

type Frame = Record<string, unknown> & { seq: number; data: { text: string } };

interface Client {
  socket: WebSocket;
  /** The next frame; throws when the socket closes first. */
  next: () => Promise<Frame>;
  closed: Promise<[code: number, reason: string]>;
}

function client(url: string, options: ClientOptions = {}): Client {
  const socket = new WebSocket(url, options);
  open.push(socket);
  const frames: Frame[] = [];
  let wake: () => void = () => undefined;
  const closed = new Promise<[number, string]>((resolve) => {
    socket.once('close', (code, reason) => {
      resolve([code, String(reason)]);
      wake();
    });
  });
  socket.on('error', () => undefined);
  socket.on('message', (data: Buffer) => {
    frames.push(JSON.parse(data.toString()));
    wake();
  });
  const next = async () => {
    for (;;) {
      const frame = frames.shift();
      if (frame) return frame;
      if (socket.readyState === WebSocket.CLOSED) throw new Error('the socket has closed');
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { socket, next, closed };
}

/** A client that has been greeted. */
async function greeted(url: string): Promise<Client & { connectionId: string }> {
  const one = client(url);
  const { connection_id: connectionId } = await one.next();
  return { ...one, connectionId: String(connectionId) };
}

/** An upgrade written by hand; nothing answers pings here. */
function raw(path: string, lines: string[] = []): Socket {
  const socket = connectSocket(server.address.port, '127.0.0.1');
  const head = [`GET ${path} HTTP/1.1`, 'Host: box', 'Connection: Upgrade', 'Upgrade: websocket'];
  const key = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
  socket.write(`${[...head, ...key, ...lines].join('\r\n')}\r\n\r\n`);
  open.push({ close: () => socket.destroy() });
  return socket;
}

/** A request to upgrade without a network; what is answered can be read from the socket. */
function asked(url: string): { request: IncomingMessage; socket: PassThrough } {
  const request = new IncomingMessage(new Socket());
  request.url = url;
  return { request, socket: new PassThrough() };
}

describe('GET /collection/{id}/websocket', () => {
  it('gives an address at the host that the client used, with a connection of its own', async () => {
    const one = await box.call('GET', '/collection/default/websocket');
    expect(one.data.websocket_url).toMatch(/^ws:\/\/box\.local:8080\/ws\/[\w.-]+$/);
    expect(one.data.connection_id).toMatch(/^conn-1-[0-9a-f]{24}$/);
    const two = await box.call('GET', `/collection/${box.store.defaultCollection.id}/websocket`);
    expect(two.data.connection_id).not.toBe(one.data.connection_id);
    expect(await box.call('GET', '/collection/c-none/websocket')).toMatchObject({ status: 404 });
  });

  it('gives wss where the configured public address is https', async () => {
    await using away = await openBox({
      config: { ...box.deps.config, publicUrl: 'https://cam.example/' },
    });
    const { data } = await away.call('GET', '/collection/default/websocket');
    expect(data.websocket_url).toMatch(/^wss:\/\/cam\.example\/ws\//);
  });

  it('says what such an address is for when it is opened as a page', async () => {
    const { pathname } = new URL(await address());
    expect(await box.call('GET', pathname)).toMatchObject({ status: 400, message: expect.stringContaining('proxy') });
  });
});

describe('the socket', () => {
  it('greets with the connection id, then brings events', async () => {
    const { data } = await box.call('GET', '/collection/default/websocket');
    const { connectionId, next } = await greeted(data.websocket_url.replace('box.local:8080', host()));
    expect(connectionId).toBe(data.connection_id);
    addScene(box.store, index, 5, 'a forklift passes');
    const { channel, rtstream_name: name, data: event } = await next();
    expect([channel, name, event.text]).toEqual(['scene_index', 'Gate', 'a forklift passes']);
    const status = await box.call('GET', '/v1/status');
    expect(status.data.websockets).toEqual({ open: 1, sent: 2, dropped: 0 });
  });

  it('opened again is the same connection, replaces the first and resumes where the client says', async () => {
    const url = await address();
    const first = await greeted(url);
    addScene(box.store, index, 0, 'one');
    const { seq } = await first.next();
    addScene(box.store, index, 5, 'two');
    const again = await greeted(`${url}?since=${seq}`);
    expect(again.connectionId).toBe(first.connectionId);
    expect(await first.closed).toEqual([1000, 'replaced']);
    addScene(box.store, index, 10, 'three');
    expect([(await again.next()).data.text, (await again.next()).data.text]).toEqual(['two', 'three']);
  });

  it('answers pings, ignores what clients say, and closes on what no client of ours says', async () => {
    const { socket, next, closed } = await greeted(await address());
    socket.ping('are you there');
    const [pong] = await once(socket, 'pong');
    expect(String(pong)).toBe('are you there');
    socket.send('{"action":"subscribe"}');
    socket.send(Buffer.alloc(1000));
    addScene(box.store, index, 0, 'still here');
    expect((await next()).data.text).toBe('still here');
    socket.send('x'.repeat(70_000));
    expect((await closed)[0]).toBe(1009);
    await vi.waitFor(() => expect(box.deps.hub.status().open).toBe(0), 20_000);
  });

  it('compresses nothing', async () => {
    const { socket } = await greeted(await address());
    expect(socket.extensions).toBe('');
  });

  it('outlives a reset by its peer', async () => {
    const { pathname } = new URL(await address());
    const peer = raw(pathname);
    await once(peer, 'data');
    peer.resetAndDestroy();
    await vi.waitFor(() => expect(box.deps.hub.status().open).toBe(0), 20_000);
  });

  it('is cut when its peer is dead: two pings without an answer', async () => {
    const hasty = await serve({ clock: hastyClock(200) });
    const { pathname } = new URL(await address());
    const normal = server;
    server = hasty;
    const alive = await greeted(await address());
    const dead = raw(pathname);
    await once(dead.resume(), 'close');
    await vi.waitFor(() => expect(box.deps.hub.status().open).toBe(1), 20_000);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
    server = normal;
    await hasty[Symbol.asyncDispose]();
  });

  it('ends with the API key that asked for it', async () => {
    const hasty = await serve({ clock: hastyClock(200) });
    const normal = server;
    server = hasty;
    const { socket } = await greeted(await address());
    const closed = once(socket, 'close');
    box.store.keys.revoke(1);
    expect((await closed).map(String)).toEqual(['1008', 'the API key or session token that asked for it is gone']);
    server = normal;
    await hasty[Symbol.asyncDispose]();
  });

  it('ends with the session token that asked for it, and others of its key go on', async () => {
    const [one, other] = [box.deps.tokens.issue(1, 600).token, box.deps.tokens.issue(1, 600).token];
    const url = await address({ 'x-access-token': one });
    const ended = await greeted(url);
    const stays = await greeted(await address({ 'x-access-token': other }));
    await box.call('POST', '/capture/session/token/revoke', {}, { 'x-access-token': one });
    expect((await ended.closed)[0]).toBe(1008);
    const late = client(url);
    expect((await late.closed)[0], 'its ticket').toBe(1006);
    addScene(box.store, index, 5, 'still told');
    expect((await stays.next()).data.text).toBe('still told');
  });
});

describe('an upgrade is refused', () => {
  const now = Date.now();
  const ticket = (fields: (string | number)[], purpose = 'websocket') =>
    new Signer(box.store.signingKey).sign(purpose, fields);

  async function refused(path: string, lines: string[] = []): Promise<[status: string, body: object]> {
    const answer = await readAll(raw(path, lines));
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toContain('Content-Type: application/json');
    return [head.split(' ')[1] ?? '', JSON.parse(body)];
  }

  it.each([
    ['to nowhere', () => '/ws', '404'],
    ['to another route', () => '/collection', '404'],
    ['with no ticket of ours', () => '/ws/x.y', '403'],
    [
      'with a ticket of another purpose',
      () => `/ws/${ticket(['conn-1-a', 1, 'http://box', now + 60_000], 'media')}`,
      '403',
    ],
    ['with an old ticket', () => `/ws/${ticket(['conn-1-a', 1, 'http://box', now - 1])}`, '403'],
    [
      'with the ticket of a key that is gone',
      () => `/ws/${ticket(['conn-9-a', 9, 'http://box', now + 60_000])}`,
      '401',
    ],
    ['with a wrong since', () => `/ws/${ticket(['conn-1-a', 1, 'http://box', now + 60_000])}?since=yesterday`, '400'],
  ])('%s', async (_, path, status) => {
    expect(await refused(path())).toEqual([status, expect.objectContaining({ success: false })]);
    expect(box.deps.hub.status().open).toBe(0);
  });

  it('with an altered ticket', async () => {
    const { pathname } = new URL(await address());
    const other = pathname.replace(/^\/ws\/./, (start) => (start.endsWith('W') ? '/ws/X' : '/ws/W'));
    expect((await refused(other))[0]).toBe('403');
  });

  it('when there is no room', async () => {
    const full = await serve({ hub: { ...box.deps.hub, hasRoom: () => false } });
    const normal = server;
    server = full;
    const { pathname } = new URL(await address());
    expect((await refused(pathname))[0]).toBe('503');
    server = normal;
    await full[Symbol.asyncDispose]();
  });

  it('when the box is stopping', async () => {
    const sockets = Sockets.start(box.deps);
    await sockets[Symbol.asyncDispose]();
    const { request, socket } = asked(new URL(await address()).pathname);
    sockets.upgrade(request, socket, Buffer.alloc(0));
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 503 /);
  });

  it('also when the peer is gone before the answer', async () => {
    await using sockets = Sockets.start(box.deps);
    const { request, socket } = asked('/ws/x.y');
    sockets.upgrade(request, socket, Buffer.alloc(0));
    socket.emit('error', new Error('ECONNRESET')); // Throws when nobody listens.
    expect(socket.destroyed).toBe(true);
  });

  it.each([
    ['GET', ''],
    ['POST', '{"name":"by HTTP/1.1"}'],
  ])('to HTTP/2 by serving the %s as it is', async (method, body) => {
    const socket = connectSocket(server.address.port, '127.0.0.1');
    const head = [
      `${method} /collection HTTP/1.1`,
      'Host: box',
      'x-access-token: sk-right',
      `Content-Length: ${body.length}`,
    ];
    const h2c = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
    socket.write(`${[...head, ...h2c].join('\r\n')}\r\n\r\n${body}`);
    let answer = '';
    for await (const chunk of socket.setEncoding('utf8')) {
      answer += chunk;
      if (answer.includes('"success":true')) break;
    }
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain(body ? 'by HTTP/1.1' : 'default_collection');
  });
});

describe('stopping', () => {
  it('says goodbye with 1001 and does not wait for who does not answer', async () => {
    const one = await greeted(await address());
    const { pathname } = new URL(await address());
    const mute = raw(pathname);
    await once(mute, 'data');
    const muted = once(mute.resume(), 'close');
    await server[Symbol.asyncDispose]();
    expect(await one.closed).toEqual([1001, expect.any(String)]);
    await muted;
    expect(box.deps.hub.status().open).toBe(0);
  });
});

describe('a client that stops reading', () => {
  it('is dropped and costs others nothing', async () => {
    const { store, log } = box.deps;
    const assetUrls = () => ({ stream_url: '', player_url: '' });
    const links = { streamUrl: () => '', playerUrl: () => '', assetUrls };
    const hub = Hub.start({ store, links, streamName: (id) => id, clock: hastyClock(), log });
    const own = await listen(box.app, { host: '127.0.0.1', port: 0 }, log, {
      sockets: Sockets.start({ ...box.deps, hub }),
    });
    const normal = server;
    server = own;
    const reader = await greeted(await address());
    const stuck = await greeted(await address());
    stuck.socket.pause();
    const long = 'x'.repeat(30_000);
    for (let i = 0; hub.status().dropped === 0; i += 1) {
      if (i > 2000) throw new Error('never dropped');
      addScene(store, index, i * 5, long);
      expect((await reader.next()).data.text).toHaveLength(30_000);
    }
    expect(hub.status()).toMatchObject({ open: 1, dropped: 1 });
    stuck.socket.resume();
    await stuck.closed;
    server = normal;
    await own[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
  });
});

describe('the videodb package', () => {
  it('connects, receives, filters and closes', async () => {
    const connection = connect({ apiKey: 'sk-right', baseUrl: `http://${host()}` });
    const ws = await connection.connectWebsocket();
    await ws.connect();
    expect(ws.connectionId).toMatch(/^conn-1-/);
    const mine = addIndex(box.store, index.streamId, { wsConnectionId: ws.connectionId ?? '' });
    const other = await greeted(await address());
    const received = ws.receive();
    const transcripts = ws.stream({ channel: 'transcript', id: index.streamId });
    const transcript = transcripts.next();
    addScene(box.store, mine, 5, 'for the SDK');
    box.store.transcripts.add({ streamId: index.streamId, startMs: 1000, endMs: 2000, text: 'hello', words: [] });
    expect((await received.next()).value).toMatchObject({ channel: 'scene_index', data: { text: 'for the SDK' } });
    expect((await transcript).value).toMatchObject({ rtstream_id: index.streamId, data: { is_final: true } });
    expect((await other.next())['channel']).toBe('transcript');
    await ws.close();
    expect(ws.isConnected).toBe(false);
    expect((await received.next()).done).toBe(true);
  });

  it('ends its loops when the box stops', async () => {
    const ws = await connect({ apiKey: 'sk-right', baseUrl: `http://${host()}` }).connectWebsocket();
    await ws.connect();
    const rest = ws.receive().next();
    await server[Symbol.asyncDispose]();
    expect((await rest).done).toBe(true);
  });

  it('opens one with a session token', async () => {
    const key = connect({ apiKey: 'sk-right', baseUrl: `http://${host()}` });
    const token = await key.generateClientToken(600);
    const ws = await connect({ sessionToken: token, baseUrl: `http://${host()}` }).connectWebsocket();
    await ws.connect();
    expect(ws.connectionId).toMatch(/^conn-1-/);
    await ws.close();
  });

  it('is told of a wrong key', async () => {
    const wrong = connect({ apiKey: 'sk-wrong', baseUrl: `http://${host()}` });
    await expect(wrong.connectWebsocket()).rejects.toThrow('Authentication');
  });
});

it('a session token is told of no session of another, which its key is', async () => {
  const { token } = box.deps.tokens.issue(1, 60);
  const [user, key] = [client(await address({ 'x-access-token': token })), client(await address())];
  for (const { next } of [user, key]) expect(await next()).toHaveProperty('connection_id');
  await box.call('POST', '/collection/default/capture/session', { end_user_id: 'another' });
  addScene(box.store, index, 0, 'the end');
  expect(await key.next()).toMatchObject({ channel: 'capture_session', status: 'created' });
  expect(await user.next()).toMatchObject({ channel: 'scene_index', data: { text: 'the end' } });
});

it('a ticket of a session token ends with the token', async () => {
  const { token } = box.deps.tokens.issue(1, 60);
  const { data } = await box.call('GET', '/collection/default/websocket', undefined, { 'x-access-token': token });
  const later = { ...systemClock, nowMs: () => Date.now() + 61_000 };
  const own = await serve({ clock: later });
  const normal = server;
  server = own;
  const socket = raw(new URL(data.websocket_url).pathname);
  expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 403 /);
  server = normal;
  await own[Symbol.asyncDispose]();
});
