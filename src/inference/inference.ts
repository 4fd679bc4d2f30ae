import { once } from 'node:events';
import type { Detection, Frame } from '#domain';
import type { ModelLibrary, ModelPack } from '#models';
import { type Clock, isFault, type Log, messageOf, type RetrySchedule, retryDelays } from '#runtime';
import { Host } from './host-process.ts';
import { Job, JobQueue, type Outcome, type Priority } from './queue.ts';

export interface InferenceOptions {
  models: ModelLibrary;
  /** Name of the pack that detects objects. */
  detector: string;
  log: Log;
  clock: Clock;
  limits?: Partial<InferenceLimits>;
}

export interface InferenceLimits {
  /** A frame that takes longer is dropped, and the process killed. */
  deadlineMs: number;
  /** A process that has grown beyond this is replaced between two frames. */
  rssMb: number;
  restart: RetrySchedule;
}
const LIMITS: InferenceLimits = { deadlineMs: 10_000, rssMb: 700, restart: { firstMs: 500, capMs: 60_000 } };

/** Starts in a row that may fail before the built-in pack has to do. */
const PATIENCE = 3;

export interface InferenceStatus {
  /** `none` no pack · `restarting` between two lives · `failed` the pack is unusable or keeps dying; still retried. */
  state: 'none' | 'loading' | 'ready' | 'restarting' | 'failed';
  pack?: string;
  pid?: number;
  restarts: number;
  queued: number;
  dropped: number;
  rssMb?: number;
  lastError?: string;
}

/**
 * The detector in its process: a bounded queue before it, a supervisor around it. Nothing here waits for it longer than
 * the deadline; when it is away, frames are dropped and counted, and the recorder doesn't notice.
 */
export class Inference implements AsyncDisposable {
  readonly #options: InferenceOptions;
  readonly #limits: InferenceLimits;
  readonly #queue = new JobQueue();
  readonly #seen = new WeakMap<Frame, Job>();
  readonly #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  #reloading = new AbortController();
  #state: InferenceStatus['state'] = 'loading';
  #pack: ModelPack | undefined;
  #host: Host | undefined;
  #failures = 0;
  #starts = 0;
  #lastError: string | undefined;

  private constructor(options: InferenceOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** Returns at once; frames wait while the model is loaded. */
  static async start(options: InferenceOptions, signal: AbortSignal): Promise<Inference> {
    const inference = new Inference(options);
    inference.#pack = options.models.get(options.detector);
    if (!inference.#pack) inference.#state = 'none';
    inference.#ended = inference.#run(AbortSignal.any([signal, inference.#stop.signal]));
    return inference;
  }

  /** Looks for packs again and starts anew with what is there. */
  async reload(): Promise<void> {
    await this.#options.models.refresh();
    this.#reloading.abort();
  }

  /** Two calls for one frame cost one run. Rejects only when `signal` aborts. */
  async detect(
    frame: Frame,
    request: { streamId: string; priority: Priority },
    signal: AbortSignal,
  ): Promise<Detection[] | 'none' | 'dropped'> {
    signal.throwIfAborted();
    const known = this.#seen.get(frame);
    known?.raise(request.priority);
    return orAbort((known ?? this.#ask(frame, request)).outcome, signal);
  }

  status(): InferenceStatus {
    const { pid, rssMb } = this.#host ?? {};
    return {
      state: this.#state,
      restarts: Math.max(0, this.#starts - 1),
      queued: this.#queue.length,
      dropped: this.#queue.dropped,
      ...(this.#pack ? { pack: this.#pack.name } : {}),
      ...(pid === undefined ? {} : { pid }),
      ...(rssMb === undefined ? {} : { rssMb }),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  #ask(frame: Frame, { streamId, priority }: { streamId: string; priority: Priority }): Job {
    const job = new Job(frame, streamId, priority);
    this.#seen.set(frame, job);
    void job.outcome.then((outcome) => {
      if (!Array.isArray(outcome)) this.#seen.delete(frame);
    });
    this.#queue.push(job);
    if (this.#state !== 'ready' && this.#state !== 'loading') this.#turnAway();
    return job;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let delays = retryDelays(this.#limits.restart);
    while (!signal.aborted) {
      if (this.#reloading.signal.aborted) this.#reloading = new AbortController();
      const leave = AbortSignal.any([signal, this.#reloading.signal]);
      this.#pack = this.#options.models.get(this.#options.detector);
      try {
        if (this.#pack) await this.#serve(this.#pack, leave);
        else await this.#idle(leave);
        delays = retryDelays(this.#limits.restart);
      } catch (error) {
        if (this.#failures === 0) delays = retryDelays(this.#limits.restart);
        await this.#recover(error, delays.next().value, leave);
      }
    }
    this.#enter('none');
  }

  /** One life of the process; returns when it is to be left or replaced, throws when it failed. */
  async #serve(pack: ModelPack, leave: AbortSignal): Promise<void> {
    this.#enter('loading');
    this.#starts += 1;
    await using host = await Host.start(pack, leave);
    this.#host = host;
    try {
      this.#enter('ready');
      this.#options.log.info({ pack: pack.name, pid: host.pid }, 'object detector loaded');
      const either = AbortSignal.any([leave, host.gone]);
      while ((host.rssMb ?? 0) <= this.#limits.rssMb) {
        const job = await this.#queue.take(either);
        if (!job) break;
        await this.#look(job, pack, host);
      }
      if (!leave.aborted) host.gone.throwIfAborted();
    } finally {
      this.#host = undefined;
      this.#enter('loading');
    }
  }

  async #look(job: Job, pack: ModelPack, host: Host): Promise<void> {
    try {
      const found = await host.detect(job.frame, this.#limits.deadlineMs);
      this.#failures = 0;
      job.settle(found.map(({ label, ...rest }) => ({ label: pack.labels[label] ?? `class ${label}`, ...rest })));
    } catch (error) {
      this.#drop(job);
      this.#lastError = messageOf(error);
      if (!isFault(error, 'internal')) throw error;
    }
  }

  async #idle(leave: AbortSignal): Promise<void> {
    this.#enter('none');
    if (!leave.aborted) await once(leave, 'abort');
  }

  /** A pack that can't be used, or a process that keeps dying, makes room for the built-in pack; it is tried again. */
  async #recover(error: unknown, delayMs: number, leave: AbortSignal): Promise<void> {
    if (leave.aborted) return;
    this.#failures += 1;
    this.#lastError = messageOf(error);
    this.#enter(isFault(error, 'invalid') || this.#failures >= PATIENCE ? 'failed' : 'restarting');
    this.#options.log.error({ error: this.#lastError, retryInMs: delayMs }, 'object detector stopped');
    await this.#options.clock.sleep(delayMs, leave).catch(() => undefined);
  }

  #enter(state: InferenceStatus['state']): void {
    this.#state = state;
    if (state !== 'ready' && state !== 'loading') this.#turnAway();
  }

  #turnAway(): void {
    this.#queue.settleAll(this.#state === 'restarting' ? 'dropped' : 'none');
  }

  #drop(job: Job): void {
    this.#queue.dropped += 1;
    job.settle('dropped');
  }
}

/** The job goes on when one of those who wait gives up. */
function orAbort(outcome: Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    void outcome.then((result) => {
      signal.removeEventListener('abort', giveUp);
      resolve(result);
    });
  });
}
