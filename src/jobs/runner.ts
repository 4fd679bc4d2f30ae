import { randomBytes } from 'node:crypto';
import { type Job, type JobKind, newId } from '#domain';
import { type Clock, Fault, isFault, Lifetime, type Log, messageOf } from '#runtime';
import type { Store } from '#store';
import { Callbacks } from './callbacks.ts';
import { Lane } from './lane.ts';

export interface JobContext {
  /** Aborted when the appliance stops (the job is begun again at the next start), or when the job is cancelled. */
  signal: AbortSignal;
  /** 0–100 */
  progress: (percentage: number) => void;
  /** What was too long for the job's input. */
  detail: () => string | undefined;
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

export interface SubmitOptions {
  callbackUrl?: string;
  /** What does the same as a job under way is that job. */
  joinKey?: string;
  detail?: string;
}

/** What takes minutes at most waits for nothing that may take hours: for a slow sender, for models over hours of video, a render. */
const LANES: Record<JobKind, 'quick' | 'intake' | 'look' | 'render'> = {
  capture: 'quick',
  export: 'quick',
  timelapse: 'quick',
  describe: 'quick',
  ingest: 'intake',
  index_scenes: 'look',
  index_spoken_words: 'look',
  extract_scenes: 'look',
  render: 'render',
  reframe: 'render',
};

const PRUNE_EVERY_MS = 3_600_000;
const KEEP_MS = 7 * 24 * 3_600_000;
/** Less progress than this isn't worth a write. */
const LEAST_PROGRESS = 1;
/** Work in which the appliance ended so often, and never in order, isn't begun again: it may be the reason. */
const MOST_STARTS = 5;

/** Runs the jobs of each lane one after the other until disposed of. */
export class JobRunner implements AsyncDisposable {
  readonly #deps: JobRunnerDeps;
  readonly #life = new Lifetime();
  readonly #stop = new AbortController();
  readonly #finished = new Map<string, Set<() => void>>();
  readonly #lanes = { quick: new Lane(), intake: new Lane(), look: new Lane(), render: new Lane() };
  #callbacks: Callbacks;

  private constructor(deps: JobRunnerDeps) {
    this.#deps = deps;
    this.#callbacks = new Callbacks(deps);
  }

  /** Begins with what a former life left unfinished. */
  static async start(deps: JobRunnerDeps, signal: AbortSignal): Promise<JobRunner> {
    const runner = new JobRunner(deps);
    for (const { id, kind } of deps.store.jobs.unfinished()) runner.#lanes[LANES[kind]].push(id);
    signal.addEventListener('abort', () => runner.#stop.abort(), { once: true });
    for (const lane of Object.values(runner.#lanes)) {
      runner.#life.use(ending(lane.run((id, cut) => runner.#attempt(id, cut), runner.#stop.signal)));
    }
    runner.#life.use(ending(runner.#callbacks.run(runner.#stop.signal)));
    runner.#life.use(ending(runner.#prune(runner.#stop.signal)));
    return runner;
  }

  /** The job is on disk when this returns. */
  submit(kind: JobKind, input: Record<string, unknown>, options: SubmitOptions = {}): Job {
    const { store, clock } = this.#deps;
    const begun = options.joinKey === undefined ? undefined : store.jobs.begun(options.joinKey);
    if (begun) return begun;
    const job = store.jobs.add({ id: newId('job'), kind, input, ...options, createdMs: clock.nowMs() });
    this.#lanes[LANES[kind]].push(job.id);
    return job;
  }

  /** Fails the job at once, and waits until its work has ended. Throws `not_found`, `conflict` when it has finished. */
  async cancel(id: string): Promise<Job> {
    const { store, clock, log } = this.#deps;
    const job = store.jobs.get(id);
    if (!job) throw new Fault('not_found', `there is no job "${id.slice(0, 80)}"; GET /v1/jobs lists them`);
    if (job.status !== 'processing') throw new Fault('conflict', 'the job has finished: there is nothing to cancel');
    store.jobs.failed(id, 'it was cancelled', clock.nowMs());
    log.info({ job: id, kind: job.kind }, 'job cancelled');
    await this.#lanes[LANES[job.kind]].cut(id);
    this.#tell(id);
    return store.jobs.get(id) ?? job;
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
    const lanes = Object.values(this.#lanes).map((lane) => lane.status());
    const sum = (key: 'queued' | 'running') => lanes.reduce((total, lane) => total + lane[key], 0);
    return { queued: sum('queued'), running: sum('running') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#life[Symbol.asyncDispose]();
  }

  /** Never rejects. A job that was cut short stays as it is: it goes on after our own end, or was failed already. */
  async #attempt(id: string, signal: AbortSignal): Promise<void> {
    const { store, handlers, clock, log } = this.#deps;
    try {
      const job = store.jobs.get(id);
      if (job?.status !== 'processing') return;
      this.#begin(id);
      const detail = () => store.jobs.detail(id);
      const result = await handlers[job.kind](job, { signal, progress: this.#progressOf(job), detail });
      store.jobs.done(id, result, clock.nowMs());
      log.info({ job: id, kind: job.kind }, 'job done');
    } catch (error) {
      if (signal.aborted) {
        this.#note(id, () => store.jobs.left(id));
        return;
      }
      this.#fail(id, error);
    }
    this.#tell(id);
  }

  /** Throws `refused` for what has ended the appliance too often. */
  #begin(id: string): void {
    const starts = this.#note(id, () => this.#deps.store.jobs.started(id)) ?? 0;
    if (starts <= MOST_STARTS) return;
    throw new Fault(
      'refused',
      `the appliance ended ${MOST_STARTS} times while it worked on this, so it was given up: ask for it anew`,
    );
  }

  #tell(id: string): void {
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
    const { store } = this.#deps;
    let written = job.percentage;
    return (percentage) => {
      const now = Math.min(99, Math.max(0, percentage));
      if (!(now - written >= LEAST_PROGRESS)) return;
      written = now;
      this.#note(job.id, () => store.jobs.progress(job.id, Math.round(now)));
    };
  }

  #note<T>(id: string, write: () => T): T | undefined {
    try {
      return write();
    } catch (error) {
      this.#deps.log.warn({ job: id, error: messageOf(error) }, 'how far a job is could not be noted');
      return undefined;
    }
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
