import type { Clock } from '#runtime';
import { addressOf } from './address.ts';
import type { HttpContext } from './deps.ts';

const MINUTE_MS = 60_000;
const TRIES_PER_MINUTE = 30;
const MAX_ADDRESSES = 1000;

/** Wrong keys per address in the current minute; forgets the oldest addresses beyond a bound. */
export class WrongTries {
  readonly #clock: Clock;
  readonly #byAddress = new Map<string, { count: number; untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one more of the caller's address. True when it is one too many. */
  tooMany(c: HttpContext): boolean {
    const address = addressOf(c);
    const nowMs = this.#clock.monotonicMs();
    const known = this.#byAddress.get(address);
    const entry = known && known.untilMs > nowMs ? known : { count: 0, untilMs: nowMs + MINUTE_MS };
    entry.count += 1;
    this.#byAddress.delete(address);
    this.#byAddress.set(address, entry);
    const [oldest] = this.#byAddress.keys();
    if (this.#byAddress.size > MAX_ADDRESSES && oldest !== undefined) this.#byAddress.delete(oldest);
    return entry.count > TRIES_PER_MINUTE;
  }
}
