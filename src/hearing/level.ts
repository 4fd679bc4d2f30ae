import { FRAME_MS, type SoundFrame } from './frames.ts';

const FULL_SCALE = 32_768;
/** Nothing is quieter: one bit of sixteen is -90. */
const LOWEST_DB = -96;
/** A sample this near to full scale was cut off. */
const CLIPPED_AT = 32_700;
/** More of them than this, and what is said can't be understood. */
const CLIPPED_SHARE = 0.01;
/** Even a good microphone in a quiet room moves by more. */
const DEAD_RANGE = 2;
/** Codecs send true silence for a moment; a microphone that hears nothing for so long is dead. */
const DEAD_AFTER_MS = 10_000;

/** One stretch of sound, measured. */
export interface Level {
  /** Root mean square, dBFS. */
  levelDb: number;
  trouble?: 'dead' | 'clipped';
}

/** dBFS of a mean square of samples. */
export function decibels(meanSquare: number): number {
  return Math.max(LOWEST_DB, 10 * Math.log10(meanSquare / FULL_SCALE ** 2 + 1e-12));
}

function meanSquare(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum / Math.max(1, samples.length);
}

/** Measures what it is given between two calls of `take`: level, clipping, and whether the microphone is dead. */
export class LevelMeter {
  #squares = 0;
  #clipped = 0;
  #frames = 0;
  #samples = 0;
  /** For how long every sample was the same but for the last bit, and which it was. */
  #stillMs = 0;
  #least = 0;
  #most = 0;

  /** Returns the frame's own mean square. */
  add({ samples }: SoundFrame): number {
    const square = meanSquare(samples);
    this.#squares += square;
    this.#frames += 1;
    this.#samples += samples.length;
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const sample of samples) {
      if (sample < least) least = sample;
      if (sample > most) most = sample;
      if (sample >= CLIPPED_AT || sample <= -CLIPPED_AT) this.#clipped += 1;
    }
    this.#still(least, most);
    return square;
  }

  /** What was measured since the last call. */
  take(): Level {
    const levelDb = decibels(this.#squares / Math.max(1, this.#frames));
    const clipped = this.#clipped > this.#samples * CLIPPED_SHARE;
    this.#squares = 0;
    this.#clipped = 0;
    this.#frames = 0;
    this.#samples = 0;
    if (this.#stillMs >= DEAD_AFTER_MS) return { levelDb, trouble: 'dead' };
    return clipped ? { levelDb, trouble: 'clipped' } : { levelDb };
  }

  #still(least: number, most: number): void {
    const [lower, upper] = [Math.min(least, this.#least), Math.max(most, this.#most)];
    const isStill = this.#stillMs > 0 ? upper - lower <= DEAD_RANGE : most - least <= DEAD_RANGE;
    if (!isStill) {
      this.#stillMs = 0;
      return;
    }
    [this.#least, this.#most] = this.#stillMs > 0 ? [lower, upper] : [least, most];
    this.#stillMs += FRAME_MS;
  }
}
