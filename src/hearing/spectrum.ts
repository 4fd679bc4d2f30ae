/** The power spectrum of real samples, windowed; `size` is a power of two. Tables are made once. */
export class Spectrum {
  readonly #size: number;
  readonly #window: Float64Array;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  constructor(size: number) {
    this.#size = size;
    const angle = (n: number) => (2 * Math.PI * n) / size;
    this.#window = Float64Array.from({ length: size }, (_, n) => 0.5 - 0.5 * Math.cos(angle(n)));
    this.#cos = Float64Array.from({ length: size / 2 }, (_, n) => Math.cos(angle(n)));
    this.#sin = Float64Array.from({ length: size / 2 }, (_, n) => -Math.sin(angle(n)));
    this.#re = new Float64Array(size);
    this.#im = new Float64Array(size);
  }

  /** Of `size` samples, `size / 2` bins from 0 Hz up. The array is new. */
  power(samples: ArrayLike<number>): Float64Array {
    const [size, re, im] = [this.#size, this.#re, this.#im];
    const bits = Math.log2(size);
    for (let n = 0; n < size; n++) {
      const to = reversed(n, bits);
      re[to] = (samples[n] ?? 0) * (this.#window[n] ?? 0);
      im[to] = 0;
    }
    for (let half = 1; half < size; half *= 2) this.#butterflies(half);
    return Float64Array.from({ length: size / 2 }, (_, n) => (re[n] ?? 0) ** 2 + (im[n] ?? 0) ** 2);
  }

  #butterflies(half: number): void {
    const [size, re, im] = [this.#size, this.#re, this.#im];
    const step = size / (2 * half);
    for (let start = 0; start < size; start += 2 * half) {
      for (let n = 0; n < half; n++) {
        const [cos, sin] = [this.#cos[n * step] ?? 0, this.#sin[n * step] ?? 0];
        const [a, b] = [start + n, start + n + half];
        const [bRe, bIm] = [re[b] ?? 0, im[b] ?? 0];
        const [tRe, tIm] = [bRe * cos - bIm * sin, bRe * sin + bIm * cos];
        const [aRe, aIm] = [re[a] ?? 0, im[a] ?? 0];
        re[b] = aRe - tRe;
        im[b] = aIm - tIm;
        re[a] = aRe + tRe;
        im[a] = aIm + tIm;
      }
    }
  }
}

function reversed(n: number, bits: number): number {
  let [from, to] = [n, 0];
  for (let bit = 0; bit < bits; bit++) {
    to = (to << 1) | (from & 1);
    from >>= 1;
  }
  return to;
}
