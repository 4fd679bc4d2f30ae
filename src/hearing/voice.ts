import { FRAME_SAMPLES } from './frames.ts';
import { Spectrum } from './spectrum.ts';

/** What is measured of one frame. */
interface VoiceFeatures {
  /** How alike the sound is one pitch period later, for pitches of 70 to 400 Hz: -1–1. */
  periodicity: number;
  /** Between a few peaks (0) and noise (1), from 200 to 4000 Hz. */
  flatness: number;
  /** Share of the strongest line: 1 for a whistle. */
  line: number;
  /** Share of what lies between 200 and 4000 Hz. */
  middle: number;
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
class VoiceMeasure {
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

/** How many frames the judgement looks at: half a second. */
const MEMORY = 16;
/** The newest of them, whose loudness is compared with the loudest. */
const NEWEST = 4;

/**
 * How much each thing that is measured speaks for speech: fitted by logistic regression to what a voice model says of
 * speech in four languages, noises, music, machines and animals. On what it was not fitted to it agrees with that model
 * in 92 of 100 frames; it takes some music and some birds for people.
 */
const WEIGHTS = {
  constant: -25.29,
  pitch: 22.62,
  pitchComesAndGoes: 9.59,
  noise: 1.44,
  lineComesAndGoes: -17.99,
  middle: 9.48,
  loudNow: 0.73,
  loudnessMoves: 2.33,
  lineMoves: 29.45,
};

/**
 * Judges without a model how likely someone speaks: speech has a pitch that comes and goes, several times a second, and
 * its strength lies in the middle of what is heard.
 */
export class VoiceDetector {
  readonly #measure = new VoiceMeasure();
  #recent: VoiceFeatures[] = [];

  /**
   * Of one frame, in order, a quarter of a second late: of the frames it says it of, those are speech that are loud. After a
   * pause in which it wasn't asked it begins anew.
   */
  judge(samples: Int16Array): number {
    this.#recent = [...this.#recent.slice(1 - MEMORY), this.#measure.measure(samples)];
    const all = (feature: keyof VoiceFeatures) => this.#recent.map((one) => one[feature]);
    const powers = all('power');
    const score =
      WEIGHTS.constant +
      WEIGHTS.pitch * Math.max(...all('periodicity')) +
      WEIGHTS.pitchComesAndGoes * deviation(all('periodicity')) +
      WEIGHTS.noise * mean(all('flatness').map((flatness) => Math.log(flatness + 1e-3))) +
      WEIGHTS.lineComesAndGoes * deviation(all('line')) +
      WEIGHTS.middle * mean(all('middle')) +
      WEIGHTS.loudNow * (mean(powers.slice(-NEWEST)) - Math.max(...powers)) +
      WEIGHTS.loudnessMoves * movement(powers) +
      WEIGHTS.lineMoves * movement(all('line'));
    return 1 / (1 + Math.exp(-score));
  }
}

function mean(values: readonly number[]): number {
  return sum(values, 0, values.length) / Math.max(1, values.length);
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

/** From one to the next, on average. */
function movement(values: readonly number[]): number {
  return mean(values.slice(1).map((value, n) => Math.abs(value - (values[n] ?? 0))));
}
