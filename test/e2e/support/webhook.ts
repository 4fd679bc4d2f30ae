import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { portOf } from './ports.ts';
import { until } from './waiting.ts';

export type WebhookAlert = Record<string, unknown>;

export interface WebhookReceiver extends AsyncDisposable {
  url: string;
  /** What was accepted, in order of arrival. */
  alerts: WebhookAlert[];
  next(match?: (alert: WebhookAlert) => boolean): Promise<WebhookAlert>;
}

/**
 * Receives alerts; answers 500 to the first `refuse` of them, as a receiver that is just starting would. With `once` it
 * leaves out what it has had under the same idempotency key, as the documentation wants it of receivers.
 */
export async function startWebhook({ refuse = 0, once: isStrict = false } = {}): Promise<WebhookReceiver> {
  const alerts: WebhookAlert[] = [];
  const taken = new Set<unknown>();
  let refusals = refuse;
  const server = createServer(async (request, response) => {
    const alert: unknown = await json(request).catch(() => undefined);
    if (alert === undefined) return; // Who sent it was killed in the middle of it.
    if (refusals > 0) {
      refusals -= 1;
      response.writeHead(500).end();
      return;
    }
    const key = request.headers['idempotency-key'];
    if (typeof alert === 'object' && alert !== null && !(isStrict && taken.has(key))) alerts.push({ ...alert });
    taken.add(key);
    response.writeHead(200).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server.address())}/alert`,
    alerts,
    next: (match = () => true) => until('an alert at the webhook', () => alerts.find(match), 90_000),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
