import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { pino } from 'pino';
import { type CatalogueEntry, ModelLibrary, type PullOptions } from '#models';

export const quiet = pino({ level: 'silent' });
const never = new AbortController().signal;
export const weights: Buffer = Buffer.alloc(3_000_000, 'weights');
export const digest: string = createHash('sha256').update(weights).digest('hex');

export interface Server extends AsyncDisposable {
  url: string;
  asked: string[];
}

/** `onConnect` answers proxies' tunnels. */
export async function serve(
  listener: RequestListener,
  onConnect?: (target: string, socket: Socket) => void,
): Promise<Server> {
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

export const whole: RequestListener = (_request, response) => {
  response.end(weights);
};

/** A pack whose one file lies there. */
export function entry(url: string, licence = 'MIT'): Extract<CatalogueEntry, { url: string }> {
  const about = { adds: 'for tests', licence, memoryMb: 1, memoryIs: 'estimated' } as const;
  return {
    name: 'tiny',
    task: 'voice-activity',
    url: `${url}/tiny.onnx`,
    bytes: weights.length,
    sha256: digest,
    ...about,
    tiers: [],
  };
}

export async function pull(
  models: string,
  one: CatalogueEntry,
  options: Partial<PullOptions> = {},
): Promise<ModelLibrary> {
  const library = await ModelLibrary.open(models, quiet, [one]);
  await library.pull(one.name, { signal: never, env: {}, ...options });
  return library;
}

/** What an attempt throws; undefined when it succeeds. */
export const failure = (attempt: Promise<unknown>) =>
  attempt.then(
    () => undefined,
    (error: Error) => error,
  );
