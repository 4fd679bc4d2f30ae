import type { Detection, Frame } from '#domain';
import type { ModelLibrary } from '#models';
import { type Clock, type Log, messageOf } from '#runtime';
import type { Host } from './host-process.ts';
import { type LifeLimits, type LifeState, Lives } from './lives.ts';
import type { Answers, Asks, LoadRequest, RawDetection } from './protocol.ts';
import { Job, JobQueue, type Outcome, type Priority, type SightTask } from './queue.ts';
import { SightPacks } from './sight-packs.ts';

export interface InferenceOptions {
  models: ModelLibrary;
  /** Name of the pack that detects objects; without one, or where it isn't installed, the best that is. */
  detector?: string;
  log: Log;
  clock: Clock;
  limits?: Partial<InferenceLimits>;
}

export interface InferenceLimits extends LifeLimits {
  /** A picture that takes longer is dropped, and the process killed. */
  deadlineMs: number;
}
const LIMITS: InferenceLimits = { deadlineMs: 10_000, rssMb: 700, restart: { firstMs: 500, capMs: 60_000 } };

/** Below this no answer is of use, not even to keep sight of something seen before. */
const MIN_SCORE = 0.25;
/** While the model looks at one picture, the next is brought and prepared. */
const UNDER_WAY = 2;

export interface InferenceStatus {
  state: LifeState;
  /** The one that detects objects. */
  pack?: string;
  /** Those in use; what is known to be unusable is left out. */
  packs: Partial<Record<SightTask, string>>;
  /** What is wrong with those that are not. */
  problems?: Partial<Record<SightTask, string>>;
  pid?: number;
  restarts: number;
  queued: number;
  dropped: number;
  rssMb?: number;
  lastError?: string;
}

/** Whose picture it is, and how urgent. */
export interface About {
  streamId: string;
  priority: Priority;
}

/**
 * All quick models of pictures in one process: a bounded queue before it, a supervisor around it. Nothing here waits for
 * it longer than the deadline; when it is away, pictures are dropped and counted, and the recorder doesn't notice. A pack
 * that can't be used costs only its own task.
 */
export class Inference implements AsyncDisposable {
  readonly #limits: InferenceLimits;
  readonly #models: ModelLibrary;
  readonly #packs: SightPacks;
  readonly #queue = new JobQueue();
  readonly #asked = new WeakMap<Uint8Array, Map<string, Job>>();
  readonly #named = new WeakMap<RawDetection[], Detection[]>();
  readonly #stop = new AbortController();
  readonly #lives: Lives;
  #ended: Promise<void> = Promise.resolve();

