const DAY_MS = 86_400_000;
/** Confidences from 0.00 to 1.00. */
const STEPS = 100;
const SHOWN = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** What is to be expected if only alerts that are at least so sure are wanted. */
export interface Expected {
  confidence: number;
  alerts: number;
  perDay: number;
}

/** Counts what would have fired, by how sure it was; as small for a year as for an hour. */
export class Tally {
  readonly #sure = new Array<number>(STEPS + 1).fill(0);

  add(confidence: number): void {
    const at = Math.floor(Math.min(1, Math.max(0, confidence)) * STEPS + 1e-9);
    this.#sure[at] = (this.#sure[at] ?? 0) + 1;
  }

  get alerts(): number {
    return this.atLeast(0);
  }

  atLeast(confidence: number): number {
    return this.#sure.slice(Math.ceil(confidence * STEPS - 1e-9)).reduce((sum, n) => sum + n, 0);
  }

  /** As if the days to come were like the time that was looked at; none when that was no time at all. */
  static expected(parts: readonly { tally: Tally; spanMs: number }[]): Expected[] {
    return SHOWN.map((confidence) => {
      const counts = parts.map(({ tally, spanMs }) => ({ n: tally.atLeast(confidence), spanMs }));
      const perDay = counts.reduce((sum, { n, spanMs }) => sum + (spanMs > 0 ? (n * DAY_MS) / spanMs : 0), 0);
      return { confidence, alerts: counts.reduce((sum, { n }) => sum + n, 0), perDay: Number(perDay.toFixed(2)) };
    });
  }
}
