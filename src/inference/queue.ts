import type { Answers, Asks } from './protocol.ts';

/** What one process does with pictures, quickly. */
export const SIGHT_TASKS = [
  'object-detection',
  'face-detection',
  'person-embedding',
  'text-detection',
  'text-recognition',
  'image-embedding',
  'image-text',
] as const;
export type SightTask = (typeof SIGHT_TASKS)[number];

/** Armed alerts first, then indexing, then what can wait. */
export type Priority = 'alert' | 'index' | 'backfill';
const RANK: Record<Priority, number> = { alert: 0, index: 1, backfill: 2 };

/** Whose picture it is, and how urgent. */
export interface About {
  streamId: string;
  priority: Priority;
}

/** `none`: there is no usable model. `dropped`: there is one, but it didn't look at this picture. */
export type Outcome = Answers[SightTask] | 'none' | 'dropped';

/** One question; several callers may wait for the same. */
export class Job<T extends SightTask = SightTask> {
  readonly task: T;
  readonly ask: Asks[T];
  readonly streamId: string;
  readonly outcome: Promise<Outcome>;
  priority: Priority;
  #settle: (outcome: Outcome) => void = () => undefined;

  constructor(task: T, ask: Asks[T], { streamId, priority }: About) {
    this.task = task;
    this.ask = ask;
    this.streamId = streamId;
    this.priority = priority;
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  settle(outcome: Outcome): void {
    this.#settle(outcome);
  }

  /** Rejects when `signal` aborts; the job goes on when one of those who wait gives up. */
  wait(signal: AbortSignal): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(signal.reason);
      signal.addEventListener('abort', giveUp, { once: true });
      void this.outcome.then((result) => {
        signal.removeEventListener('abort', giveUp);
        resolve(result);
      });
    });
  }

  raise(priority: Priority): void {
    if (RANK[priority] < RANK[this.priority]) this.priority = priority;
  }

  /** The less the sooner. What was seen is understood before more is looked at: until then it waits in memory. */
  get rank(): number {
    return RANK[this.priority] * 2 + (this.task === 'object-detection' ? 1 : 0);
  }
}

/** As many as one stream's indexes may reasonably ask of one model at once; then its newest wins. */
const PER_STREAM = 8;
const IN_ALL = 64;

/** What waits for the models. Bounded per stream and in all; what is pushed out is settled as dropped and counted. */
export class JobQueue {
  #jobs: Job[] = [];
  #wake: (() => void) | undefined;
  dropped = 0;

  get length(): number {
    return this.#jobs.length;
  }

  push(job: Job): void {
    const own = this.#jobs.filter(({ streamId, task }) => streamId === job.streamId && task === job.task);
    if (own.length >= PER_STREAM) this.#dropLeast(own);
    this.#jobs.push(job);
    if (this.#jobs.length > IN_ALL) this.#dropLeast(this.#jobs);
    this.#wake?.();
  }

  /** The most urgent job, oldest first among equals; undefined when `signal` aborts before there is one. */
  async take(signal: AbortSignal): Promise<Job | undefined> {
    while (this.#jobs.length === 0 && !signal.aborted) await this.#pushed(signal);
    if (signal.aborted) return undefined;
    const urgency = Math.min(...this.#jobs.map(({ rank }) => rank));
    const at = this.#jobs.findIndex(({ rank }) => rank === urgency);
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
    const rank = Math.max(...jobs.map((job) => job.rank));
    const loser = jobs.find((job) => job.rank === rank);
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
