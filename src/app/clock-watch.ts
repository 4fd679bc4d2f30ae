import { type Clock, type Log, messageOf } from '#runtime';
import type { Store } from '#store';

const LOOK_MS = 5000;
/** Less is how clocks are slewed. */
const STEP_MS = 1000;

/** Notes when the system clock is set while the box runs. Ends when aborted. */
export async function watchClock(
  { store, clock, log }: { store: Pick<Store, 'clockSteps'>; clock: Clock; log: Log },
  signal: AbortSignal,
): Promise<void> {
  let offsetMs = clock.nowMs() - clock.monotonicMs();
  while (!signal.aborted) {
    try {
      await clock.sleep(LOOK_MS, signal);
      const nowMs = clock.nowMs();
      const stepMs = Math.round(nowMs - clock.monotonicMs() - offsetMs);
      if (Math.abs(stepMs) < STEP_MS) continue;
      offsetMs += stepMs;
      log.warn({ stepMs }, 'the system clock was set');
      store.clockSteps.add(nowMs, stepMs);
    } catch (error) {
      if (!signal.aborted) log.error({ error: messageOf(error) }, 'a step of the clock was not noted');
    }
  }
}
