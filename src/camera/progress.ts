import type { CameraStatus, Frame, Segment } from '#domain';
import type { Clock } from '#runtime';

const FPS_OVER_MS = 60_000;
const MOST_TIMES = 10_000;

type Counts = Pick<
  CameraStatus,
  'fpsSeen' | 'framesSeen' | 'lastFrameMs' | 'lastSegmentEndMs' | 'segmentsWritten' | 'bytesWritten'
>;

/** What has come from a camera so far. */
export class Progress {
  readonly #clock: Clock;
  #times: number[] = [];
  #frames = 0;
  #segments = 0;
  #bytes = 0;
  #lastFrameMs = 0;
  #lastSegmentEndMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** When the last frame came, on the monotonic clock. */
  get lastArrivalMs(): number | undefined {
    return this.#times.at(-1);
  }

  frame({ atMs }: Frame): void {
    this.#frames += 1;
    this.#lastFrameMs = atMs;
    this.#times.push(this.#clock.monotonicMs());
    if (this.#times.length > MOST_TIMES) this.#times.shift();
  }

  segment({ bytes, endMs }: Segment): void {
    this.#segments += 1;
    this.#bytes += bytes;
    this.#lastSegmentEndMs = endMs;
  }

  /** `sinceMs`: when the camera was connected, on the monotonic clock. */
  counts(sinceMs: number | undefined): Counts {
    const nowMs = this.#clock.monotonicMs();
    this.#times = this.#times.filter((atMs) => nowMs - atMs <= FPS_OVER_MS);
    const overMs = Math.min(FPS_OVER_MS, nowMs - (sinceMs ?? nowMs));
    return {
      fpsSeen: overMs > 0 ? Math.round((this.#times.length * 100_000) / overMs) / 100 : 0,
      framesSeen: this.#frames,
      segmentsWritten: this.#segments,
      bytesWritten: this.#bytes,
      ...(this.#lastFrameMs > 0 ? { lastFrameMs: this.#lastFrameMs } : {}),
      ...(this.#lastSegmentEndMs > 0 ? { lastSegmentEndMs: this.#lastSegmentEndMs } : {}),
    };
  }
}
