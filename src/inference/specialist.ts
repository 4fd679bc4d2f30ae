import type { ModelLibrary, ModelPack } from '#models';
import { type Clock, Fault, type Log } from '#runtime';
import { Line } from './line.ts';
import type { LifeLimits } from './lives.ts';
import { loadRequest } from './loads.ts';
import type { Answers, Asks, LoadRequest, Task } from './protocol.ts';
import type { PackState } from './speech-ear.ts';

export interface SpecialistOptions {
  models: ModelLibrary;
  log: Log;
  clock: Clock;
}

export interface SpecialistLimits extends LifeLimits {
  /** A process that owes an answer longer than this is ended. */
  answerMs: number;
}

export interface Trade<T extends Task> {
  task: T;
  /** For the log: `writer`. */
  what: string;
  limits: SpecialistLimits;
  /** What may wait for the process: whoever asks has another way. */
  mostWaiting: number;
}

/** Memory that a model may take, of the size of its files. */
const MODEL_MEMORY = 3;

/** One slow task in a process of its own, with the best pack that can be used. */
export class Specialist<T extends Task & ModelPack['task']> implements AsyncDisposable {
  readonly #trade: Trade<T>;
  readonly #models: ModelLibrary;
  readonly #line: Line;
  /** Names of packs that were tried in vain. */
  readonly #unusable = new Set<string>();
  #pack: ModelPack | undefined;

  private constructor(trade: Trade<T>, { models, log, clock }: SpecialistOptions, signal: AbortSignal) {
    this.#trade = trade;
    this.#models = models;
    const { what, limits, mostWaiting } = trade;
    this.#line = Line.start(
      {
        what,
        loads: () => this.#loads(),
        limits: { ...limits, rssMb: () => this.#memoryMb() },
        most: mostWaiting,
        onUnusable: () => this.#pack && this.#unusable.add(this.#pack.name),
        log,
        clock,
      },
      signal,
    );
  }

  /** Returns at once, while the model is loaded. */
  static start<T extends Task & ModelPack['task']>(
    trade: Trade<T>,
    options: SpecialistOptions,
    signal: AbortSignal,
  ): Specialist<T> {
    return new Specialist(trade, options, signal);
  }

  /**
   * What the model answers. Throws `unavailable` without a pack, or when its process is away, dies over it or takes too
   * long; `internal` when the model can't do it; or the signal's reason.
   */
  async ask(ask: Asks[T], signal: AbortSignal): Promise<Answers[T]> {
    const { task, what, limits } = this.#trade;
    if (!this.#pack) throw new Fault('unavailable', `no pack for the ${what} is here`);
    return this.#line.ask({ task, ask: () => ask, deadlineMs: limits.answerMs }, signal);
  }

  /** The one at work, or the one that is being loaded. */
  get pack(): ModelPack | undefined {
    return this.#pack;
  }

  status(): PackState {
    const { state } = this.#line;
    return { state, ...(this.#pack ? { pack: this.#pack.name } : {}), ...this.#line.status() };
  }

  /** Begins anew with the best of what is there now. */
  reload(): void {
    this.#unusable.clear();
    this.#line.renew();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#line[Symbol.asyncDispose]();
  }

  #loads(): LoadRequest[] {
    const packs: ModelPack[] = this.#models.forTask(this.#trade.task);
    if (packs.every(({ name }) => this.#unusable.has(name))) this.#unusable.clear();
    this.#pack = packs.find(({ name }) => !this.#unusable.has(name));
    return this.#pack ? [loadRequest(this.#pack)] : [];
  }

  #memoryMb(): number {
    return this.#trade.limits.rssMb + (MODEL_MEMORY * (this.#pack?.bytes ?? 0)) / 1_048_576;
  }
}
