import { type Clock, type Log, messageOf } from '#runtime';
import type { Store } from '#store';

/** A clock that is set is noticed after this long. */
const LONGEST_WAIT_MS = 30_000;

/**
 * Writes down what the schedules of groups change, when they change it, so that everybody hears of it. What is armed
 * follows from the schedules themselves: a failure here, or a box that was off meanwhile, only tells of it late.
 */
export function startSchedules(deps: { store: Pick<Store, 'groups'>; clock: Clock; log: Log }): AsyncDisposable {
  const stop = new AbortController();
  const ended = follow(deps, stop.signal);
  return {
    [Symbol.asyncDispose]: () => {
      stop.abort();
      return ended;
    },
  };
}

async function follow(
  { store, clock, log }: { store: Pick<Store, 'groups'>; clock: Clock; log: Log },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    let waitMs = LONGEST_WAIT_MS;
    try {
      const nextMs = store.groups.follow();
      if (nextMs !== undefined) waitMs = Math.min(waitMs, Math.max(1, nextMs - clock.nowMs()));
    } catch (error) {
      log.error({ error: messageOf(error) }, 'schedules of alerts could not be followed; will retry');
    }
    await clock.sleep(waitMs, signal).catch(() => undefined); // It only rejects when aborted.
  }
}
