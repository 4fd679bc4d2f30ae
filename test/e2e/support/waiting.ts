import { setTimeout as timer } from 'node:timers/promises';

const POLL_MS = 200;

/**
 * Asks until the answer is something, and returns it. Generous deadlines are for slow machines; what a test asserts is
 * in the data, never in how long this took. Throws after `withinMs`, naming what was awaited and the last failure.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let failure: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      failure = error;
    }
    await timer(POLL_MS);
  }
  throw new Error(`waited ${withinMs / 1000} s in vain: ${what}`, { cause: failure });
}
