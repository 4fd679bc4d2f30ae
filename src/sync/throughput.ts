import type { Clock } from '#runtime';

/** Pauses that are longer are no sending. */
const PAUSE_MS = 10_000;
/** What was longer ago counts half, and so on. */
const HALF_MS = 300_000;

/** How fast a target takes what it is sent, over the last minutes in which it was sent something. */
export class Throughput {
  readonly #clock: Clock;
  #bytes = 0;
  #ms = 0;
  #atMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(bytes: number): void {
    const nowMs = this.#clock.monotonicMs();
    const sinceMs = Math.min(PAUSE_MS, nowMs - (this.#atMs ?? nowMs));
    const kept = 0.5 ** (sinceMs / HALF_MS);
    this.#bytes = this.#bytes * kept + (this.#atMs === undefined ? 0 : bytes);
    this.#ms = this.#ms * kept + sinceMs;
    this.#atMs = nowMs;
  }

  /** Undefined when nothing is known. */
  durationMs(bytes: number, maxKbps: number | undefined): number | undefined {
    const cap = maxKbps === undefined ? Infinity : maxKbps / 8;
    const seen = this.#ms > 0 && this.#bytes > 0 ? this.#bytes / this.#ms : Infinity;
    const bytesPerMs = Math.min(cap, seen);
    return bytesPerMs === Infinity ? undefined : Math.round(bytes / bytesPerMs);
  }
}
