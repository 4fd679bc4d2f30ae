import type { MiddlewareHandler } from 'hono';
import { allows, type Grant, hashKey, type Scope } from '#domain';
import { Fault } from '#runtime';
import type { StoredKey } from '#store';
import type { Caller, HttpContext, HttpDeps, HttpEnv } from './deps.ts';
import { refuse } from './envelope.ts';
import { WrongTries } from './wrong-tries.ts';

const LONGEST_KEY = 200;

type KeyDeps = Pick<HttpDeps, 'store' | 'sessions'>;

/** What a session token opens: live events, capture, and the collection that clients ask for before either. */
const FOR_SESSIONS = /^\/(capture\/.+|collection\/[^/]+\/(websocket|capture\/.+))$/;
const COLLECTION = /^\/collection\/[^/]+$/;

/**
 * Lets a request pass that carries a known API key, the page's session, or a session token where those are enough. A right key always
 * passes, so that one misconfigured client locks nobody out; an address that keeps sending wrong ones is told to wait.
 */
export function requireKey(deps: Pick<HttpDeps, 'clock' | 'tokens'> & KeyDeps): MiddlewareHandler<HttpEnv> {
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
    if (keyOf(c) !== undefined && tries.tooMany(c)) {
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
    return 'x-access-token: the session token has expired, was ended or is not valid; POST /capture/session/token makes one';
  }
  return 'x-access-token: the API key is not known; "watchpost token create" makes one';
}

/** An API key with which one may look, who has signed in on the page with such a one, or a hub; a session token is none. */
function mayLook(c: HttpContext, { store, sessions }: KeyDeps): boolean {
  const who = c.env?.caller ?? findKey(keyOf(c), store) ?? store.keys.get(sessions.keyOf(c) ?? 0);
  return allows(who?.scopes ?? [], 'read');
}

/** For pictures and clips: throws `unauthorized` without a key, or with a signature that isn't that of the link. */
export function demandKeyOrLink(
  c: HttpContext,
  deps: KeyDeps,
  signed: string | undefined,
  verify: (signed: string) => boolean,
): void {
  const allowed = signed === undefined ? mayLook(c, deps) : verify(signed);
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

function callerOf(c: HttpContext, { store, tokens, sessions }: Pick<HttpDeps, 'tokens'> & KeyDeps): Caller | undefined {
  if (c.env?.caller) return c.env.caller;
  const key = keyOf(c);
  if (key === undefined) {
    const signedIn = store.keys.get(sessions.keyOf(c) ?? 0);
    return signedIn && callerWith(signedIn);
  }
  const known = findKey(key, store);
  if (known) {
    noteUse(known, store);
    return callerWith(known);
  }
  const session = tokens.verify(key);
  const maker = session && store.keys.holds(session) ? store.keys.get(session.keyId) : undefined;
  return maker && { ...callerWith(maker), ...session, scopes: ['read'] };
}

/** With what whoever asks came in; undefined for a hub, which has no key here. */
export function grantOf(c: HttpContext): Grant | undefined {
  const { keyId, tokenId, from } = c.get('caller');
  if (from !== undefined) return undefined;
  return { keyId, ...(tokenId === undefined ? {} : { tokenId }) };
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
