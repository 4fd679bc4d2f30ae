import { FRAME_SAMPLES } from './frames.ts';
import { Spectrum } from './spectrum.ts';

/** What is measured of one frame. */
export interface VoiceFeatures {
  /** How alike the sound is one pitch period later, for pitches of 70 to 400 Hz: -1–1. */
  periodicity: number;
  /** Between a few peaks (0) and noise (1), from 200 to 4000 Hz. */
  flatness: number;
  /** Share of the strongest line: 1 for a whistle. */
  line: number;
  /** Share of what lies between 200 and 4000 Hz. */
  middle: number;
  /** Share below 150 Hz. */
  low: number;
  /** log10 of the power. */
  power: number;
}

const HZ_PER_BIN = 16_000 / FRAME_SAMPLES;
const bin = (hz: number) => Math.round(hz / HZ_PER_BIN);
/** Pitch is looked for at a quarter of the rate: 4 kHz. */
const DECIMATED = 4;
const SHORTEST_LAG = 10;
const LONGEST_LAG = 57;

/** Measures frames that follow on each other. */
export class VoiceMeasure {
  readonly #spectrum = new Spectrum(FRAME_SAMPLES);
  /** The frame before, at a quarter of the rate. */
  #before = new Float64Array(FRAME_SAMPLES / DECIMATED);

  measure(samples: Int16Array): VoiceFeatures {
    const spectrum = this.#spectrum.power(samples);
    const total = sum(spectrum, 1, spectrum.length) + 1;
    const [from, to] = [bin(200), bin(4000)];
    const middle = sum(spectrum, from, to);
    let [logs, best] = [0, from];
    for (let n = from; n < to; n++) {
      logs += Math.log((spectrum[n] ?? 0) + 1);
      if ((spectrum[n] ?? 0) > (spectrum[best] ?? 0)) best = n;
    }
    const flatness = Math.exp(logs / (to - from)) / (middle / (to - from) + 1);
    return {
      periodicity: this.#periodicity(samples),
      flatness,
      line: sum(spectrum, best - 1, best + 2) / total,
      middle: middle / total,
      low: sum(spectrum, 1, bin(150)) / total,
      power: Math.log10(total),
    };
  }

  #periodicity(samples: Int16Array): number {
    const now = decimated(samples);
    const all = new Float64Array([...this.#before, ...now]);
    this.#before = now;
    const mean = sum(all, 0, all.length) / all.length;
    for (let n = 0; n < all.length; n++) all[n] = (all[n] ?? 0) - mean;
    let best = -1;
    for (let lag = SHORTEST_LAG; lag <= LONGEST_LAG; lag++) best = Math.max(best, likeness(all, lag));
    return best;
  }
}

function likeness(all: Float64Array, lag: number): number {
  let [product, a, b] = [0, 1, 1];
  for (let n = lag; n < all.length; n++) {
    const [x, y] = [all[n] ?? 0, all[n - lag] ?? 0];
    product += x * y;
    a += x * x;
    b += y * y;
  }
  return product / Math.sqrt(a * b);
}

/** Means of four: good enough a filter for looking for a pitch. */
function decimated(samples: Int16Array): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: samples.length / DECIMATED }, (_, n) =>
    sum(samples, n * DECIMATED, (n + 1) * DECIMATED),
  );
}

function sum(values: ArrayLike<number>, from: number, to: number): number {
  let total = 0;
  for (let n = from; n < to; n++) total += values[n] ?? 0;
  return total;
}

/** How many frames the judgement looks at. */
const MEMORY = 16;

/**
 * Judges without a model how likely someone speaks: speech has a pitch that comes and goes several times a second, and its
 * strength lies in the middle of what is heard. Good in a quiet room; a model is better everywhere else.
 */
export class VoiceDetector {
  readonly #measure = new VoiceMeasure();
  #recent: VoiceFeatures[] = [];

  /** Of one frame, in order. */
  judge(samples: Int16Array): number {
    this.#recent = [...this.#recent.slice(1 - MEMORY), this.#measure.measure(samples)];
    const last = this.#recent.at(-1);
    if (!last) return 0;
    const voiced = last.periodicity > 0.6 && last.middle > 0.3 && last.line < 0.8 && last.flatness < 0.3;
    return voiced ? 0.9 : 0.1;
  }
}
