import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Alert, DeliveryChannel, Firing } from '#domain';
import type { Clock } from '#runtime';
import { systemClock } from '#runtime';
import type { Store } from '#store';
import { freePort } from '../e2e/support/ports.ts';
import { aFiring, NOON } from '../store/fixture.ts';

export const links = {
  assetUrls: ({ id }: { id: string }) => ({
    stream_url: `http://box/hls/${id}.m3u8`,
    player_url: `http://box/watch?v=${id}`,
  }),
  streamUrl: ({ id }: Firing) => `http://box/hls/${id}.m3u8`,
  playerUrl: ({ id }: Firing) => `http://box/watch?v=${id}`,
};
export const streamName = () => 'Front door';

/** Time runs this much faster, so that waiting for a retry takes a test no time. */
export function hastyClock(factor = 50): Clock {
  const started = performance.now();
  return {
    nowMs: () => NOON + Math.round((performance.now() - started) * factor),
    monotonicMs: () => performance.now() * factor,
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
  };
}

let moment = NOON;

/** One more firing of the alert, due at these receivers. */
export function fire(
  store: Store,
  alert: Alert,
  ...deliveries: { channel: DeliveryChannel; target: string }[]
): Firing {
  moment += 1000;
  const firing = aFiring(alert, moment, { confidence: 0.912345 });
  const cursor = store.journal.cursor('events');
  store.commitEvaluation({ cursor, cursorName: 'events', states: [], firings: [{ firing, deliveries }] });
  return firing;
}

interface Posted {
  path: string;
  headers: IncomingMessage['headers'];
  /** As it came, and what it says. */
  text: string;
  body: unknown;
}

/** A receiver on loopback; `answer` decides what it says, and may leave the question open. */
export async function receiver(answer: (response: ServerResponse, nth: number) => void, port = 0) {
  const posted: Posted[] = [];
  const server = createServer(async (request, response) => {
    const sent = await text(request).catch(() => undefined);
    if (sent === undefined) return; // Who sent it has been stopped in the middle of it.
    posted.push({ path: request.url ?? '', headers: request.headers, text: sent, body: JSON.parse(sent) });
    answer(response, posted.length);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
  return {
    posted,
    port: address.port,
    url: `http://127.0.0.1:${address.port}/hook`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Where a receiver may come: until then nobody else does. */
export async function nobody(): Promise<{ port: number; url: string }> {
  const port = await freePort();
  return { port, url: `http://127.0.0.1:${port}/hook` };
}

export const ok = (response: ServerResponse): void => void response.writeHead(204).end();
