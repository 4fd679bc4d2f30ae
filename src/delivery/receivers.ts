import { type Clock, retryDelay } from '#runtime';

const SCHEDULE = { firstMs: 1000, capMs: 300_000 };
/** A fresh alert needn't wait for longer until it is seen whether its receiver is back. */
const FRESH_MS = 15_000;
/** Messages under way at once: in all, and to one host. To one target they go one by one. */
const IN_ALL = 8;
const PER_HOST = 4;
/** Messages to one host: so many at once, then so many a second; older ones leave half of it to fresh ones. */
const BURST = 20;
const PER_SECOND = 10;

interface Hold {
  failures: number;
  /** Until when fresh messages wait, and all others. */
  freshMs: number;
  untilMs: number;
}

interface Bucket {
  left: number;
  atMs: number;
}

/**
 * Who may be sent something now. Owns how long receivers are left alone that fail, and how much one host is asked to
 * take. Knows nothing that a restart must keep. Times are the monotonic clock's: setting the box's clock changes nothing.
 */
export class Receivers {
  readonly #clock: Clock;
  /** By target, or by host when nobody could be reached there. */
  readonly #holds = new Map<string, Hold>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #busy = new Map<string, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get full(): boolean {
    return this.#busy.size >= IN_ALL;
  }

  /** How long until something may go to the target; 0: now. Undefined: when something else is done. */
  waitMs(target: string, fresh: boolean): number | undefined {
    if (this.full || this.#busy.has(target)) return undefined;
    const host = hostOf(target);
    if ([...this.#busy.values()].filter((busy) => busy === host).length >= PER_HOST) return undefined;
    const held = Math.max(this.#heldMs(target, fresh), this.#heldMs(host, fresh));
    const missing = (fresh ? 1 : BURST / 2) - this.#bucket(host).left;
    return Math.max(0, held, Math.ceil((missing / PER_SECOND) * 1000));
  }

  began(target: string): void {
    const host = hostOf(target);
    this.#busy.set(target, host);
    this.#bucket(host).left -= 1;
  }

  ended(target: string): void {
    this.#busy.delete(target);
  }

  answered(target: string): void {
    this.#holds.delete(target);
    this.#holds.delete(hostOf(target));
  }

  /** Leaves it alone for a growing while, or for as long as it asks. Returns how often it has failed in a row, and when it is tried again. */
  failed(target: string, how: { wholeHost: boolean; pauseMs?: number }): { failures: number; inMs: number } {
    const key = how.wholeHost ? hostOf(target) : target;
    const nowMs = this.#clock.monotonicMs();
    const before = this.#holds.get(key);
    // Several that fail together have failed once.
    const failures = (before?.failures ?? 0) + (before && before.untilMs > nowMs ? 0 : 1);
    const inMs = how.pauseMs ?? retryDelay(SCHEDULE, failures - 1);
    const freshMs = nowMs + (how.pauseMs ?? Math.min(inMs, FRESH_MS));
    this.#holds.set(key, { failures, freshMs, untilMs: nowMs + inMs });
    return { failures, inMs };
  }

  /** Forgets those that nothing waits for. */
  keep(targets: readonly string[]): void {
    const kept = new Set([...targets, ...targets.map(hostOf)]);
    for (const key of this.#holds.keys()) if (!kept.has(key)) this.#holds.delete(key);
    for (const host of this.#buckets.keys()) if (!kept.has(host)) this.#buckets.delete(host);
  }

  #heldMs(key: string, fresh: boolean): number {
    const hold = this.#holds.get(key);
    if (!hold) return 0;
    return (fresh ? hold.freshMs : hold.untilMs) - this.#clock.monotonicMs();
  }

  #bucket(host: string): Bucket {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#buckets.get(host) ?? { left: BURST, atMs: nowMs };
    const left = Math.min(BURST, known.left + ((nowMs - known.atMs) / 1000) * PER_SECOND);
    const bucket = { left, atMs: nowMs };
    this.#buckets.set(host, bucket);
    return bucket;
  }
}

/** Says no credentials, path or query. */
export function hostOf(target: string): string {
  return URL.canParse(target) ? new URL(target).origin : 'no address';
}
