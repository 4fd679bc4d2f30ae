import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { json } from 'node:stream/consumers';
import type { Config } from '#config';
import { deadline } from '#runtime';

const ANSWER_MS = 5000;

export interface Answer {
  status: number;
  /** Nothing where it isn't JSON. */
  body: unknown;
}

/** Where the Watchpost of this machine listens. */
export function ownBox({ listen: { host, port }, tls }: Config): URL {
  const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  const name = everywhere[host] ?? host;
  return new URL(`${tls ? 'https' : 'http'}://${name.includes(':') ? `[${name}]` : name}:${port}/`);
}

/** Asks it; with `body` by POST. Its certificate is for the name by which others know it. Rejects when it doesn't answer. */
export async function askOwnBox(address: URL, signal: AbortSignal, body?: object): Promise<Answer> {
  using limit = deadline(signal, ANSWER_MS);
  const options = {
    method: body ? 'POST' : 'GET',
    headers: body ? { 'content-type': 'application/json' } : {},
    signal: limit.signal,
  };
  const asked =
    address.protocol === 'https:'
      ? httpsRequest(address, { ...options, rejectUnauthorized: false })
      : httpRequest(address, options);
  return await new Promise((resolve, reject) => {
    asked.once('error', reject);
    asked.once('response', (answer) => {
      const { statusCode: status = 0 } = answer;
      json(answer).then(
        (read) => resolve({ status, body: read }),
        () => resolve({ status, body: undefined }),
      );
    });
    asked.end(body && JSON.stringify(body));
  });
}
