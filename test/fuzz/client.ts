import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import type { FuzzRequest } from './requests.ts';

export interface FuzzAnswer {
  status: number;
  reason: string;
  type: string;
  text: string;
}

/** One client of a server, over connections that it keeps. */
export class FuzzClient implements Disposable {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });

  constructor(port: number) {
    this.#port = port;
  }

  /** The whole answer; of a feed that doesn't end, its beginning. */
  send({ method, url, body, headers }: FuzzRequest): Promise<FuzzAnswer> {
    const length = body.length === 0 && method === 'GET' ? {} : { 'content-length': String(body.length) };
    const options = { hostname: '127.0.0.1', port: this.#port, agent: this.#agent, method, path: url };
    return new Promise((resolve, reject) => {
      const sent = request(
        { ...options, headers: { 'x-access-token': 'sk-right', ...length, ...headers } },
        (response) => {
          read(response).then(resolve, reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** Bytes exactly as given, on a connection of their own; what comes back until the server closes. `last`: nothing follows. */
  async raw(bytes: Buffer, last = false): Promise<string> {
    const socket = connect(this.#port, '127.0.0.1');
    socket.setTimeout(20_000, () => socket.destroy(new Error('the server neither answers nor closes')));
    if (last) socket.end(bytes);
    else socket.write(bytes);
    return readAll(socket);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

async function read(response: IncomingMessage): Promise<FuzzAnswer> {
  const type = response.headers['content-type'] ?? '';
  const head = { status: response.statusCode ?? 0, reason: response.statusMessage ?? '', type };
  if (!type.startsWith('text/event-stream')) return { ...head, text: await readAll(response) };
  for await (const chunk of response) return { ...head, text: String(chunk) };
  return { ...head, text: '' };
}