  private constructor({ models, detector, log, clock, limits }: InferenceOptions) {
    this.#limits = { ...LIMITS, ...limits };
    this.#models = models;
    this.#packs = new SightPacks(models, detector, log);
    this.#lives = new Lives({
      what: 'sight',
      loads: (): LoadRequest[] => this.#packs.loads(),
      log,
      clock,
      limits: {
        restart: this.#limits.restart,
        rssMb: () => this.#limits.rssMb + this.#packs.memoryMb(),
      },
      onAway: () => this.#turnAway(),
    });
  }

  /** Returns at once; pictures wait while the models are loaded. */
  static async start(options: InferenceOptions, signal: AbortSignal): Promise<Inference> {
    const inference = new Inference(options);
    const whole = AbortSignal.any([signal, inference.#stop.signal]);
    inference.#ended = inference.#lives.run((host, leave) => inference.#serve(host, leave), whole);
    return inference;
  }

  /** Looks for packs again and starts anew with what is there. */
  async reload(): Promise<void> {
    await this.#models.refresh();
    this.#packs.forgive();
    this.#lives.renew();
  }

  /** Whether a pack for this task is there and not known to be unusable; its process may be away for the moment. */
  has(task: SightTask): boolean {
    return this.#lives.state !== 'failed' && this.#packs.usable(task) !== undefined;
  }

  /**
   * What the model for this task answers; the same question about the same picture, however often it is asked, costs one
   * run, and all get the same answer, which nobody must change. `none`: there is no usable pack. Rejects only when
   * `signal` aborts.
   */
  async ask<T extends SightTask>(
    task: T,
    ask: Asks[T],
    about: About,
    signal: AbortSignal,
  ): Promise<Answers[T] | 'none' | 'dropped'> {
    signal.throwIfAborted();
    if (!this.has(task)) return 'none';
    const outcome = await orAbort(this.#jobFor(task, ask, about).outcome, signal);
    // The model for this task gave it.
    return outcome as Answers[T] | 'none' | 'dropped';
  }

  /** What is to be seen, by the names of the pack. As `ask`. */
  async detect(frame: Frame, about: About, signal: AbortSignal): Promise<Detection[] | 'none' | 'dropped'> {
    const found = await this.ask('object-detection', { picture: frame, minScore: MIN_SCORE }, about, signal);
    return Array.isArray(found) ? this.#withNames(found) : found;
  }

  status(): InferenceStatus {
    const { packs, problems } = this.#packs.status();
    const pack = this.#packs.chosen('object-detection')?.name;
    const [problem] = Object.values(problems);
    return {
      state: this.#lives.state,
      queued: this.#queue.length,
      dropped: this.#queue.dropped,
      packs,
      ...(pack === undefined ? {} : { pack }),
      ...(problem === undefined ? {} : { problems, lastError: problem }),
      ...this.#lives.status(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  #jobFor<T extends SightTask>(task: T, ask: Asks[T], about: About): Job {
    const { picture, ...rest } = ask;
    const key = `${task} ${JSON.stringify(rest)}`;
    const known = picture ? this.#asked.get(picture.rgb)?.get(key) : undefined;
    known?.raise(about.priority);
    if (known) return known;
    const plain = picture && { width: picture.width, height: picture.height, rgb: picture.rgb };
    // What was asked, with a picture that carries nothing else.
    const job = new Job(task, { ...rest, picture: plain } as Asks[T], about);
    if (picture) this.#remember(job, picture.rgb, key);
    this.#queue.push(job);
    if (!['ready', 'loading'].includes(this.#lives.state)) this.#turnAway();
    return job;
  }

  #remember(job: Job, picture: Uint8Array, key: string): void {
    const jobs = this.#asked.get(picture) ?? new Map<string, Job>();
    this.#asked.set(picture, jobs.set(key, job));
    void job.outcome.then((outcome) => {
      if (typeof outcome === 'string') jobs.delete(key);
    });
  }

  #withNames(found: RawDetection[]): Detection[] {
    const known = this.#named.get(found);
    if (known) return known;
    const labels = this.#packs.chosen('object-detection')?.labels ?? [];
    const named = found.map(({ label, ...rest }) => ({ label: labels[label] ?? `class ${label}`, ...rest }));
    this.#named.set(found, named);
    return named;
  }

  async #serve(host: Host, leave: AbortSignal): Promise<void> {
    this.#packs.tried(host.unusable);
    const underWay = new Set<Promise<void>>();
    const spent = new AbortController();
    const enough = AbortSignal.any([leave, spent.signal]);
    for (;;) {
      if (underWay.size >= UNDER_WAY) await Promise.race(underWay);
      const job = await this.#queue.take(enough);
      if (!job) break;
      const look = this.#look(job, host).finally(() => {
        underWay.delete(look);
        if (this.#lives.spent(host)) spent.abort();
      });
      underWay.add(look);
    }
    if (!leave.aborted) await Promise.all(underWay);
  }

  /** Doesn't throw: a process that is gone is noticed by whoever serves it. */
  async #look(job: Job, host: Host): Promise<void> {
    if (!this.#packs.usable(job.task)) return job.settle('none');
    try {
      const answer = await host.ask(job.task, job.ask, this.#limits.deadlineMs);
      this.#lives.succeeded();
      job.settle(answer);
    } catch (error) {
      this.#queue.dropped += 1;
      this.#lives.failed(messageOf(error));
      job.settle('dropped');
    }
  }

  #turnAway(): void {
    this.#queue.settleAll(this.#lives.state === 'restarting' ? 'dropped' : 'none');
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
