import type { Clock } from '#runtime';
import { isSoundOnly, type Recipe } from './ffmpeg-arguments.ts';

type Output = 'frames' | 'audio' | 'segments';

const LOOK_EVERY_MS = 500;
const SILENCE_MS = 6000;
/** Connecting, and the first keyframe of a camera with a long distance between them. */
const START_MS = 20_000;
/** Until two keyframes have told their distance, it may be as long as cameras have it. */
const UNKNOWN_S = 12;

const SAID: Record<Output, string> = {
  frames: 'sent no picture',
  audio: 'sent no sound',
  segments: 'sent what gave no recording',
};

export interface WatchdogListener {
  /** There is no picture any more (no sound, where that is all), or no recording: nothing but a new start helps. */
  silent(reason: string): void;
  /** The picture goes on, the sound doesn't. */
  soundEnded(): void;
}

/**
 * Watches that each output makes progress, whatever the process looks like: a hung ffmpeg and a camera whose picture has
 * frozen are both silent. Tells of each once.
 */
export class Watchdog implements Disposable {
  #clock: Clock;
  #last = new Map<Output, number>();
  #recipe: Recipe;
  #patience: Record<Output, number>;
  #timer: NodeJS.Timeout;

  constructor(clock: Clock, recipe: Recipe, listener: WatchdogListener) {
    this.#clock = clock;
    this.#recipe = recipe;
    this.#patience = { frames: SILENCE_MS, audio: SILENCE_MS, segments: SILENCE_MS };
    const soundOnly = isSoundOnly(recipe.source);
    // Sound can be cut anywhere.
    this.expectKeyframesEvery(soundOnly ? 0 : (recipe.source.facts.keyframeIntervalS ?? UNKNOWN_S));
    const startedMs = clock.monotonicMs();
    const isVital = { frames: recipe.plan.mode !== 'none', audio: soundOnly, segments: recipe.records };
    const vital = (['frames', 'audio', 'segments'] as const).filter((output) => isVital[output]);
    let hasSound = recipe.withAudio && !soundOnly;
    this.#timer = setInterval(() => {
      for (const output of vital) {
        const forMs = this.#overdue(output, startedMs);
        if (forMs === undefined) continue;
        clearInterval(this.#timer);
        listener.silent(`${SAID[output]} for ${Math.round(forMs / 1000)} s`);
        return;
      }
      if (!hasSound || this.#overdue('audio', startedMs) === undefined) return;
      hasSound = false;
      listener.soundEnded();
    }, LOOK_EVERY_MS);
  }

  saw(output: Output): void {
    this.#last.set(output, this.#clock.monotonicMs());
  }

  /** Segments begin with keyframes, and frames may be keyframes: a camera that sends them rarely is given the time. */
  expectKeyframesEvery(seconds: number): void {
    const { plan, segmentSeconds } = this.#recipe;
    const frameS = plan.mode === 'decode' ? plan.everyMs / 1000 : seconds;
    this.#patience.frames = Math.max(SILENCE_MS, frameS * 2500);
    this.#patience.segments = Math.max(3000 * segmentSeconds, seconds * 3500) + SILENCE_MS;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** For how long the output has been silent, when that is too long. */
  #overdue(output: Output, startedMs: number): number | undefined {
    const lastMs = this.#last.get(output);
    const forMs = this.#clock.monotonicMs() - (lastMs ?? startedMs);
    const patience = this.#patience[output] + (lastMs === undefined ? START_MS : 0);
    return forMs > patience ? forMs : undefined;
  }
}
