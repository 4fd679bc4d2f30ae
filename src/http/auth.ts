import { getConnInfo } from '@hono/node-server/conninfo';
import type { MiddlewareHandler } from 'hono';
import { hashKey } from '#domain';
import { type Clock, Fault } from '#runtime';
import type { HttpContext, HttpDeps, HttpEnv } from './deps.ts';
import { refuse } from './envelope.ts';

const MINUTE_MS = 60_000;
const TRIES_PER_MINUTE = 30;
const MAX_ADDRESSES = 1000;
const LONGEST_KEY = 200;

/**
 * Lets a request pass that carries a known API key. A right key always passes, so that one misconfigured client locks
 * nobody out; an address that keeps sending wrong ones is told to wait.
 */
export function requireKey({ store, clock }: Pick<HttpDeps, 'store' | 'clock'>): MiddlewareHandler<HttpEnv> {
  const tries = new WrongTries(clock);
  return async (c, next) => {
    if (hasKey(c, store)) return next();
    if (keyOf(c) !== undefined && tries.count(addressOf(c)) > TRIES_PER_MINUTE) {
      c.header('Retry-After', '60');
      return refuse(c, 429, 'too_many_requests', 'too many wrong API keys from this address: wait a minute');
    }
    throw new Fault(
      'unauthorized',
      keyOf(c) === undefined
        ? 'x-access-token: an API key is needed in this header; "watchpost token create" makes one'
        : 'x-access-token: the API key is not known; "watchpost token create" makes one',
    );
  };
}

export function hasKey(c: HttpContext, store: Pick<HttpDeps['store'], 'keys'>): boolean {
  const key = keyOf(c);
  return key !== undefined && key.length <= LONGEST_KEY && store.keys.find(hashKey(key)) !== undefined;
}

function keyOf(c: HttpContext): string | undefined {
  const bearer = /^Bearer\s+(\S+)$/i.exec(c.req.header('authorization') ?? '');
  return c.req.header('x-access-token') || bearer?.[1];
}

function addressOf(c: HttpContext): string {
  return c.env?.incoming ? (getConnInfo(c).remote.address ?? '') : '';
}

/** Wrong keys per address in the current minute; forgets the oldest addresses beyond a bound. */
class WrongTries {
  #clock: Clock;
  #byAddress = new Map<string, { count: number; untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  count(address: string): number {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#byAddress.get(address);
    const entry = known && known.untilMs > nowMs ? known : { count: 0, untilMs: nowMs + MINUTE_MS };
    entry.count += 1;
    this.#byAddress.delete(address);
    this.#byAddress.set(address, entry);
    const [oldest] = this.#byAddress.keys();
    if (this.#byAddress.size > MAX_ADDRESSES && oldest !== undefined) this.#byAddress.delete(oldest);
    return entry.count;
  }
}
