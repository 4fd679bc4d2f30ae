import { join } from 'node:path';
import { recordedFrames } from '#camera';
import { type Frame, partsOf, type Rule, type Window } from '#domain';
import { type Clock, deadline, Gate, isFault, type Log } from '#runtime';
import type { SegmentRow, Store } from '#store';
import { runsOf } from './runs.ts';

/** Frames of a closer look: five a second, no more than models can use in a few seconds. */
const EVERY_MS = 200;
const MOST_FRAMES = 40;
/** Nearer than this two frames are one. */
const SAME_MS = 80;
/** Who looks this often has the next frame sooner than the recording has this one's neighbours. */
const SOON_MS = 2000;
/** Above this width frames are as large as for writing and faces. */
const USUAL_WIDTH = 640;

export interface CloserLimits {
  /** The recorder enters what it wrote within one segment's length; longer is not waited for. */
  waitMs: number;
  /** How often one stream is looked at closely. */
  everyMs: number;
  /** A look that takes longer is given up. */
  decodeMs: number;
}
const LIMITS: CloserLimits = { waitMs: 8000, everyMs: 10_000, decodeMs: 10_000 };

export interface CloserDeps {
  store: Pick<Store, 'segments' | 'journal'>;
  mediaDir: string;
  clock: Clock;
  log: Log;
  limits?: Partial<CloserLimits>;
}

/**
 * Looks at a stretch of time again, in the recording: when a rule is about to fire, a few frames more tell whether it
 * must. No second connection to the camera is made for it, one recording is decoded at a time for all cameras, and each
 * stream's no oftener than every ten seconds; what has not been recorded, or not in time, or can't be decoded, is done
 * without. Rejects only when `signal` aborts.
 */
export class Closer {
  readonly #deps: CloserDeps;
  readonly #limits: CloserLimits;
  readonly #decoder = new Gate(1);
  readonly #lastMs = new Map<string, number>();
  #looks = 0;

  constructor(deps: CloserDeps) {
    this.#deps = deps;
    this.#limits = { ...LIMITS, ...deps.limits };
  }

  /** Closer looks that brought frames. */
  get looks(): number {
    return this.#looks;
  }

  /**
   * The window's time in more frames, oldest first, as large as its own; none when there are none to be had, or when its
   * own are so close that the next one tells sooner.
   */
  async look(window: Window, signal: AbortSignal): Promise<Frame[]> {
    if ((window.endMs - window.startMs) / window.frames.length <= SOON_MS) return [];
    const nowMs = this.#deps.clock.monotonicMs();
    const lastMs = this.#lastMs.get(window.streamId);
    if (lastMs !== undefined && nowMs - lastMs < this.#limits.everyMs) return [];
    this.#lastMs.set(window.streamId, nowMs);
    try {
      await this.#recorded(window, signal);
      const frames = await this.#decode(window, signal);
      if (frames.length > 0) this.#looks += 1;
      return frames;
    } catch (error) {
      signal.throwIfAborted();
      const reason = isFault(error) ? error.message : String(error);
      this.#deps.log.warn({ stream: window.streamId, error: reason }, 'no closer look at the recording');
      return [];
    }
  }

  /** Until the recording reaches the window's end, or that takes too long. */
  async #recorded({ streamId, endMs }: Window, signal: AbortSignal): Promise<void> {
    const { segments, journal } = this.#deps.store;
    using limit = deadline(signal, this.#limits.waitMs);
    while (!limit.signal.aborted && (segments.bounds(streamId)?.endMs ?? 0) < endMs) {
      await appended(journal, limit.signal);
    }
    signal.throwIfAborted();
  }

  async #decode(window: Window, signal: AbortSignal): Promise<Frame[]> {
    using limit = deadline(signal, this.#limits.decodeMs);
    using _turn = await this.#decoder.enter(limit.signal);
    const frames: Frame[] = [];
    const { streamId, startMs, endMs } = window;
    for (const run of runsOf(this.#deps.store.segments.inRange(streamId, startMs, endMs))) {
      for await (const frame of this.#framesOf(run, window, limit.signal)) frames.push(frame);
    }
    return frames;
  }

  async *#framesOf(run: readonly SegmentRow[], window: Window, signal: AbortSignal): AsyncGenerator<Frame, void> {
    const [first] = run;
    if (!first) return;
    const { initPath, width, height } = first.session;
    const files = [initPath, ...run.map(({ path }) => path)].map((path) => join(this.#deps.mediaDir, path));
    const every = Math.max(EVERY_MS, (window.endMs - window.startMs) / MOST_FRAMES);
    const fine = (window.frames[0]?.width ?? 0) > USUAL_WIDTH;
    for await (const frame of recordedFrames({ files, width, height, every, fine }, signal)) {
      const atMs = first.startMs + frame.atMs;
      if (atMs >= window.endMs) return;
      if (atMs >= window.startMs) yield { ...frame, atMs };
    }
  }
}

/** Whether one of the rules is about something that may just have come. */
export function isNear(rules: readonly Rule[], wavering: readonly string[]): boolean {
  return rules
    .flatMap(partsOf)
    .some(({ subject }) => subject.kind === 'object' && subject.labels.some((one) => wavering.includes(one)));
}

/** The window with more frames in it, in order of time. Its own are kept: what was seen in them is known. */
export function denser(window: Window, more: readonly Frame[]): Window {
  const own = window.frames;
  const added = more.filter(({ atMs }) => !own.some((frame) => Math.abs(frame.atMs - atMs) < SAME_MS));
  const room = Math.max(0, MOST_FRAMES - own.length);
  const step = Math.max(1, added.length / Math.max(1, room));
  const chosen = Array.from({ length: Math.min(room, added.length) }, (_, i) => added[Math.floor(i * step)]);
  const frames = [...own, ...chosen.filter((frame) => frame !== undefined)].sort((a, b) => a.atMs - b.atMs);
  return { ...window, frames };
}

/** Resolves when the journal grows, or on abort. */
function appended(journal: Store['journal'], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const listening = journal.onAppend(done);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      listening[Symbol.dispose]();
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
