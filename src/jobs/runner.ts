import { randomBytes } from 'node:crypto';
import { type Job, type JobKind, newId } from '#domain';
import { type Clock, isFault, Lifetime, type Log, messageOf } from '#runtime';
import type { Store } from '#store';
import { Callbacks } from './callbacks.ts';

export interface JobContext {
  /** Aborted when the appliance stops; the job is begun again at the next start. */
  signal: AbortSignal;
  /** 0–100 */
  progress: (percentage: number) => void;
}

/** Does a job's work. A `Fault` that it throws fails the job with its message. It may be run again after a crash. */
export type JobHandler = (job: Job, context: JobContext) => Promise<NonNullable<Job['result']>>;

export interface JobRunnerDeps {
  store: Store;
  handlers: Record<JobKind, JobHandler>;
  /** What a callback address is sent. */
  payload(job: Job): object;
  post(url: string, payload: object, id: string, signal: AbortSignal): Promise<void>;
  clock: Clock;
  log: Log;
}

const PRUNE_EVERY_MS = 3_600_000;
const KEEP_MS = 7 * 24 * 3_600_000;
/** Less progress than this isn't worth a write. */
const LEAST_PROGRESS = 1;

/** Runs jobs one after the other until disposed of. */
export class JobRunner implements AsyncDisposable {
  readonly #deps: JobRunnerDeps;
  readonly #life = new Lifetime();
  readonly #stop = new AbortController();
  readonly #finished = new Map<string, Set<() => void>>();
  #queue: string[] = [];
  #running: string | undefined;
  #wake: () => void = () => undefined;
  #callbacks: Callbacks;

  private constructor(deps: JobRunnerDeps) {
    this.#deps = deps;
    this.#callbacks = new Callbacks(deps);
  }

  /** Begins with what a former life left unfinished. */
  static async start(deps: JobRunnerDeps, signal: AbortSignal): Promise<JobRunner> {
    const runner = new JobRunner(deps);
    runner.#queue = deps.store.jobs.unfinished().map(({ id }) => id);
    signal.addEventListener('abort', () => runner.#stop.abort(), { once: true });
    runner.#life.use(ending(runner.#run(runner.#stop.signal)));
    runner.#life.use(ending(runner.#callbacks.run(runner.#stop.signal)));
    runner.#life.use(ending(runner.#prune(runner.#stop.signal)));
    return runner;
  }

  /** The job is on disk when this returns. */
  submit(kind: JobKind, input: Record<string, unknown>, options: { callbackUrl?: string } = {}): Job {
    const { store, clock } = this.#deps;
    const job = store.jobs.add({ id: newId('job'), kind, input, ...options, createdMs: clock.nowMs() });
    this.#queue.push(job.id);
    this.#wake();
    return job;
  }

  /** The job when it has finished, or as it stands after `withinMs` or on abort. */
  async settled(id: string, withinMs: number, signal?: AbortSignal): Promise<Job> {
    const { store, clock } = this.#deps;
    if (store.jobs.get(id)?.status === 'processing' && !signal?.aborted) {
      const cut = new AbortController();
      const end = () => cut.abort();
      const waiting = this.#finished.get(id) ?? new Set();
      this.#finished.set(id, waiting.add(end));
      signal?.addEventListener('abort', end, { once: true });
      await clock.sleep(withinMs, cut.signal).catch(() => undefined); // It only rejects when it is cut short.
      signal?.removeEventListener('abort', end);
      waiting.delete(end);
      if (waiting.size === 0) this.#finished.delete(id);
    }
    const job = store.jobs.get(id);
    if (!job) throw new Error(`job ${id} is gone`);
    return job;
  }

  /** Tells a finished job's outcome once more. Throws `not_found`. */
  tellAgain(id: string): void {
    this.#deps.store.jobs.replayCallback(id);
    this.#callbacks.ring();
  }

  status(): { queued: number; running: number } {
    return { queued: this.#queue.length, running: this.#running === undefined ? 0 : 1 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#life[Symbol.asyncDispose]();
  }

  async #run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const id = this.#queue.shift();
      if (id === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      this.#running = id;
      await this.#attempt(id, signal);
      this.#running = undefined;
    }
  }

  /** Never rejects. A job that was cut short by our own end stays as it is. */
  async #attempt(id: string, signal: AbortSignal): Promise<void> {
    const { store, handlers, clock, log } = this.#deps;
    try {
      const job = store.jobs.get(id);
      if (job?.status !== 'processing') return;
      const result = await handlers[job.kind](job, { signal, progress: this.#progressOf(job) });
      store.jobs.done(id, result, clock.nowMs());
      log.info({ job: id, kind: job.kind }, 'job done');
    } catch (error) {
      if (signal.aborted) return;
      this.#fail(id, error);
    }
    for (const tell of this.#finished.get(id) ?? []) tell();
    this.#callbacks.ring();
  }

  #fail(id: string, error: unknown): void {
    const { store, clock, log } = this.#deps;
    const incident = randomBytes(4).toString('hex');
    const expected = isFault(error) && error.kind !== 'internal';
    const reason = expected
      ? messageOf(error)
      : `something went wrong inside the appliance; its log says more under ${incident}`;
    const trace = expected || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message);
    log.error({ job: id, error: trace, ...(expected ? {} : { incident }) }, 'job failed');
    try {
      store.jobs.failed(id, reason, clock.nowMs());
    } catch (storing) {
      log.error(
        { job: id, error: messageOf(storing) },
        'a failed job could not be noted; it runs again at the next start',
      );
    }
  }

  /** Progress that can't be noted is no reason for the work to fail. */
  #progressOf(job: Job): (percentage: number) => void {
    const { store, log } = this.#deps;
    let written = job.percentage;
    return (percentage) => {
      const now = Math.min(99, Math.max(0, percentage));
      if (!(now - written >= LEAST_PROGRESS)) return;
      written = now;
      try {
        store.jobs.progress(job.id, Math.round(now));
      } catch (error) {
        log.warn({ job: job.id, error: messageOf(error) }, 'progress of a job could not be noted');
      }
    };
  }

  async #prune(signal: AbortSignal): Promise<void> {
    const { store, clock, log } = this.#deps;
    while (!signal.aborted) {
      try {
        store.jobs.prune(clock.nowMs() - KEEP_MS);
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'old jobs could not be forgotten; trying again in an hour');
      }
      await clock.sleep(PRUNE_EVERY_MS, signal).catch(() => undefined);
    }
  }
}

function ending(ended: Promise<void>): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => ended };
}
