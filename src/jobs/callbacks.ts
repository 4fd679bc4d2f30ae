import { messageOf, retryDelay, Wake } from '#runtime';
import type { JobRunnerDeps } from './runner.ts';

const SCHEDULE = { firstMs: 1000, capMs: 300_000 };
const GIVE_UP_MS = 24 * 3_600_000;
const BATCH = 20;
const LONGEST_WAIT_MS = 30_000;

/** Tells the outcome of finished jobs to their callback addresses, one after the other. */
export class Callbacks {
  readonly #deps: Omit<JobRunnerDeps, 'handlers'>;
  readonly #wake: Wake;

  constructor(deps: Omit<JobRunnerDeps, 'handlers'>) {
    this.#deps = deps;
    this.#wake = new Wake(deps.clock);
  }

  /** Something has finished. */
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
        const late = clock.nowMs() - (job.finishedMs ?? job.createdMs) > GIVE_UP_MS;
        log.warn(
          { job: job.id, attempt: job.attempts + 1, error: messageOf(error), givenUp: late },
          'callback not delivered',
        );
        if (late) store.jobs.calledBack(job.id);
        else store.jobs.callbackFailed(job.id, clock.nowMs() + retryDelay(SCHEDULE, job.attempts));
      }
    }
  }

  #untilDue(): number {
    const { store, clock } = this.#deps;
    const dueMs = (store.jobs.nextCallbackMs() ?? Infinity) - clock.nowMs();
    return Math.min(LONGEST_WAIT_MS, Math.max(100, dueMs));
  }
}
