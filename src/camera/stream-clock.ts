import type { Clock } from '#runtime';

/** Less than this is jitter. */
const TOLERATED_MS = 250;

/**
 * From a session's own time (milliseconds since ffmpeg's input began) to UTC. The anchor is the earliest that anything
 * was ever seen to arrive: lateness has many causes, earliness has none. It is found in the session's first seconds,
 * then held, on the monotonic clock; only `settle`, called between two segments, may move it.
 */
export class StreamClock {
  readonly #clock: Clock;
  #wallOffsetMs: number;
  /** Monotonic time of stream time 0, as now used. */
  #anchorMs: number | undefined;
  /** The same by what may be some tenths of a second off; for a session that nothing better comes of. */
  #roughMs: number | undefined;
  /** The earliest seen since the last `settle`. */
  #earliestMs = Number.POSITIVE_INFINITY;
  #held = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wallOffsetMs = clock.nowMs() - clock.monotonicMs();
  }

  /** Something with this stream time has just arrived. */
  arrived(streamMs: number): void {
    this.#earliestMs = Math.min(this.#earliestMs, this.#clock.monotonicMs() - streamMs);
    if (!this.#held) this.#anchorMs = this.#earliestMs;
  }

  /** The first that came, whose time is not quite its own. */
  arrivedFirst(streamMs: number): void {
    this.#roughMs = this.#clock.monotonicMs() - streamMs;
  }

  /** Unix milliseconds. */
  toUtcMs(streamMs: number): number {
    const anchorMs = this.#anchorMs ?? this.#roughMs ?? this.#clock.monotonicMs() - streamMs;
    return Math.round(anchorMs + this.#wallOffsetMs + streamMs);
  }

  /**
   * Between two segments: from now on the anchor is held, but follows a camera that runs fast or slow and a system clock
   * that was set. Returns by how much the system clock had been stepped, if it was.
   */
  settle(): number | undefined {
    const earliestMs = this.#earliestMs;
    if (this.#held && Number.isFinite(earliestMs) && Math.abs(earliestMs - (this.#anchorMs ?? 0)) > TOLERATED_MS) {
      this.#anchorMs = earliestMs;
    }
    this.#held = this.#anchorMs !== undefined;
    this.#earliestMs = Number.POSITIVE_INFINITY;
    const offsetMs = this.#clock.nowMs() - this.#clock.monotonicMs();
    const stepMs = offsetMs - this.#wallOffsetMs;
    if (Math.abs(stepMs) <= TOLERATED_MS) return undefined;
    this.#wallOffsetMs = offsetMs;
    return Math.round(stepMs);
  }
}
