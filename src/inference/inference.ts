import type { Detection, Frame } from '#domain';
import type { DetectorPack, ModelLibrary } from '#models';
import { type Clock, isFault, type Log } from '#runtime';
import type { Host } from './host-process.ts';
import { type LifeLimits, type LifeState, Lives } from './lives.ts';
import { loadRequest } from './loads.ts';
import { Job, JobQueue, type Outcome, type Priority } from './queue.ts';

export interface InferenceOptions {
  models: ModelLibrary;
  /** Name of the pack that detects objects. */
  detector: string;
  log: Log;
  clock: Clock;
  limits?: Partial<InferenceLimits>;
}

export interface InferenceLimits extends LifeLimits {
  /** A frame that takes longer is dropped, and the process killed. */
  deadlineMs: number;
}
const LIMITS: InferenceLimits = { deadlineMs: 10_000, rssMb: 700, restart: { firstMs: 500, capMs: 60_000 } };

/** Below this no answer is of use, not even to keep sight of something seen before. */
const MIN_SCORE = 0.25;

export interface InferenceStatus {
  state: LifeState;
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
  readonly #lives: Lives;
  #ended: Promise<void> = Promise.resolve();
  #pack: DetectorPack | undefined;

  private constructor(options: InferenceOptions) {
    this.#options = options;
    const { log, clock } = options;
    const limits = { ...LIMITS, ...options.limits };
    this.#limits = limits;
    const loads = () => this.#loads();
    const onAway = () => this.#turnAway();
    this.#lives = new Lives({ what: 'object detector', loads, log, clock, limits, onAway });
  }

  /** Returns at once; frames wait while the model is loaded. */
  static async start(options: InferenceOptions, signal: AbortSignal): Promise<Inference> {
    const inference = new Inference(options);
    const whole = AbortSignal.any([signal, inference.#stop.signal]);
    inference.#ended = inference.#lives.run((host, leave) => inference.#serve(host, leave), whole);
    return inference;
  }

  /** Looks for packs again and starts anew with what is there. */
  async reload(): Promise<void> {
    await this.#options.models.refresh();
    this.#lives.renew();
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
    return {
      state: this.#lives.state,
      queued: this.#queue.length,
      dropped: this.#queue.dropped,
      ...(this.#pack ? { pack: this.#pack.name } : {}),
      ...this.#lives.status(),
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
    if (!['ready', 'loading'].includes(this.#lives.state)) this.#turnAway();
    return job;
  }

  #loads(): ReturnType<typeof loadRequest>[] {
    const pack = this.#options.models.get(this.#options.detector);
    this.#pack = pack?.task === 'object-detection' ? pack : undefined;
    return this.#pack ? [loadRequest(this.#pack)] : [];
  }

  async #serve(host: Host, leave: AbortSignal): Promise<void> {
    while (!this.#lives.spent(host)) {
      const job = await this.#queue.take(leave);
      if (!job) break;
      await this.#look(job, host);
    }
  }

  async #look(job: Job, host: Host): Promise<void> {
    try {
      const { width, height, rgb } = job.frame;
      const ask = { picture: { width, height, rgb }, minScore: MIN_SCORE };
      const found = await host.ask('object-detection', ask, this.#limits.deadlineMs);
      this.#lives.succeeded();
      const name = (label: number) => this.#pack?.labels[label] ?? `class ${label}`;
      job.settle(found.map(({ label, ...rest }) => ({ label: name(label), ...rest })));
    } catch (error) {
      this.#drop(job);
      this.#lives.failed(error);
      if (!isFault(error, 'internal')) throw error;
    }
  }

  #turnAway(): void {
    this.#queue.settleAll(this.#lives.state === 'restarting' ? 'dropped' : 'none');
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
