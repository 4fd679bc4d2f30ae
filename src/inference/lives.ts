import { once } from 'node:events';
import { type Clock, isFault, type Log, messageOf, type RetrySchedule, retryDelays } from '#runtime';
import { Host } from './host-process.ts';
import type { LoadRequest, Task } from './protocol.ts';

export interface LifeLimits {
  /** A process that has grown beyond this is replaced between two questions. */
  rssMb: number;
  restart: RetrySchedule;
  /** A model that takes longer to load ends the process; a minute unless it is said. */
  loadMs?: number;
}

/** `none` no pack · `idle` not needed so far · `restarting` between two lives · `failed` the pack is unusable or keeps dying; still retried. */
export type LifeState = 'none' | 'idle' | 'loading' | 'ready' | 'restarting' | 'failed';

export interface LivesOptions {
  /** For the log: `object detector`. */
  what: string;
  /** The models of the next life; none: there is nothing to do until `renew`. */
  loads: () => readonly LoadRequest[];
  log: Log;
  clock: Clock;
  limits: Pick<LifeLimits, 'restart' | 'loadMs'> & { rssMb: number | (() => number) };
  /** The process went, or won't come: whoever waits for it must know. */
  onAway?: () => void;
  /** The process went while it loaded the model for this task. */
  onLost?: (task: Task, problem: string) => void;
  /** None of the models of this life can be used. */
  onUnusable?: () => void;
  /** The first life waits for `wake`: memory that nobody needs is not taken. */
  whenNeeded?: boolean | undefined;
}

/** Starts in a row that may fail before one has to do without. */
const PATIENCE = 3;

/**
 * One model process after another: a life that ends, hangs or grows too large is followed by the next, after a pause
 * that grows while lives are short.
 */
export class Lives {
  readonly #options: LivesOptions;
  #renewing = new AbortController();
  #sleeping: boolean;
  #state: LifeState = 'loading';
  #failures = 0;
  #starts = 0;
  #lastError: string | undefined;
  #host: Host | undefined;

  constructor(options: LivesOptions) {
    this.#options = options;
    this.#sleeping = options.whenNeeded ?? false;
    if (options.loads().length === 0) this.#state = 'none';
    else if (this.#sleeping) this.#state = 'idle';
  }

  get state(): LifeState {
    return this.#host?.gone.aborted ? 'restarting' : this.#state;
  }

  /** The process that is at work. */
  get host(): Host | undefined {
    return this.#host;
  }

  status(): { restarts: number; pid?: number; rssMb?: number; lastError?: string } {
    const { pid, rssMb } = this.#host ?? {};
    return {
      restarts: Math.max(0, this.#starts - 1),
      ...(pid === undefined ? {} : { pid }),
      ...(rssMb === undefined ? {} : { rssMb }),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  /** Ends this life, if any, and begins the next with what `loads` says then. */
  renew(): void {
    this.#renewing.abort();
  }

  /** Somebody needs it: it begins, and stays. */
  wake(): void {
    if (!this.#sleeping) return;
    this.#sleeping = false;
    if (this.#state === 'idle') this.#enter('loading');
    this.renew();
  }

  /** An answer came: the process is worth its pauses. */
  succeeded(): void {
    this.#failures = 0;
  }

  failed(error: unknown): void {
    this.#lastError = messageOf(error);
  }

  /** Until `signal` aborts. `serve` gets each life, returns when `leave` aborts or the process is `spent`, and throws when it failed. */
  async run(serve: (host: Host, leave: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    let delays = retryDelays(this.#options.limits.restart);
    while (!signal.aborted) {
      if (this.#renewing.signal.aborted) this.#renewing = new AbortController();
      const leave = AbortSignal.any([signal, this.#renewing.signal]);
      try {
        const loads = this.#options.loads();
        if (loads.length > 0 && !this.#sleeping) await this.#live(loads, serve, leave);
        else await this.#rest(loads.length > 0 ? 'idle' : 'none', leave);
        delays = retryDelays(this.#options.limits.restart);
      } catch (error) {
        if (this.#failures === 0) delays = retryDelays(this.#options.limits.restart);
        await this.#recover(error, delays.next().value, leave);
      }
    }
    this.#enter('none');
  }

  /** True when it has grown beyond its limit. */
  spent(host: Host): boolean {
    const { rssMb: most } = this.#options.limits;
    return (host.rssMb ?? 0) > (typeof most === 'number' ? most : most());
  }

  async #live(
    loads: readonly LoadRequest[],
    serve: (host: Host, leave: AbortSignal) => Promise<void>,
    leave: AbortSignal,
  ): Promise<void> {
    this.#enter('loading');
    this.#starts += 1;
    const { limits, onLost } = this.#options;
    await using host = await Host.start(loads, leave, {
      loadMs: limits.loadMs,
      onLost: (task, problem) => leave.aborted || onLost?.(task, problem),
    });
    this.#host = host;
    for (const problem of host.unusable.values()) this.#options.log.error({ problem }, 'a model can not be used');
    try {
      this.#enter('ready');
      this.#options.log.info({ tasks: loads.map(({ task }) => task), pid: host.pid }, `${this.#options.what} loaded`);
      await serve(host, AbortSignal.any([leave, host.gone]));
      if (!leave.aborted) host.gone.throwIfAborted();
    } finally {
      this.#host = undefined;
      this.#enter('loading');
    }
  }

  async #rest(state: 'idle' | 'none', leave: AbortSignal): Promise<void> {
    this.#enter(state);
    if (!leave.aborted) await once(leave, 'abort');
  }

  /** Models that can't be used, or a process that keeps dying: one has to do without; it is tried again. */
  async #recover(error: unknown, delayMs: number, leave: AbortSignal): Promise<void> {
    if (leave.aborted) return;
    this.#failures += 1;
    this.#lastError = messageOf(error);
    this.#enter(isFault(error, 'invalid') || this.#failures >= PATIENCE ? 'failed' : 'restarting');
    const { log, clock, what, onUnusable } = this.#options;
    if (isFault(error, 'invalid')) onUnusable?.();
    log.error({ error: this.#lastError, retryInMs: delayMs }, `${what} stopped`);
    await clock.sleep(delayMs, leave).catch(() => undefined);
  }

  #enter(state: LifeState): void {
    this.#state = state;
    if (state !== 'ready' && state !== 'loading') this.#options.onAway?.();
  }
}
