/** The two ends that alerts travel to: a real MQTT subscriber and a real webhook receiver. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connectAsync } from 'mqtt';
import { z } from 'zod';
import { messageOf } from '#runtime';
import { portOf } from './port.ts';

export interface ReceivedAlert {
  via: 'mqtt' | 'webhook';
  /** The MQTT topic; absent for a webhook. */
  topic?: string;
  label: string;
  explanation: string;
}

type OnAlert = (alert: ReceivedAlert) => void;

const payload = z.object({ label: z.string(), explanation: z.string() });

export async function subscribe(brokerUrl: string, onAlert: OnAlert): Promise<AsyncDisposable> {
  const client = await connectAsync(brokerUrl);
  client.on('message', (topic, message) => {
    onAlert({ via: 'mqtt', topic, ...payload.parse(JSON.parse(message.toString())) });
  });
  await client.subscribeAsync('watchpost/+/alerts/#', { qos: 1 });
  return { [Symbol.asyncDispose]: () => client.endAsync(true) };
}

export interface WebhookReceiver extends AsyncDisposable {
  url: string;
}

export async function startWebhookReceiver(onAlert: OnAlert): Promise<WebhookReceiver> {
  const server = createServer((request, response) => {
    bodyOf(request)
      .then((body) => {
        onAlert({ via: 'webhook', ...payload.parse(JSON.parse(body)) });
        response.writeHead(204).end();
      })
      .catch((error: unknown) => response.writeHead(400).end(messageOf(error)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server)}/alerts`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  return body;
}
