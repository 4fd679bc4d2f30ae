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
 * were made with. Signed, and remembered nowhere: one ends at its time, or when its key is gone.
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
    return { token: PREFIX + this.#signer.sign(PURPOSE, [keyId, expiresMs]), expiresMs };
  }

  /** Undefined for anything but a token of ours that has not expired. Whether its key still exists is for the caller. */
  verify(token: string): Required<Pick<Caller, 'keyId' | 'sessionExpiresMs'>> | undefined {
    if (!token.startsWith(PREFIX)) return undefined;
    const [keyId, sessionExpiresMs] = this.#signer.open(PURPOSE, token.slice(PREFIX.length)) ?? [];
    if (typeof keyId !== 'number' || typeof sessionExpiresMs !== 'number') return undefined;
    return sessionExpiresMs > this.#clock.nowMs() ? { keyId, sessionExpiresMs } : undefined;
  }
}

export function tokenRoutes({ tokens }: HttpDeps): Api {
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

  return api;
}
