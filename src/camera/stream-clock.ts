import type { Clock } from '#runtime';

/** Arrivals within this time of the first decide the first anchor: a server may begin with a burst of older pictures. */
const SETTLE_MS = 600;
/** More than this and the anchor moves, at the next segment boundary. */
const TOLERATED_MS = 250;

/**
 * Maps a session's stream time (milliseconds since its first packet) to UTC. Live data can arrive late but never early,
 * so the earliest arrival of all is the truth; it is measured on the monotonic clock, and UTC is added once. Frames, PCM
 * and segments all ask here, hence agree. The mapping changes only in `boundary`.
 */
export class StreamClock {
  #clock: Clock;
  #firstArrivalMs: number | undefined;
  /** Smallest arrival − stream time (monotonic) since the last boundary. */
  #earliestMs = Number.POSITIVE_INFINITY;
  #anchor: { monotonicMs: number; utcOffsetMs: number } | undefined;
  #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something with this stream time has just arrived. */
  arrived(streamMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    this.#firstArrivalMs ??= nowMs;
    this.#earliestMs = Math.min(this.#earliestMs, nowMs - streamMs);
    if (!this.#anchor && nowMs - this.#firstArrivalMs >= SETTLE_MS) this.settle();
  }

  /** Anchors with what has arrived so far, if anything has. */
  settle(): void {
    if (this.#anchor || this.#firstArrivalMs === undefined) return;
    this.#anchor = { monotonicMs: this.#earliestMs, utcOffsetMs: this.#utcOffsetMs() };
    for (const task of this.#waiting.splice(0)) task();
  }

  /** Runs the task now, or as soon as times are known. */
  whenSettled(task: () => void): void {
    if (this.#anchor) task();
    else this.#waiting.push(task);
  }

  /** Whole Unix milliseconds; undefined before anything has arrived. */
  utcMs(streamMs: number): number | undefined {
    return this.#anchor && Math.round(streamMs + this.#anchor.monotonicMs + this.#anchor.utcOffsetMs);
  }

  /** UTC of stream time 0. */
  get startedMs(): number | undefined {
    return this.utcMs(0);
  }

  /**
   * To be called between two segments: follows a step of the system clock and a drift of the camera's. Returns by how
   * many milliseconds times jump, split by cause; undefined when they don't.
   */
  boundary(): { stepMs: number; driftMs: number } | undefined {
    const anchor = this.#anchor;
    if (!anchor) return undefined;
    const stepMs = this.#utcOffsetMs() - anchor.utcOffsetMs;
    const driftMs = Number.isFinite(this.#earliestMs) ? this.#earliestMs - anchor.monotonicMs : 0;
    this.#earliestMs = Number.POSITIVE_INFINITY;
    const moved = {
      stepMs: Math.abs(stepMs) > TOLERATED_MS ? stepMs : 0,
      driftMs: Math.abs(driftMs) > TOLERATED_MS ? driftMs : 0,
    };
    if (moved.stepMs === 0 && moved.driftMs === 0) return undefined;
    this.#anchor = {
      monotonicMs: anchor.monotonicMs + moved.driftMs,
      utcOffsetMs: anchor.utcOffsetMs + moved.stepMs,
    };
    return moved;
  }

  #utcOffsetMs(): number {
    return this.#clock.nowMs() - this.#clock.monotonicMs();
  }
}
