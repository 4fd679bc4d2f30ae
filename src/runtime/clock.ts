import { setTimeout as timer } from 'node:timers/promises';

/** The only source of time. Tests pass their own. */
export interface Clock {
  /** Unix milliseconds; steps when the system clock is set. */
  nowMs(): number;
  /** Milliseconds that never step; only differences mean anything. */
  monotonicMs(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await timer(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** 2024-01-01: a box whose clock shows an earlier time hasn't got its time yet (no battery, no NTP). */
export const EARLIEST_SANE_MS: number = Date.UTC(2024, 0, 1);

export function isSane(nowMs: number): boolean {
  return nowMs >= EARLIEST_SANE_MS;
}
