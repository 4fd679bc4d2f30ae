import { getConnInfo } from '@hono/node-server/conninfo';
import type { MiddlewareHandler } from 'hono';
import { allows, hashKey, type Scope } from '#domain';
import { type Clock, Fault } from '#runtime';
import type { StoredKey } from '#store';
import type { Caller, HttpContext, HttpDeps, HttpEnv } from './deps.ts';
import { refuse } from './envelope.ts';

const MINUTE_MS = 60_000;
const TRIES_PER_MINUTE = 30;
const MAX_ADDRESSES = 1000;
const LONGEST_KEY = 200;

/** What a session token opens: live events, capture, and the collection that clients ask for before either. */
const FOR_SESSIONS = /^\/(capture\/.+|collection\/[^/]+\/(websocket|capture\/.+))$/;
const COLLECTION = /^\/collection\/[^/]+$/;

/**
 * Lets a request pass that carries a known API key, or a session token where those are enough. A right key always
 * passes, so that one misconfigured client locks nobody out; an address that keeps sending wrong ones is told to wait.
 */
export function requireKey(deps: Pick<HttpDeps, 'store' | 'clock' | 'tokens'>): MiddlewareHandler<HttpEnv> {
  const tries = new WrongTries(deps.clock);
  return async (c, next) => {
    const caller = callerOf(c, deps);
    if (caller) {
      if (caller.sessionExpiresMs !== undefined && !opens(c.req)) {
        throw new Fault('forbidden', 'x-access-token: a session token opens live events and capture; use an API key');
      }
      c.set('caller', caller);
      return next();
    }
    if (keyOf(c) !== undefined && tries.count(addressOf(c)) > TRIES_PER_MINUTE) {
      c.header('Retry-After', '60');
      return refuse(c, 429, 'too_many_requests', 'too many wrong API keys from this address: wait a minute');
    }
    throw new Fault('unauthorized', whyNot(keyOf(c)));
  };
}

function opens({ method, path }: { method: string; path: string }): boolean {
  return FOR_SESSIONS.test(path) || ((method === 'GET' || method === 'HEAD') && COLLECTION.test(path));
}

function whyNot(key: string | undefined): string {
  if (key === undefined)
    return 'x-access-token: an API key is needed in this header; "watchpost token create" makes one';
  if (key.startsWith('st-')) {
    return 'x-access-token: the session token has expired or is not valid; POST /capture/session/token makes one';
  }
  return 'x-access-token: the API key is not known; "watchpost token create" makes one';
}

/** An API key with which one may look; a session token is none. */
function hasKey(c: HttpContext, store: Pick<HttpDeps['store'], 'keys'>): boolean {
  return allows(findKey(keyOf(c), store)?.scopes ?? [], 'read');
}

/** For pictures and clips: throws `unauthorized` without a key, or with a signature that isn't that of the link. */
export function demandKeyOrLink(
  c: HttpContext,
  { store }: Pick<HttpDeps, 'store'>,
  signed: string | undefined,
  verify: (signed: string) => boolean,
): void {
  const allowed = signed === undefined ? hasKey(c, store) : verify(signed);
  if (!allowed) throw new Fault('unauthorized', 'this needs an API key or a link that is still valid');
}

/** Throws `forbidden` when the caller's key opens other things. */
export function demandScope(c: HttpContext, need: Scope): void {
  const { scopes } = c.get('caller');
  if (allows(scopes, need)) return;
  throw new Fault(
    'forbidden',
    `x-access-token: this key is for "${scopes.join('", "')}", and this needs "${need}": "watchpost token create --scope ${need}" makes one`,
  );
}

function callerOf(c: HttpContext, { store, tokens }: Pick<HttpDeps, 'store' | 'tokens'>): Caller | undefined {
  const key = keyOf(c);
  const known = findKey(key, store);
  if (known) {
    noteUse(known, store);
    return callerWith(known);
  }
  const session = tokens.verify(key ?? '');
  const maker = session && store.keys.get(session.keyId);
  return maker && { ...callerWith(maker), ...session, scopes: ['read'] };
}

function callerWith({ id, label, scopes }: StoredKey): Caller {
  return { keyId: id, name: `key "${label}"`, scopes };
}

function noteUse(key: StoredKey, { keys }: Pick<HttpDeps['store'], 'keys'>): void {
  try {
    keys.use(key);
  } catch {
    // A full disk is no reason to refuse whoever comes to see why.
  }
}

function findKey(key: string | undefined, store: Pick<HttpDeps['store'], 'keys'>): StoredKey | undefined {
  return key !== undefined && key.length <= LONGEST_KEY ? store.keys.find(hashKey(key)) : undefined;
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
