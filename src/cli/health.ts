import { setTimeout as timer } from 'node:timers/promises';
import { publicOrigin } from '#app';
import { loadConfig } from '#config';
import { Fault, messageOf } from '#runtime';
import { askOwnBox, ownBox } from './own-box.ts';
import { print } from './terminal.ts';

export interface HealthOptions {
  config?: string;
  dataDir?: string;
  listen?: string;
  /** Seconds. */
  wait: number;
}

const AGAIN_MS = 500;

/** Asks the Watchpost of this machine whether it works, for so long if it doesn't; throws `unavailable` then. */
export async function health(options: HealthOptions, signal: AbortSignal): Promise<void> {
  const config = await loadConfig(options.config, process.env, options);
  const address = new URL('/v1/health', ownBox(config));
  const untilMs = performance.now() + options.wait * 1000;
  for (;;) {
    try {
      const { status } = await askOwnBox(address, signal);
      if (status !== 200) throw new Error(`answered ${status}`);
      return print(`${publicOrigin(config, config.listen.port)} works`);
    } catch (error) {
      signal.throwIfAborted();
      if (performance.now() >= untilMs) throw new Fault('unavailable', `${address}: ${messageOf(error)}`);
      await timer(AGAIN_MS, undefined, { signal });
    }
  }
}
