import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Fault, type Log, messageOf } from '#runtime';
import type { HttpApp } from './app.ts';
import type { Certificate } from './certificate.ts';
import type { Sockets } from './live/sockets.ts';
import { answerUnreadable, unreadable } from './playing/unreadable.ts';
import { limitRequestTime } from './request-time.ts';

export interface HttpServer extends AsyncDisposable {
  readonly address: { host: string; port: number };
}

export interface ListenOptions {
  sockets?: Sockets;
  certificate?: Certificate | undefined;
  lookAgainMs?: number;
}

/** How long requests in flight may take when we stop. */
const GRACE_MS = 2000;
/** How long a request may take is limited by `limitRequestTime`. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 0, keepAliveTimeout: 60_000 };
/** A connection on which nothing moves for so long is cut. */
const SILENCE_MS = 120_000;
const MOST_CONNECTIONS = 512;
/** Who renews the certificate tells nobody. */
const LOOK_AGAIN_MS = 60_000;
const HANDSHAKE_MS = 5000;

/**
 * Serves the app until disposed: then no new connection is taken, WebSockets are told goodbye, and requests in flight
 * are finished or cut after two seconds. With a certificate it speaks HTTPS and nothing else, and takes a renewed one
 * within a minute, while connections go on. Owns `sockets`. Throws `unavailable` when the address can't be had.
 */
export async function listen(
  app: Pick<HttpApp, 'fetch'>,
  address: { host: string; port: number },
  log: Log,
  { sockets, certificate, lookAgainMs = LOOK_AGAIN_MS }: ListenOptions = {},
): Promise<HttpServer> {
  const options = { ...TIMEOUTS, connectionsCheckingInterval: 5000, requireHostHeader: false };
  const answer = getRequestListener((request, bindings) => app.fetch(request, bindings), {
    overrideGlobalObjects: false,
    errorHandler: (error) => unreadable(error, log),
  });
  const secure =
    certificate && createSecureServer({ ...options, ...certificate.pem, handshakeTimeout: HANDSHAKE_MS }, answer);
  const server: Server = secure ?? createServer(options, answer);
  const renewing = secure && renew(secure, certificate, lookAgainMs, log);
  server.maxConnections = MOST_CONNECTIONS;
  server.setTimeout(SILENCE_MS);
  limitRequestTime(server);
  answerUnreadable(server);
  const connections = new Connections(server);
  if (sockets) takeUpgrades(server, sockets, connections);
  const { host, port } = address;
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    clearInterval(renewing);
    await sockets?.[Symbol.asyncDispose]();
    throw new Fault('unavailable', `listen: can't take ${host}:${port}: ${messageOf(error)}`, { cause: error });
  }
  server.on('error', (error) => log.error({ error: messageOf(error) }, 'HTTP server'));
  // A TCP server's address is always of this form.
  const bound = server.address() as AddressInfo;
  return {
    address: { host: bound.address, port: bound.port },
    [Symbol.asyncDispose]: async () => {
      clearInterval(renewing);
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      connections.cutIdle();
      const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS);
      await sockets?.[Symbol.asyncDispose]();
      await closed;
      clearTimeout(cut);
    },
  };
}

function renew(server: SecureServer, certificate: Certificate, everyMs: number, log: Log): NodeJS.Timeout {
  let told: string | undefined;
  const look = async () => {
    if (await certificate.reload()) {
      server.setSecureContext(certificate.pem);
      log.info({ expires: new Date(certificate.status().expiresMs) }, 'took the new certificate');
    }
    const { problem } = certificate.status();
    if (problem !== undefined && problem !== told)
      log.error({ problem }, 'the new certificate is of no use; the old one stays');
    told = problem;
  };
  return setInterval(() => void look(), everyMs);
}

/** Where a connection begins to speak HTTP. */
function arrivalOn(server: Server): 'connection' | 'secureConnection' {
  return 'setSecureContext' in server ? 'secureConnection' : 'connection';
}

function takeUpgrades(server: Server, sockets: Sockets, connections: Connections): void {
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') return declineUpgrade(server, request, socket, head);
    connections.handOver(socket);
    sockets.upgrade(request, socket, head);
  });
}

/** Clients that would also speak HTTP/2 ask for it on their first request: it is served as if they had not. */
function declineUpgrade(
  server: Server,
  { method, url, rawHeaders }: IncomingMessage,
  socket: Socket,
  head: Buffer,
): void {
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (!/^(upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit(arrivalOn(server), socket);
}

/** Knows which connections serve a request: Node's own list leaves out those that have not sent one yet. */
class Connections {
  #idle = new Set<Socket>();

  constructor(server: Server) {
    server.on(arrivalOn(server), (socket: Socket) => {
      this.#idle.add(socket);
      socket.once('close', () => this.#idle.delete(socket));
    });
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      this.#idle.delete(socket);
      response.once('close', () => {
        if (!server.listening) socket.destroySoon();
        else if (!socket.destroyed) this.#idle.add(socket);
      });
    });
  }

  /** It is no longer HTTP. */
  handOver(socket: Socket): void {
    this.#idle.delete(socket);
  }

  cutIdle(): void {
    for (const socket of this.#idle) socket.destroy();
  }
}
