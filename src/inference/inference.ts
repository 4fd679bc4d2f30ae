import { once } from 'node:events';
import type { Detection, Frame } from '#domain';
import { type Clock, messageOf } from '#runtime';
import type { Host } from './host-process.ts';
import { type LifeLimits, type LifeState, Lives } from './lives.ts';
import type { Answers, Asks, LoadRequest, RawDetection } from './protocol.ts';
import { Questions } from './questions.ts';
import { type About, type Job, JobQueue, type SightTask } from './queue.ts';
import { SightPacks, type SightPacksOptions } from './sight-packs.ts';

export type { About } from './queue.ts';

export interface InferenceOptions extends SightPacksOptions {
  clock: Clock;
  limits?: Partial<InferenceLimits>;
  /** The process begins with the first picture that somebody is to look at. */
  whenNeeded?: boolean;
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
/** How much the newest answer counts in the mean of how long they take. */
const NEWEST = 0.1;

export interface InferenceStatus {
  state: LifeState;
  /** The one that detects objects. */
  pack?: string;
  /** Those in use; what is known to be unusable is left out. */
  packs: Partial<Record<SightTask, string>>;
  /** What they run on: `cpu`, `cuda` … */
  providers?: Partial<Record<SightTask, string>>;
  /** How long an answer takes of late, waiting for the one before it included. */
  answerMs?: Partial<Record<SightTask, number>>;
  /** What is wrong with those that are not. */
  problems?: Partial<Record<SightTask, string>>;
  pid?: number;
  restarts: number;
  queued: number;
  dropped: number;
  rssMb?: number;
  lastError?: string;
}

/**
 * All quick models of pictures in one process: a bounded queue before it, a supervisor around it. Nothing here waits for
 * it longer than the deadline; when it is away, pictures are dropped and counted, and the recorder doesn't notice. A pack
 * that can't be used costs only its own task.
 */
export class Inference implements AsyncDisposable {
  readonly #limits: InferenceLimits;
  readonly #options: InferenceOptions;
  readonly #packs: SightPacks;
  readonly #queue = new JobQueue();
  readonly #questions = new Questions();
  readonly #named = new WeakMap<RawDetection[], Detection[]>();
  readonly #stop = new AbortController();
  readonly #lives: Lives;
  readonly #answerMs: Partial<Record<SightTask, number>> = {};
  /** Aborted when there are packs of which it isn't known what they run on best. */
  #unexplored = new AbortController();
  #ended: Promise<unknown> = Promise.resolve();

  private constructor(options: InferenceOptions) {
    const { log, clock } = options;
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#packs = new SightPacks(options);
    this.#lives = new Lives({
      what: 'sight',
      loads: (): LoadRequest[] => this.#packs.loads(),
      log,
      clock,
      limits: {
        restart: this.#limits.restart,
        ...(this.#limits.loadMs === undefined ? {} : { loadMs: this.#limits.loadMs }),
        rssMb: () => this.#limits.rssMb + this.#packs.memoryMb(),
      },
      onLost: (task, problem) => this.#packs.lost(task, problem),
      onAway: () => this.#wentAway(),
      whenNeeded: options.whenNeeded,
    });
  }

