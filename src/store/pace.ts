/** What one write should take at most: others wait for as long. */
const AIM_MS = 10;
const FIRST = 32;
const LEAST = 16;
const MOST = 500;

/** How many rows go in one transaction: fewer after one that took long, more after a quick one. */
export class Pace {
  readonly #nowMs: () => number;
  #rows = FIRST;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Of the next transaction. */
  get rows(): number {
    return this.#rows;
  }

  /** Does the work on so many rows, and learns from how long it took. */
  measure<T>(rows: number, work: () => T): T {
    const begunMs = this.#nowMs();
    const result = work();
    const tookMs = this.#nowMs() - begunMs;
    if (rows > 0 && tookMs > AIM_MS) this.#rows = Math.max(LEAST, Math.floor((rows * AIM_MS) / tookMs));
    else if (tookMs < AIM_MS / 2 && rows >= this.#rows) this.#rows = Math.min(MOST, Math.ceil(rows * 1.5));
    return result;
  }
}
