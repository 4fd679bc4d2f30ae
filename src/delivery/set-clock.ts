import type { Clock } from '#runtime';

/** What a clock that is kept right never makes at once. */
const LEAST_MS = 60_000;

/** Notices that the box's clock was set, by the monotonic one; a box that was suspended looks the same. */
export class SetClock {
  readonly #clock: Clock;
  #offsetMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = offsetOf(clock);
  }

  /** By how much it was set since the last call; 0 when it wasn't. */
  stepMs(): number {
    const offsetMs = offsetOf(this.#clock);
    const stepMs = offsetMs - this.#offsetMs;
    this.#offsetMs = offsetMs;
    return Math.abs(stepMs) < LEAST_MS ? 0 : Math.round(stepMs);
  }
}

function offsetOf(clock: Clock): number {
  return clock.nowMs() - clock.monotonicMs();
}
