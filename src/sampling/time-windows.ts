import type { Frame, Window, Zone } from '#domain';

export interface WindowSpec {
  streamId: string;
  /** Length of a window. */
  seconds: number;
  /** Most frames per window. */
  frameCount: number;
  zones: readonly Zone[];
  /** A frame came after its window was handed on. */
  onLate?: () => void;
}

/** Said among frames: none from before then comes any more. */
export interface Passed {
  passedMs: number;
}

/**
 * Cuts frames into windows that begin at multiples of `seconds` since the epoch, so that the same moment falls into the
 * same window on every camera. A window is handed on when the first frame at or past its end arrives, when it is said that
 * none comes for it any more, or the frames end; a stretch without frames gives no window. A frame that comes late for its
 * window is passed over; one that is older by more than a window (the clock stepped back) opens its own.
 */
export async function* timeWindows(
  frames: AsyncIterable<Frame | Passed>,
  spec: WindowSpec,
): AsyncGenerator<Window, void> {
  const lengthMs = spec.seconds * 1000;
  let open: Collector | undefined;
  /** What is from before then is late. */
  let fromMs = Number.NEGATIVE_INFINITY;
  for await (const next of frames) {
    const atMs = 'passedMs' in next ? next.passedMs : next.atMs;
    if (atMs < fromMs && fromMs - atMs <= lengthMs) {
      spec.onLate?.();
      continue;
    }
    const startMs = Math.floor(atMs / lengthMs) * lengthMs;
    if (open && open.startMs !== startMs) {
      fromMs = open.endMs;
      yield windowOf(open, spec);
      open = undefined;
    }
    if ('passedMs' in next) continue;
    fromMs = startMs;
    open ??= new Collector(startMs, lengthMs, spec.frameCount);
    open.add(next);
  }
  if (open) yield windowOf(open, spec);
}

function windowOf(collected: Collector, { streamId, zones }: WindowSpec): Window {
  const { startMs, endMs, frames } = collected;
  return { streamId, startMs, endMs, frames, zones };
}

/** Keeps, for each of `count` evenly spaced moments of the window, the frame nearest to its middle. */
class Collector {
  readonly startMs: number;
  readonly endMs: number;
  #slots: (Frame | undefined)[];
  #slotMs: number;

  constructor(startMs: number, lengthMs: number, count: number) {
    this.startMs = startMs;
    this.endMs = startMs + lengthMs;
    this.#slotMs = lengthMs / count;
    this.#slots = new Array<Frame | undefined>(count).fill(undefined);
  }

  add(frame: Frame): void {
    const slot = Math.min(Math.floor((frame.atMs - this.startMs) / this.#slotMs), this.#slots.length - 1);
    const middleMs = this.startMs + (slot + 0.5) * this.#slotMs;
    const kept = this.#slots[slot];
    if (!kept || Math.abs(frame.atMs - middleMs) < Math.abs(kept.atMs - middleMs)) this.#slots[slot] = frame;
  }

  get frames(): Frame[] {
    return this.#slots.filter((frame) => frame !== undefined);
  }
}
