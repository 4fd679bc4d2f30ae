import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as timer } from 'node:timers/promises';
import { publicOrigin } from '#app';
import { type Config, loadConfig } from '#config';
import { deadline, Fault, messageOf } from '#runtime';
import { print } from './terminal.ts';

export interface HealthOptions {
  config?: string;
  dataDir?: string;
  listen?: string;
  /** Seconds. */
  wait: number;
}

const ANSWER_MS = 5000;
const AGAIN_MS = 500;

/** Asks the Watchpost of this machine whether it works, for so long if it doesn't; throws `unavailable` then. */
export async function health(options: HealthOptions, signal: AbortSignal): Promise<void> {
  const config = await loadConfig(options.config, process.env, options);
  const address = loopback(config);
  const untilMs = performance.now() + options.wait * 1000;
  for (;;) {
    try {
      await ask(address, signal);
      return print(`${publicOrigin(config, config.listen.port)} works`);
    } catch (error) {
      signal.throwIfAborted();
      if (performance.now() >= untilMs) throw new Fault('unavailable', `${address}: ${messageOf(error)}`);
      await timer(AGAIN_MS, undefined, { signal });
    }
  }
}

function loopback({ listen: { host, port }, tls }: Config): URL {
  const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  const name = everywhere[host] ?? host;
  return new URL(`${tls ? 'https' : 'http'}://${name.includes(':') ? `[${name}]` : name}:${port}/v1/health`);
}

/** The certificate is for the name by which others know the box. */
async function ask(address: URL, signal: AbortSignal): Promise<void> {
  using limit = deadline(signal, ANSWER_MS);
  const asked =
    address.protocol === 'https:'
      ? httpsRequest(address, { signal: limit.signal, rejectUnauthorized: false })
      : httpRequest(address, { signal: limit.signal });
  return await new Promise((resolve, reject) => {
    asked.once('error', reject);
    asked.once('response', (answer) => {
      answer.resume();
      if (answer.statusCode === 200) resolve();
      else reject(new Error(`answered ${answer.statusCode}`));
    });
    asked.end();
  });
}