  /** Returns at once; pictures wait while the models are loaded. */
  static async start(options: InferenceOptions, signal: AbortSignal): Promise<Inference> {
    const inference = new Inference(options);
    const whole = AbortSignal.any([signal, inference.#stop.signal]);
    const lives = inference.#lives.run((host, leave) => inference.#serve(host, leave), whole);
    inference.#ended = Promise.all([lives, inference.#explore(whole)]);
    return inference;
  }

  /** Looks for packs again and starts anew with what is there. */
  async reload(): Promise<void> {
    await this.#options.models.refresh();
    this.#packs.forgive();
    this.#lives.renew();
    this.#unexplored.abort();
  }

  /** Whether a pack for this task is there and not known to be unusable; its process may be away for the moment. */
  has(task: SightTask): boolean {
    return this.#lives.state !== 'failed' && this.#packs.usable(task) !== undefined;
  }

  /** Somebody will ask soon: the models are loaded, where they are not yet. */
  prepare(): void {
    this.#lives.wake();
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
    this.prepare();
    const outcome = await this.#jobFor(task, ask, about).wait(signal);
    // The model for this task gave it.
    return outcome as Answers[T] | 'none' | 'dropped';
  }

  /** What is to be seen, by the names of the pack. As `ask`. */
  async detect(frame: Frame, about: About, signal: AbortSignal): Promise<Detection[] | 'none' | 'dropped'> {
    const found = await this.ask('object-detection', { picture: frame, minScore: MIN_SCORE }, about, signal);
    return Array.isArray(found) ? this.#withNames(found) : found;
  }

  status(): InferenceStatus {
    const { packs, providers, problems } = this.#packs.status();
    const pack = this.#packs.chosen('object-detection')?.name;
    const [problem] = Object.values(problems);
    return {
      state: this.#lives.state,
      queued: this.#queue.length,
      dropped: this.#queue.dropped,
      packs,
      providers,
      answerMs: { ...this.#answerMs },
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
    const { job, isNew } = this.#questions.jobFor(task, ask, about);
    if (isNew) this.#queue.push(job);
    if (!['ready', 'loading'].includes(this.#lives.state)) this.#turnAway();
    return job;
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
    this.#blameProviders(host);
    const underWay = new Set<Promise<void>>();
    const spent = new AbortController();
    const enough = AbortSignal.any([leave, spent.signal]);
    let wake: () => void = () => undefined;
    enough.addEventListener('abort', () => wake(), { once: true });
    for (;;) {
      while (underWay.size >= UNDER_WAY && !enough.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const job = await this.#queue.take(enough);
      if (!job) break;
      const look = this.#look(job, host).finally(() => {
        underWay.delete(look);
        if (this.#lives.spent(host) || this.#packs.outdated()) spent.abort();
        wake();
      });
      underWay.add(look);
    }
    if (!leave.aborted) await Promise.all(underWay);
  }

  /** Doesn't throw: a process that is gone is noticed by whoever serves it. */
  async #look(job: Job, host: Host): Promise<void> {
    if (!this.#packs.usable(job.task)) return job.settle('none');
    const fromMs = this.#options.clock.monotonicMs();
    try {
      const answer = await host.ask(job.task, job.ask, this.#limits.deadlineMs);
      this.#lives.succeeded();
      this.#packs.proven = true;
      this.#tookMs(job.task, this.#options.clock.monotonicMs() - fromMs);
      job.settle(answer);
    } catch (error) {
      this.#queue.dropped += 1;
      if (!host.isClosing) this.#lives.failed(messageOf(error));
      job.settle('dropped');
    }
  }

  #tookMs(task: SightTask, ms: number): void {
    const before = this.#answerMs[task] ?? ms;
    this.#answerMs[task] = Math.round(10 * (before + NEWEST * (ms - before))) / 10;
  }

  /** A pack that can't be loaded may be none of its own fault. */
  #blameProviders({ unusable }: Host): void {
    const unused = this.#packs.all().filter(({ task }) => unusable.has(task));
    const [problem = ''] = unusable.values();
    if (this.#packs.distrust(unused, problem)) this.#lives.renew();
  }

  #wentAway(): void {
    const { lastError } = this.#lives.status();
    if (!this.#packs.proven && lastError !== undefined) this.#packs.distrust(this.#packs.all(), lastError);
    this.#turnAway();
  }

  /** In the background: until more is known models run on the CPU. */
  async #explore(signal: AbortSignal): Promise<void> {
    const { providers, log } = this.#options;
    while (providers && !signal.aborted) {
      this.#unexplored = new AbortController();
      try {
        if (await providers.explore(this.#packs.all(), signal)) this.#lives.renew();
      } catch (error) {
        if (!signal.aborted) log.warn({ error: messageOf(error) }, 'what models run on best could not be tried');
      }
      await aborted(AbortSignal.any([signal, this.#unexplored.signal]));
    }
  }

  #turnAway(): void {
    this.#queue.settleAll(this.#lives.state === 'restarting' ? 'dropped' : 'none');
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
