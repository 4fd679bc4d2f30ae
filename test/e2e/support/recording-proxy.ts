import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { portOf } from './ports.ts';

export interface Exchange {
  method: string;
  url: string;
  status: number;
  /** The answer when it is JSON. */
  answer: unknown;
}

export interface RecordingProxy extends AsyncDisposable {
  url: string;
  exchanges: Exchange[];
}

/** Passes everything on to the appliance, WebSockets too, with the Host that the client used, and notes the JSON answers. */
export async function startProxy(
  target: () => string,
  onExchange: (exchange: Exchange) => void,
): Promise<RecordingProxy> {
  const exchanges: Exchange[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    void pass(incoming, outgoing, target(), (exchange) => {
      exchanges.push(exchange);
      onExchange(exchange);
    }).catch(() => outgoing.destroy()); // One end has gone: so does the other.
  });
  server.on('upgrade', (incoming, socket, head) => {
    const { hostname, port } = new URL(target());
    const upstream = connect(Number(port), hostname, () => {
      const headers = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${value}`);
      upstream.write(`GET ${incoming.url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    for (const [one, other] of [
      [upstream, socket],
      [socket, upstream],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    sockets.add(upstream);
    upstream.once('close', () => sockets.delete(upstream));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    exchanges,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: string,
  note: (exchange: Exchange) => void,
): Promise<void> {
  const { method = 'GET', url = '/', headers } = incoming;
  const upstream = request(new URL(url, target), { method, headers });
  incoming.pipe(upstream);
  upstream.on('error', () => outgoing.destroy());
  const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
  const body = await buffer(answer);
  const isJson = /^application\/json/.test(answer.headers['content-type'] ?? '');
  if (isJson) note({ method, url, status: answer.statusCode ?? 0, answer: JSON.parse(body.toString()) });
  outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.headers);
  outgoing.end(body);
}
