import { messageOf, retryDelay, Wake } from '#runtime';
import type { JobRunnerDeps } from './runner.ts';

const SCHEDULE = { firstMs: 1000, capMs: 300_000 };
/** That takes a day, whatever the clock says meanwhile. */
const MOST_ATTEMPTS = 320;
const BATCH = 20;
const LONGEST_WAIT_MS = 30_000;

/**
 * Tells the outcome of finished jobs to their callback addresses, one after the other. What nobody takes for a day is given
 * up, with the last reason, and can be told again.
 */
export class Callbacks {
  readonly #deps: Omit<JobRunnerDeps, 'handlers'>;
  readonly #wake: Wake;

  constructor(deps: Omit<JobRunnerDeps, 'handlers'>) {
    this.#deps = deps;
    this.#wake = new Wake(deps.clock);
  }

  /** Something has finished, or is to be told again. */
  ring(): void {
    this.#wake.ring();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#tellDue(signal);
      } catch (error) {
        if (!signal.aborted) this.#deps.log.error({ error: messageOf(error) }, 'job callbacks failed; trying again');
      }
      await this.#wake.wait(this.#untilDue(), signal);
    }
  }

  async #tellDue(signal: AbortSignal): Promise<void> {
    const { store, clock, payload, post, log } = this.#deps;
    for (const job of store.jobs.callbacksDue(clock.nowMs(), BATCH)) {
      if (job.callbackUrl === undefined) continue;
      try {
        await post(job.callbackUrl, payload(job), job.id, signal);
        store.jobs.calledBack(job.id);
      } catch (error) {
        if (signal.aborted) return;
        const givenUp = job.attempts + 1 >= MOST_ATTEMPTS;
        const reason = messageOf(error);
        log.warn({ job: job.id, attempt: job.attempts + 1, error: reason, givenUp }, 'callback not delivered');
        const nextMs = givenUp ? undefined : clock.nowMs() + retryDelay(SCHEDULE, job.attempts);
        store.jobs.callbackFailed(job.id, reason, nextMs);
      }
    }
  }

  #untilDue(): number {
    const { store, clock } = this.#deps;
    const dueMs = (store.jobs.nextCallbackMs(clock.nowMs()) ?? Infinity) - clock.nowMs();
    return Math.min(LONGEST_WAIT_MS, Math.max(100, dueMs));
  }
}
