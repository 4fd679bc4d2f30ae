import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { runCli } from '#cli';
// Commands load what they need when they are run: that must not be a test's own time.
import { eventsFolder } from '../../../src/cli/listen/listen.ts';

let dir: string;
let server: Server;
let sockets: WebSocketServer;
let url: string;
/** What the stand-in for a box was asked, in order; the answers' status, and what it says to who comes. */
let asked: string[];
let status: number;
let head: number;
let printed: string[];
let stop: AbortController;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'watchpost-listen-'));
  [asked, status, head, printed, stop] = [[], 200, 40, [], new AbortController()];
  sockets = new WebSocketServer({ noServer: true });
  server = createServer((request, response) => {
    asked.push(`${request.headers['x-access-token']} ${request.url}`);
    const data = { websocket_url: `${url.replace('http', 'ws')}/ws/ticket${asked.length}` };
    response.writeHead(status).end(JSON.stringify({ success: status === 200, message: 'the key is wrong', data }));
  });
  server.on('upgrade', (request, socket, first) => {
    asked.push(String(request.url));
    sockets.handleUpgrade(request, socket, first, (webSocket) => {
      const since = new URL(String(request.url), url).searchParams.get('since');
      webSocket.send(JSON.stringify({ connection_id: 'conn-1-a', seq: since === null ? head : Number(since) }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // It listens on TCP.
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(async () => {
  stop.abort();
  vi.restoreAllMocks();
  for (const client of sockets.clients) client.terminate();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  rmSync(dir, { recursive: true });
});

function listening(...args: string[]): Promise<unknown> {
  return runCli(['listen', dir, '--url', url, '--token', 'st-right', ...args], stop.signal);
}

/** The socket on which the listener is once its greeting has been taken. */
async function client(): Promise<WebSocket> {
  await vi.waitFor(() => expect(printed.join('')).toContain('WS_ID='), 20_000);
  const open = () => [...sockets.clients].find(({ readyState }) => readyState === 1);
  return vi.waitFor(() => {
    const socket = open();
    if (!socket) throw new Error('nobody is connected');
    return socket;
  }, 20_000);
}

const events = () => lines().map((line) => JSON.parse(line));
const lines = () => readFileSync(join(dir, 'videodb_events.jsonl'), 'utf8').split('\n').slice(0, -1);
const haveCome = (count: number) => vi.waitFor(() => expect(lines()).toHaveLength(count), 20_000);

describe('watchpost listen', () => {
  it('says its id first, writes what comes, and leaves nothing but the events when it is stopped', async () => {
    const done = listening();
    const socket = await client();
    expect(printed).toEqual(['WS_ID=conn-1-a\n']);
    expect(readFileSync(join(dir, 'videodb_ws_id'), 'utf8')).toBe('conn-1-a');
    expect(readFileSync(join(dir, 'videodb_ws_pid'), 'utf8')).toBe(String(process.pid));
    socket.send(JSON.stringify({ channel: 'transcript', data: { text: 'good morning' }, seq: 41 }));
    socket.send('no JSON');
    await haveCome(2);
    expect(events()).toEqual([
      {
        ts: expect.any(String),
        unix_ts: expect.any(Number),
        channel: 'transcript',
        data: { text: 'good morning' },
        seq: 41,
      },
      { ts: expect.any(String), unix_ts: expect.any(Number), raw: 'no JSON' },
    ]);
    const closed = once(socket, 'close');
    stop.abort();
    await done;
    expect((await closed)[0]).toBe(1000);
    expect(existsSync(join(dir, 'videodb_ws_pid'))).toBe(false);
    expect(statSync(join(dir, 'videodb_events.jsonl')).mode & 0o777).toBe(0o600);
    expect(asked).toEqual(['st-right /collection/default/websocket', '/ws/ticket1']);
  });

  it('comes back to the same address when it is cut off, and asks for what it missed', async () => {
    const done = listening();
    (await client()).send('{"seq":44}');
    await haveCome(1);
    for (const socket of sockets.clients) socket.terminate();
    await vi.waitFor(() => expect(asked.at(-1)).toBe('/ws/ticket1?since=44'), 20_000);
    (await client()).send('{"seq":45}');
    await haveCome(2);
    stop.abort();
    await done;
    expect(printed).toEqual(['WS_ID=conn-1-a\n']);
  });

  it('asks a box for what happened while nobody listened, unless the file is to be cleared', async () => {
    const first = listening();
    (await client()).send('{"seq":44}');
    await haveCome(1);
    stop.abort();
    await first;
    for (const [args, wanted] of [
      [[], '/ws/ticket3?since=44'],
      [['--clear'], '/ws/ticket5'],
    ] as const) {
      [printed, stop] = [[], new AbortController()];
      const again = listening(...args);
      await client();
      expect(asked.at(-1)).toBe(wanted);
      stop.abort();
      await again;
    }
    expect(lines()).toEqual([]);
  });

  it('ends with the words of a box that knows neither token nor key', async () => {
    status = 401;
    await expect(listening()).rejects.toMatchObject({ kind: 'unauthorized', message: 'the key is wrong' });
    expect(existsSync(join(dir, 'videodb_ws_pid'))).toBe(false);
  });

  it('waits for a box that is not there yet', async () => {
    status = 503;
    const done = listening();
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0), 20_000);
    status = 200;
    await client();
    stop.abort();
    await done;
    expect(asked.length).toBeGreaterThan(2);
  });

  it('wants to know where, and who asks', async () => {
    vi.stubEnv('WATCHPOST_TOKEN', '');
    vi.stubEnv('WATCHPOST_API_KEY', '');
    await expect(runCli(['listen', dir, '--url', url], stop.signal)).rejects.toThrow(/WATCHPOST_TOKEN/);
    await expect(listening('--url', 'box')).rejects.toThrow(/--url: "box" is no address/);
    vi.unstubAllEnvs();
  });
});

it('writes where VideoDB’s listener does', () => {
  expect(eventsFolder({ VIDEODB_EVENTS_DIR: '/a', XDG_STATE_HOME: '/b' })).toBe('/a');
  expect(eventsFolder({ XDG_STATE_HOME: '/b' })).toBe('/b/videodb');
  expect(eventsFolder({})).toMatch(/\/\.local\/state\/videodb$/);
});
