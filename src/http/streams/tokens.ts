import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Signer } from '#domain';
import { type Clock, Fault } from '#runtime';
import type { Caller, HttpDeps } from '../deps.ts';
import { whole } from '../input.ts';
import { Api } from '../route.ts';

const PREFIX = 'st-';
const PURPOSE = 'session';
const DAY_S = 86_400;

/**
 * Session tokens (VideoDB's `st-…`): they let a client app hear live events and capture without the API key that they
 * were made with. Signed, and remembered nowhere but when ended: one ends at its time, when it is revoked, or with its key.
 */
export class SessionTokens {
  readonly #signer: Signer;
  readonly #clock: Clock;

  constructor(signingKey: Buffer, clock: Clock) {
    this.#signer = new Signer(signingKey);
    this.#clock = clock;
  }

  issue(keyId: number, expiresInS: number): { token: string; expiresMs: number } {
    const expiresMs = Math.floor(this.#clock.nowMs() / 1000 + expiresInS) * 1000;
    return {
      token: PREFIX + this.#signer.sign(PURPOSE, [keyId, expiresMs, randomBytes(9).toString('base64url')]),
      expiresMs,
    };
  }

  /** Undefined for anything but a token of ours that has not expired. Whether it or its key was revoked is for the caller. */
  verify(token: string): Required<Pick<Caller, 'keyId' | 'sessionExpiresMs' | 'tokenId'>> | undefined {
    if (!token.startsWith(PREFIX)) return undefined;
    const [keyId, sessionExpiresMs, id] = this.#signer.open(PURPOSE, token.slice(PREFIX.length)) ?? [];
    if (typeof keyId !== 'number' || typeof sessionExpiresMs !== 'number') return undefined;
    const tokenId = typeof id === 'string' ? id : `${keyId}-${sessionExpiresMs}`; // Older ones have none.
    return sessionExpiresMs > this.#clock.nowMs() ? { keyId, sessionExpiresMs, tokenId } : undefined;
  }
}

export function tokenRoutes({ tokens, store }: HttpDeps): Api {
  const api = new Api('Capture');

  api.post(
    '/capture/session/token',
    {
      summary: 'Makes a session token for a client app: it opens live events and capture, and nothing else',
      body: z.object({
        expires_in: whole(60, 7 * DAY_S)
          .default(DAY_S)
          .describe('Seconds'),
      }),
      answer: z.object({ token: z.string(), expires_at: z.number().describe('Unix seconds'), expires_in: z.number() }),
    },
    (c, { body }) => {
      const { keyId, sessionExpiresMs } = c.get('caller');
      if (sessionExpiresMs !== undefined) {
        throw new Fault('forbidden', 'x-access-token: a session token makes no further ones; use an API key');
      }
      const { token, expiresMs } = tokens.issue(keyId, body.expires_in);
      return { token, expires_at: expiresMs / 1000, expires_in: body.expires_in };
    },
  );

  api.post(
    '/capture/session/token/revoke',
    {
      summary: 'Ends a session token at once, its live events, and the capture sessions that it has to do with',
      token: true,
      body: z.object({ token: z.string().max(1000).optional().describe('Left out: the one with which this is asked') }),
      answer: z.object({}),
    },
    (c, { body }) => {
      const { keyId, tokenId, sessionExpiresMs } = c.get('caller');
      const own =
        tokenId !== undefined && sessionExpiresMs !== undefined ? { keyId, tokenId, sessionExpiresMs } : undefined;
      const named = body.token === undefined ? own : tokens.verify(body.token);
      if (!named) throw new Fault('invalid', 'token: must be a session token of this box that has not expired');
      if (own && named.tokenId !== own.tokenId) {
        throw new Fault('forbidden', 'token: a session token ends itself and no other; use an API key');
      }
      store.keys.endToken(named.tokenId, named.sessionExpiresMs);
      return {};
    },
  );

  return api;
}
