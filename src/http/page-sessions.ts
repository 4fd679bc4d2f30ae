import { randomInt } from 'node:crypto';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import { hashKey, Signer } from '#domain';
import { type Clock, Fault } from '#runtime';
import type { HttpContext, HttpDeps } from './deps.ts';
import { refuse } from './envelope.ts';
import { Api } from './route.ts';
import { WrongTries } from './wrong-tries.ts';

const PURPOSE = 'page';
const HOUR_MS = 3_600_000;
/** Of a browser that is to forget it when it is closed, as some never are. */
const SHORT_MS = 24 * HOUR_MS;
const LONG_MS = 90 * 24 * HOUR_MS;
/** Sent by the page with whatever changes something: another site can't, as it would have to ask us first. */
const BY_PAGE = 'x-watchpost-page';
const MOST_WRONG_CODES = 10;

/**
 * Who has signed in on the page: a cookie that no script can read and no other site sends, got for an API key or a
 * one-time code. Signed, and remembered nowhere: it ends at its time, or when its key is revoked.
 */
export class PageSessions {
  readonly #signer: Signer;
  readonly #clock: Clock;
  /** Two boxes on one host are told apart, as ports are not told apart in cookies. */
  readonly #cookie: string;
  #code: { digits: string; keyId: number; untilMs: number; wrong: number } | undefined;

  constructor(signingKey: Buffer, boxId: string, clock: Clock) {
    this.#signer = new Signer(signingKey);
    this.#clock = clock;
    this.#cookie = `watchpost-${boxId.slice(-8)}`;
  }

  /** Eight digits that sign in once, within an hour, as whoever holds the key. There is one at a time. */
  newCode(keyId: number): string {
    const digits = String(randomInt(1e8)).padStart(8, '0');
    this.#code = { digits, keyId, untilMs: this.#clock.monotonicMs() + HOUR_MS, wrong: 0 };
    return `${digits.slice(0, 4)}-${digits.slice(4)}`;
  }

  /** The key for which the code stands; it stands for none a second time. Too many wrong ones end the right one, too. */
  redeem(written: string): number | undefined {
    const code = this.#code;
    if (!code || this.#clock.monotonicMs() > code.untilMs || code.wrong >= MOST_WRONG_CODES) return undefined;
    if (written.replace(/\D/g, '') !== code.digits) {
      code.wrong += 1;
      return undefined;
    }
    this.#code = undefined;
    return code.keyId;
  }

  begin(c: HttpContext, keyId: number, remember: boolean): number {
    const expiresMs = this.#clock.nowMs() + (remember ? LONG_MS : SHORT_MS);
    setCookie(c, this.#cookie, this.#signer.sign(PURPOSE, [keyId, expiresMs]), {
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
      secure: new URL(c.req.url).protocol === 'https:',
      ...(remember ? { maxAge: LONG_MS / 1000 } : {}),
    });
    return expiresMs;
  }

  end(c: HttpContext): void {
    deleteCookie(c, this.#cookie, { path: '/' });
  }

  /** Whose session the request carries. Throws `forbidden` when it would change something and doesn't come from the page. */
  keyOf(c: HttpContext): number | undefined {
    const [keyId, expiresMs] = this.#signer.open(PURPOSE, getCookie(c, this.#cookie) ?? '') ?? [];
    if (typeof keyId !== 'number' || typeof expiresMs !== 'number' || expiresMs <= this.#clock.nowMs())
      return undefined;
    if (!['GET', 'HEAD'].includes(c.req.method) && c.req.header(BY_PAGE) === undefined) {
      throw new Fault(
        'forbidden',
        `${BY_PAGE}: a session of the page changes things from the page alone; use an API key`,
      );
    }
    return keyId;
  }
}

/** They need no key: they are how one comes by a session, and rid of it. */
export function pageSessionRoutes({ store, sessions, clock }: Pick<HttpDeps, 'store' | 'sessions' | 'clock'>): Api {
  const api = new Api('The box', { open: true });
  const tries = new WrongTries(clock);

  api.get(
    '/v1/session',
    { summary: 'Whether this browser has signed in', answer: z.object({ signed_in: z.boolean() }) },
    (c) => ({ signed_in: store.keys.get(sessions.keyOf(c) ?? 0) !== undefined }),
  );

  api.post(
    '/v1/session',
    {
      summary: 'Signs a browser in on the page: sets a cookie. SDKs and scripts send their key instead',
      body: z.object({
        key: z.string().max(200).optional().describe('An API key'),
        code: z
          .string()
          .max(20)
          .optional()
          .describe('The one-time code that the first start, or `watchpost token code`, printed'),
        remember: z.boolean().default(false).describe('For 90 days, else until the browser is closed or a day is over'),
      }),
      answer: z.object({ expires_at: z.number().describe('Unix seconds') }),
    },
    (c, { body: { key, code, remember } }) => {
      const keyId = key === undefined ? sessions.redeem(code ?? '') : store.keys.find(hashKey(key))?.id;
      if (keyId !== undefined) return { expires_at: sessions.begin(c, keyId, remember) / 1000 };
      if (tries.tooMany(c)) return tooManyTries(c);
      throw new Fault(
        'unauthorized',
        key === undefined
          ? 'code: not known, used already or too old; sign in with an API key'
          : 'key: not known; "watchpost token create" makes one',
      );
    },
  );

  api.post(
    '/v1/session/code',
    {
      summary: 'A one-time code that signs in on another machine, for who has a key',
      body: z.object({
        key: z
          .string()
          .max(200)
          .describe('An API key')
          .meta({ examples: ['sk-0123456789abcdef'] }),
      }),
      answer: z.object({ code: z.string() }),
    },
    (c, { body: { key } }) => {
      const keyId = store.keys.find(hashKey(key))?.id;
      if (keyId !== undefined) return { code: sessions.newCode(keyId) };
      if (tries.tooMany(c)) return tooManyTries(c);
      throw new Fault('unauthorized', 'key: not known; "watchpost token create" makes one');
    },
  );

  api.delete('/v1/session', { summary: 'Signs the browser out', answer: z.object({}) }, (c) => {
    sessions.end(c);
    return {};
  });

  return api;
}

function tooManyTries(c: HttpContext): Response {
  c.header('Retry-After', '60');
  return refuse(c, 429, 'too_many_requests', 'too many wrong keys or codes from this address: wait a minute');
}
