import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { HubSocket } from '#delivery';
import { allows, type Grant, hashKey } from '#domain';
import type { LinkSocket } from '#fleet';
import type { Viewer } from '#pipeline';
import { Fault, type Log, messageOf } from '#runtime';
import type { HttpDeps } from '../deps.ts';
import { failureOf, reasonPhrase } from '../envelope.ts';
import { boxReport } from '../fleet/edge-parcels.ts';
import { check, whole } from '../input.ts';
import { openView } from '../streams/live-views.ts';
import { openTicket } from './websocket.ts';

const PING_EVERY_MS = 20_000;
/** A key that was revoked, also by another process, is noticed within this. */
const LOOK_EVERY_MS = 1000;
/** Pings without an answer, after which a peer is dead. */
const MOST_MISSED = 2;
/** Clients have nothing to say; more than this is no client of ours. */
const LARGEST_MESSAGE = 64 * 1024;
/** An answer of another box, with what wraps it. */
const LARGEST_ANSWER = 2 * 1024 * 1024;
/** How long a client may take to say goodbye when we stop. */
const GOODBYE_MS = 1500;

const query = z.object({ since: whole(0, Number.MAX_SAFE_INTEGER).optional() });

export type SocketDeps = Pick<
  HttpDeps,
  'store' | 'hub' | 'fleet' | 'boxCommands' | 'liveViews' | 'supervisor' | 'push' | 'clock' | 'log'
>;

/** What a ticket, or the key of another box, is good for. */
interface Seat {
  grant: Grant;
  server: WebSocketServer;
  /** The socket has opened; what this returns is called when it has closed. */
  take(webSocket: WebSocket): () => void;
}

/**
 * The WebSockets of this server: checks the ticket in the address, or the key of a box that comes for commands, hands the
 * socket to whom it is for, and finds out when the peer is dead. What other clients send is ignored.
 */
export class Sockets implements AsyncDisposable {
  readonly #deps: SocketDeps;
  readonly #forClients = webSocketServer(LARGEST_MESSAGE);
  readonly #forBoxes = webSocketServer(LARGEST_ANSWER);
  /** Each with what it was asked for with, and the number of pings that it has not answered. */
  readonly #open = new Map<WebSocket, { grant: Grant; missed: number }>();
  readonly #stop = new AbortController();
  #attending: Promise<void> = Promise.resolve();

  private constructor(deps: SocketDeps) {
    this.#deps = deps;
  }

  static start(deps: SocketDeps): Sockets {
    const sockets = new Sockets(deps);
    sockets.#attending = sockets.#attend(sockets.#stop.signal);
    return sockets;
  }

