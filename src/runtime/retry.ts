export interface RetrySchedule {
  firstMs: number;
  capMs: number;
  /** Growth from one delay to the next. */
  factor?: number;
  /** Share of each delay that is random, 0–1: keeps many cameras from knocking in step. */
  jitter?: number;
}

/** Delays without end: first, first·factor, … up to the cap, each shortened by up to `jitter`. */
export function* retryDelays(schedule: RetrySchedule, random: () => number = Math.random): Generator<number, never> {
  const { firstMs, capMs, factor = 2, jitter = 0.2 } = schedule;
  let delay = firstMs;
  for (;;) {
    yield Math.round(delay * (1 - jitter * random()));
    delay = Math.min(delay * factor, capMs);
  }
}

/** The n-th delay (0 = first) of the schedule, for retries whose count is stored. */
export function retryDelay(schedule: RetrySchedule, attempt: number, random: () => number = Math.random): number {
  const { firstMs, capMs, factor = 2, jitter = 0.2 } = schedule;
  return Math.round(Math.min(firstMs * factor ** Math.min(attempt, 64), capMs) * (1 - jitter * random()));
}
