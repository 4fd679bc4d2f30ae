import type { Clock } from '#runtime';

/** What is saved up while nothing is sent. */
const BURST_MS = 1000;

/**
 * How fast things go to one target: a bucket that fills at the cap. What is urgent borrows from it and never waits; the
 * rest waits until the debt is paid. Without a cap nobody waits.
 */
export class Bandwidth {
  readonly #clock: Clock;
  readonly #bytesPerMs: number | undefined;
  #saved: number;
  #atMs: number;

  constructor(clock: Clock, maxKbps?: number) {
    this.#clock = clock;
    this.#bytesPerMs = maxKbps === undefined ? undefined : maxKbps / 8;
    this.#saved = (this.#bytesPerMs ?? 0) * BURST_MS;
    this.#atMs = clock.monotonicMs();
  }

  /** Rejects with the signal's reason. */
  async take(bytes: number, { urgent }: { urgent: boolean }, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#bytesPerMs === undefined) return;
    this.#fill(this.#bytesPerMs);
    while (!urgent && this.#saved < 0) {
      await this.#clock.sleep(Math.ceil(-this.#saved / this.#bytesPerMs), signal);
      this.#fill(this.#bytesPerMs);
    }
    this.#saved -= bytes;
  }

  /** How long the cap makes it last; 0 without one. */
  durationMs(bytes: number): number {
    return this.#bytesPerMs === undefined ? 0 : bytes / this.#bytesPerMs;
  }

  #fill(bytesPerMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    this.#saved = Math.min(bytesPerMs * BURST_MS, this.#saved + (nowMs - this.#atMs) * bytesPerMs);
    this.#atMs = nowMs;
  }
}