  /** Takes over a request to upgrade: it ends as an open socket, or with an answer that says why not. Never throws. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    try {
      const seat = this.#admit(request);
      seat.server.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket, seat));
    } catch (error) {
      answer(socket, error, this.#deps.log);
    }
  }

  /** Says goodbye with 1001 and cuts who doesn't answer. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const open = [...this.#open.keys()];
    const closed = open.map((webSocket) => new Promise((resolve) => webSocket.once('close', resolve)));
    for (const webSocket of open) webSocket.close(1001, 'the box is stopping');
    const cut = setTimeout(() => {
      for (const webSocket of open) webSocket.terminate();
    }, GOODBYE_MS);
    await Promise.all([...closed, this.#attending]);
    clearTimeout(cut);
  }

  #admit({ url = '', headers }: IncomingMessage): Seat {
    const [, kind, signed = '', search] = /^\/+(ws|jsmpeg)\/+([^/?]+)\/*(?:\?(.*))?$/.exec(url) ?? [];
    if (this.#stop.signal.aborted) throw new Fault('unavailable', 'the box is stopping');
    if (/^\/+v1\/+edge\/+socket\/*(\?|$)/.test(url)) return this.#commands(headers.authorization);
    if (kind === 'ws') return this.#liveEvents(signed, search);
    if (kind === 'jsmpeg') return this.#liveView(signed);
    throw new Fault('not_found', 'there is no WebSocket here; GET /collection/default/websocket');
  }

  #liveEvents(signed: string, search: string | undefined): Seat {
    const { hub } = this.#deps;
    const ticket = openTicket(signed, this.#deps);
    const { since } = check(query, { since: new URLSearchParams(search).get('since') || undefined });
    if (!hub.hasRoom(ticket)) {
      throw new Fault('unavailable', 'no more WebSocket clients now: try again later');
    }
    const take = (webSocket: WebSocket) => {
      const seat = hub.accept(hubSocket(webSocket), ticket, since);
      return () => seat.closed();
    };
    return { grant: ticket, server: this.#forClients, take };
  }

  #liveView(signed: string): Seat {
    const { keyId, stream, facts } = openView(signed, this.#deps);
    const take = (webSocket: WebSocket) => {
      try {
        const seat = this.#deps.liveViews.watch(stream, facts, viewerOf(webSocket));
        return () => seat.left();
      } catch (error) {
        webSocket.close(1013, messageOf(error));
        return () => undefined;
      }
    };
    return { grant: { keyId }, server: this.#forClients, take };
  }

  #commands(authorization = ''): Seat {
    const { store, fleet, boxCommands } = this.#deps;
    const [, token = ''] = /^Bearer\s+(\S{1,200})$/i.exec(authorization) ?? [];
    const hash = hashKey(token);
    const key = store.keys.find(hash);
    if (!key) throw new Fault('unauthorized', 'authorization: the API key is not known here, or was revoked');
    if (!allows(key.scopes, 'edge')) {
      throw new Fault('forbidden', 'authorization: this needs a key with the scope edge');
    }
    const take = (webSocket: WebSocket) => {
      const hello = (report: unknown) => fleet.hello(key.id, check(boxReport, report));
      const seat = boxCommands.accept(linkSocket(webSocket), { hash, hello });
      webSocket.on('message', (data) => seat.message(Buffer.isBuffer(data) ? data.toString() : ''));
      return () => seat.closed();
    };
    return { grant: { keyId: key.id }, server: this.#forBoxes, take };
  }

  #accept(webSocket: WebSocket, seat: Seat): void {
    const { grant } = seat;
    this.#open.set(webSocket, { grant, missed: 0 });
    webSocket.on('pong', () => this.#open.set(webSocket, { grant, missed: 0 }));
    webSocket.on('error', () => undefined); // It closes by itself, and says why.
    const closed = seat.take(webSocket);
    webSocket.once('close', () => {
      this.#open.delete(webSocket);
      closed();
    });
  }

  async #attend(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    let pingMs = clock.monotonicMs();
    while (!signal.aborted) {
      this.#throwOut();
      if (clock.monotonicMs() >= pingMs) {
        pingMs = clock.monotonicMs() + PING_EVERY_MS;
        this.#ping();
      }
      // It only rejects when aborted, which ends the loop.
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  }

  #throwOut(): void {
    const { store, log } = this.#deps;
    try {
      for (const [webSocket, { grant }] of this.#open) {
        if (!store.keys.holds(grant)) webSocket.close(1008, 'the API key or session token that asked for it is gone');
      }
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'whose WebSockets are open could not be looked at; trying again');
    }
  }

  #ping(): void {
    for (const [webSocket, { grant, missed }] of this.#open) {
      if (missed >= MOST_MISSED) webSocket.terminate();
      else if (webSocket.readyState === webSocket.OPEN) {
        this.#open.set(webSocket, { grant, missed: missed + 1 });
        webSocket.ping();
      }
    }
  }
}

function webSocketServer(maxPayload: number): WebSocketServer {
  return new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload });
}

/** A box that no longer reads is found by its silence. */
function linkSocket(webSocket: WebSocket): LinkSocket {
  return {
    send: (text) => webSocket.send(text, () => undefined),
    close: (code, reason) => webSocket.close(code, reason),
  };
}

function hubSocket(webSocket: WebSocket): HubSocket {
  return {
    send: (text, sent) => webSocket.send(text, sent),
    get bufferedBytes() {
      return webSocket.bufferedAmount;
    },
    close: (code, reason) => webSocket.close(code, reason),
    terminate: () => webSocket.terminate(),
  };
}

function viewerOf(webSocket: WebSocket): Viewer {
  return {
    send: (data) => webSocket.send(data),
    get bufferedBytes() {
      return webSocket.bufferedAmount;
    },
    close: (reason) => webSocket.close(1013, reason),
  };
}

/** No route has seen the request: the answer is written here. It says nothing of the ticket. */
function answer(socket: Duplex, error: unknown, log: Log): void {
  const { status, body } = failureOf(error, { method: 'GET', path: '/ws/…' }, log);
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${reasonPhrase(body.message)}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
}
