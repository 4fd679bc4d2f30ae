const DAY_MS = 86_400_000;

/** The thresholds for which a rehearsal says what they would leave. */
export const SHOWN_THRESHOLDS: readonly number[] = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** What is to be expected of an alert with this threshold. */
export interface Expected {
  threshold: number;
  alerts: number;
  perDay: number;
}

/** Counts what would have fired, by threshold; as small for a year as for an hour. */
export class Tally {
  readonly #counts = new Map<number, number>();

  add(thresholds: readonly number[]): void {
    for (const threshold of thresholds) this.#counts.set(threshold, this.at(threshold) + 1);
  }

  at(threshold: number): number {
    return this.#counts.get(threshold) ?? 0;
  }

  /** As if the days to come were like the time that was looked at; none when that was no time at all. */
  static expected(parts: readonly { tally: Tally; spanMs: number }[], threshold: number): Expected {
    const counts = parts.map(({ tally, spanMs }) => ({ n: tally.at(threshold), spanMs }));
    const perDay = counts.reduce((sum, { n, spanMs }) => sum + (spanMs > 0 ? (n * DAY_MS) / spanMs : 0), 0);
    return { threshold, alerts: counts.reduce((sum, { n }) => sum + n, 0), perDay: Number(perDay.toFixed(2)) };
  }
}
