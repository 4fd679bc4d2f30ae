import { type Clock, deadline, Fault } from '#runtime';
import type { Eyes } from './sight.ts';

/** A model that is busy with live cameras is asked again after this long. */
const AGAIN_MS = 1000;

/**
 * For work that can wait: asks until there is time for it, as an observer must not see a frame twice. Throws `unavailable`
 * when there was none for `mostMs`.
 */
export function patient(eyes: Eyes, clock: Clock, mostMs: number = Number.POSITIVE_INFINITY): Eyes {
  async function until<T>(attempt: (signal: AbortSignal) => Promise<T | 'dropped'>, signal: AbortSignal): Promise<T> {
    using limit = Number.isFinite(mostMs) ? deadline(signal, mostMs) : unlimited(signal);
    try {
      for (;;) {
        const outcome = await attempt(limit.signal);
        if (outcome !== 'dropped') return outcome;
        await clock.sleep(AGAIN_MS, limit.signal);
      }
    } catch (error) {
      if (signal.aborted || !limit.signal.aborted) throw error;
      throw new Fault('unavailable', 'the models were busy with live cameras for too long: index it again later');
    }
  }
  return {
    has: (task) => eyes.has(task),
    status: () => eyes.status(),
    detect: (frame, about, signal) => until((limited) => eyes.detect(frame, about, limited), signal),
    ask: (task, ask, about, signal) => until((limited) => eyes.ask(task, ask, about, limited), signal),
  };
}

function unlimited(signal: AbortSignal): Disposable & { signal: AbortSignal } {
  return { signal, [Symbol.dispose]: () => undefined };
}
