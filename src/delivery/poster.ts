import { isIP } from 'node:net';
import { Agent, fetch, type Response } from 'undici';
import { type Clock, deadline, Fault, messageOf } from '#runtime';
import { forbidden, guardedLookup, mayPostTo, type Resolve } from './addresses.ts';
import { signed } from './signature.ts';

const TIMEOUT_MS = 10_000;
/** Nobody is asked to wait longer. */
const LONGEST_PAUSE_MS = 3_600_000;
/** Answers that say that the receiver can't take anything now, whatever it is. */
const AWAY: readonly number[] = [408, 425, 429, 502, 503, 504];

/** What came of one attempt. `away` is nobody's fault; `refused` is about this message or this address. */
export type Outcome =
  | { kind: 'delivered'; status: number }
  | { kind: 'refused'; reason: string; status?: number }
  | { kind: 'away'; reason: string; status?: number; pauseMs?: number };

export interface PosterDeps {
  store: { webhookSecrets: { valid(nowMs: number): Buffer[] } };
  clock: Clock;
  /** How names become addresses; the system's way by default. */
  resolve?: Resolve;
}

/**
 * Sends signed JSON to addresses that users gave. Follows no redirects, keeps no cookies, connects to no link-local
 * address, waits 10 s for an answer. Nothing that it says repeats the address.
 */
export class Poster implements AsyncDisposable {
  readonly #deps: PosterDeps;
  readonly #agent: Agent;

  constructor(deps: PosterDeps) {
    this.#deps = deps;
    this.#agent = new Agent({
      connect: { lookup: guardedLookup(deps.resolve), timeout: TIMEOUT_MS },
      keepAliveTimeout: 4000,
    });
  }

  /** Ends what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  /** Throws only the signal's reason. `id` is the same for each attempt at one message. */
  async send(target: string, payload: unknown, id: string, signal: AbortSignal): Promise<Outcome> {
    using limit = deadline(signal, TIMEOUT_MS);
    try {
      const response = await this.#fetch(addressOf(target), JSON.stringify(payload), id, limit.signal);
      await response.body?.cancel();
      return outcomeOf(response, this.#deps.clock.nowMs());
    } catch (error) {
      signal.throwIfAborted();
      if (limit.signal.aborted) return { kind: 'away', reason: `no answer within ${TIMEOUT_MS / 1000} s` };
      const cause = error instanceof Error && error.cause instanceof Fault ? error.cause : error;
      if (cause instanceof Fault) return { kind: 'refused', reason: messageOf(cause) };
      return { kind: 'away', reason: `no connection (${codeOf(error)})` };
    }
  }

  /** As `send`; throws `unavailable` unless the receiver took it. */
  readonly post = async (target: string, payload: unknown, id: string, signal: AbortSignal): Promise<void> => {
    const outcome = await this.send(target, payload, id, signal);
    if (outcome.kind !== 'delivered') throw new Fault('unavailable', outcome.reason);
  };

  #fetch(url: URL, body: string, id: string, signal: AbortSignal): Promise<Response> {
    const { store, clock } = this.#deps;
    const nowMs = clock.nowMs();
    const bare = new URL(url);
    bare.username = '';
    bare.password = '';
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'watchpost',
      'idempotency-key': id,
      ...signed({ id, body, atMs: nowMs }, store.webhookSecrets.valid(nowMs)),
      ...(url.username ? { authorization: basic(url) } : {}),
    };
    return fetch(bare, { method: 'POST', headers, body, redirect: 'manual', signal, dispatcher: this.#agent });
  }
}

function outcomeOf({ ok, status, headers }: Response, nowMs: number): Outcome {
  if (ok) return { kind: 'delivered', status };
  if (status >= 300 && status < 400) {
    return { kind: 'refused', status, reason: `the receiver redirects (${status}), which is not followed` };
  }
  const reason = `the receiver answered ${status}`;
  if (!AWAY.includes(status)) return { kind: 'refused', status, reason };
  const pauseMs = pauseOf(headers.get('retry-after'), nowMs);
  return { kind: 'away', status, reason, ...(pauseMs === undefined ? {} : { pauseMs }) };
}

/** Seconds, or a date. */
function pauseOf(retryAfter: string | null, nowMs: number): number | undefined {
  if (retryAfter === null) return undefined;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(LONGEST_PAUSE_MS, Math.max(0, ms));
}

function addressOf(target: string): URL {
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new Fault('invalid', 'callback_url: must be an http:// or https:// address');
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) && !mayPostTo(host)) throw forbidden();
  return url;
}

function basic(url: URL): string {
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** Undici wraps what went wrong; of several addresses that failed, the first says why. */
function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    if (at instanceof AggregateError) return codeOf(at.errors[0]);
  }
  return 'refused';
}
