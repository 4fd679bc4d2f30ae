import type { Clock } from '#runtime';
import type { Recipe } from './ffmpeg-arguments.ts';

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
  segments: 'sent video that gave no recording',
};

/**
 * Watches that each output makes progress, whatever the process looks like: a hung ffmpeg and a camera whose picture has
 * frozen are both silent. Calls `onSilence` once.
 */
export class Watchdog implements Disposable {
  #clock: Clock;
  #last = new Map<Output, number>();
  #recipe: Recipe;
  #patience: Record<Output, number>;
  #timer: NodeJS.Timeout;

  constructor(clock: Clock, recipe: Recipe, onSilence: (reason: string) => void) {
    this.#clock = clock;
    this.#recipe = recipe;
    this.#patience = { frames: SILENCE_MS, audio: SILENCE_MS, segments: SILENCE_MS };
    this.expectKeyframesEvery(recipe.source.facts.keyframeIntervalS ?? UNKNOWN_S);
    const startedMs = clock.monotonicMs();
    this.#timer = setInterval(() => {
      const silent = this.#silent(startedMs, recipe.withAudio);
      if (!silent) return;
      clearInterval(this.#timer);
      onSilence(`${SAID[silent.output]} for ${Math.round(silent.forMs / 1000)} s`);
    }, LOOK_EVERY_MS);
  }

  saw(output: Output): void {
    this.#last.set(output, this.#clock.monotonicMs());
  }

  /** Segments begin with keyframes, and frames may be keyframes: a camera that sends them rarely is given the time. */
  expectKeyframesEvery(seconds: number): void {
    const { plan, segmentSeconds } = this.#recipe;
    const frameS = plan.mode === 'keyframes' ? seconds : plan.everyMs / 1000;
    this.#patience.frames = Math.max(SILENCE_MS, frameS * 2500);
    this.#patience.segments = Math.max(3000 * segmentSeconds, seconds * 3500) + SILENCE_MS;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #silent(startedMs: number, withAudio: boolean): { output: Output; forMs: number } | undefined {
    const nowMs = this.#clock.monotonicMs();
    const outputs: Output[] = withAudio ? ['frames', 'audio', 'segments'] : ['frames', 'segments'];
    for (const output of outputs) {
      const lastMs = this.#last.get(output);
      const forMs = nowMs - (lastMs ?? startedMs);
      const patience = this.#patience[output] + (lastMs === undefined ? START_MS : 0);
      if (forMs > patience) return { output, forMs };
    }
    return undefined;
  }
}
