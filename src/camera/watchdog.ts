import type { Clock } from '#runtime';
import type { Recipe } from './ffmpeg-arguments.ts';

type Output = 'frames' | 'audio' | 'segments';

const LOOK_EVERY_MS = 500;
const SILENCE_MS = 6000;
/** Connecting, and the first keyframe of a camera with a long distance between them. */
const START_MS = 20_000;

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
  #patience: Record<Output, number>;
  #timer: NodeJS.Timeout;

  constructor(clock: Clock, recipe: Recipe, onSilence: (reason: string) => void) {
    this.#clock = clock;
    const segmentMs = recipe.segmentSeconds * 1000;
    this.#patience = { frames: SILENCE_MS, audio: SILENCE_MS, segments: 3 * segmentMs + SILENCE_MS };
    this.expectFramesEvery(recipe.source.facts.keyframeIntervalS ?? 0);
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

  /** Frames and segments come with keyframes: a camera that sends them rarely is given the time. */
  expectFramesEvery(seconds: number): void {
    this.#patience.frames = Math.max(this.#patience.frames, seconds * 2500);
    this.#patience.segments = Math.max(this.#patience.segments, seconds * 3500 + SILENCE_MS);
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
