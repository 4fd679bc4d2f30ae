import { createHmac } from 'node:crypto';
import type { Connection } from '../connection.ts';
import type { Meta } from '../meta.ts';

const NAME = 'webhook_secret';
/** How long receivers may go on with the secret before. */
const OVERLAP_MS = 86_400_000;

interface Turn {
  /** Which secret it is, from 0. */
  nth: number;
  sinceMs: number;
}

/**
 * What webhooks are signed with. Secrets are derived from the box's signing key, so that a copy of the database alone
 * signs nothing; the database only knows how many there were.
 */
export class WebhookSecrets {
  readonly #connection: Connection;
  readonly #meta: Meta;
  readonly #key: Buffer;

  constructor(connection: Connection, meta: Meta, key: Buffer) {
    this.#connection = connection;
    this.#meta = meta;
    this.#key = key;
  }

  /** The secret, and for a day after it was changed the one before. Never empty. */
  valid(nowMs: number): Buffer[] {
    const { nth, sinceMs } = this.#turn();
    const overlaps = nth > 0 && nowMs - sinceMs < OVERLAP_MS;
    return overlaps ? [this.#secret(nth), this.#secret(nth - 1)] : [this.#secret(nth)];
  }

  /** A new secret, on disk when it returns. */
  rotate(nowMs: number): Buffer {
    return this.#connection.writeDurably(() => {
      const nth = this.#turn().nth + 1;
      this.#meta.put(NAME, JSON.stringify({ nth, sinceMs: nowMs } satisfies Turn));
      return this.#secret(nth);
    });
  }

  #turn(): Turn {
    const stored = this.#meta.get(NAME);
    // Nobody else writes it.
    return stored === undefined ? { nth: 0, sinceMs: 0 } : (JSON.parse(stored) as Turn);
  }

  #secret(nth: number): Buffer {
    return createHmac('sha256', this.#key).update(`webhook secret ${nth}`).digest();
  }
}
