import type { Detection, Frame } from '#domain';

/** Armed alerts first, then indexing, then what can wait. */
export type Priority = 'alert' | 'index' | 'backfill';
const RANK: Record<Priority, number> = { alert: 0, index: 1, backfill: 2 };

/** `none`: there is no usable detector. `dropped`: there is one, but it didn't look at this frame. */
export type Outcome = Detection[] | 'none' | 'dropped';

/** One frame to look at; several callers may wait for the same. */
export class Job {
  readonly frame: Frame;
  readonly streamId: string;
  readonly outcome: Promise<Outcome>;
  priority: Priority;
  #settle: (outcome: Outcome) => void = () => undefined;

  constructor(frame: Frame, streamId: string, priority: Priority) {
    this.frame = frame;
    this.streamId = streamId;
    this.priority = priority;
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  settle(outcome: Outcome): void {
    this.#settle(outcome);
  }

  raise(priority: Priority): void {
    if (RANK[priority] < RANK[this.priority]) this.priority = priority;
  }
}

/** As many as one stream's indexes may reasonably ask for at once; then its newest wins. */
const PER_STREAM = 4;
const IN_ALL = 32;

/** What waits for the detector. Bounded per stream and in all; what is pushed out is settled as dropped and counted. */
export class JobQueue {
  #jobs: Job[] = [];
  #wake: (() => void) | undefined;
  dropped = 0;

  get length(): number {
    return this.#jobs.length;
  }

  push(job: Job): void {
    const own = this.#jobs.filter(({ streamId }) => streamId === job.streamId);
    if (own.length >= PER_STREAM) this.#dropLeast(own);
    this.#jobs.push(job);
    if (this.#jobs.length > IN_ALL) this.#dropLeast(this.#jobs);
    this.#wake?.();
  }

  /** The most urgent job, oldest first among equals; undefined when `signal` aborts before there is one. */
  async take(signal: AbortSignal): Promise<Job | undefined> {
    while (this.#jobs.length === 0 && !signal.aborted) await this.#pushed(signal);
    if (signal.aborted) return undefined;
    const urgency = Math.min(...this.#jobs.map(({ priority }) => RANK[priority]));
    const at = this.#jobs.findIndex(({ priority }) => RANK[priority] === urgency);
    return this.#jobs.splice(at, 1)[0];
  }

  /** Nobody will look at these. */
  settleAll(outcome: 'none' | 'dropped'): void {
    for (const job of this.#jobs.splice(0)) {
      if (outcome === 'dropped') this.dropped += 1;
      job.settle(outcome);
    }
  }

  /** Of the least urgent the oldest goes. */
  #dropLeast(jobs: readonly Job[]): void {
    const rank = Math.max(...jobs.map(({ priority }) => RANK[priority]));
    const loser = jobs.find(({ priority }) => RANK[priority] === rank);
    this.#jobs = this.#jobs.filter((job) => job !== loser);
    this.dropped += 1;
    loser?.settle('dropped');
  }

  #pushed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#wake = undefined;
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
