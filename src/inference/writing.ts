import type { ModelLibrary, TextPack } from '#models';
import { type Clock, Fault, type Log } from '#runtime';
import { Line } from './line.ts';
import type { LifeLimits } from './lives.ts';
import { loadRequest } from './loads.ts';
import type { LoadRequest } from './protocol.ts';
import type { PackState } from './speech-ear.ts';

export interface WritingOptions {
  models: ModelLibrary;
  log: Log;
  clock: Clock;
  limits?: Partial<WritingLimits>;
}

export interface WritingLimits extends LifeLimits {
  /** A process that owes an answer longer than this is ended. */
  answerMs: number;
}
const LIMITS: WritingLimits = { answerMs: 30_000, rssMb: 900, restart: { firstMs: 1000, capMs: 300_000 } };
/** Memory that a model may take, of the size of its files. */
const MODEL_MEMORY = 3;
/** What may wait for the process: whoever asks has another way. */
const MOST_WAITING = 2;

/** Text by a model of this box, in a process of its own, with the best pack that can be used. */
export class Writing implements AsyncDisposable {
  readonly #options: WritingOptions;
  readonly #limits: WritingLimits;
  readonly #line: Line;
  /** Names of packs that were tried in vain. */
  readonly #unusable = new Set<string>();
  #pack: TextPack | undefined;

  private constructor(options: WritingOptions, signal: AbortSignal) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    const { log, clock } = options;
    this.#line = Line.start(
      {
        what: 'writer',
        loads: () => this.#loads(),
        limits: { restart: this.#limits.restart, rssMb: () => this.#memoryMb() },
        most: MOST_WAITING,
        onUnusable: () => this.#pack && this.#unusable.add(this.#pack.name),
        log,
        clock,
      },
      signal,
    );
  }

  /** Returns at once, while the model is loaded. */
  static async start(options: WritingOptions, signal: AbortSignal): Promise<Writing> {
    return new Writing(options, signal);
  }

  /**
   * What the model answers. Throws `unavailable` without a pack, or when its process is away, dies over it or takes too
   * long; `internal` when the model can't do it; or the signal's reason.
   */
  async write(instructions: string, request: string, mostTokens: number, signal: AbortSignal): Promise<string> {
    if (!this.#pack) throw new Fault('unavailable', 'no pack that writes is here');
    const ask = () => ({ instructions, request, mostTokens });
    const question = { task: 'text-generation' as const, ask, deadlineMs: this.#limits.answerMs };
    return (await this.#line.ask(question, signal)).text;
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
    const packs = this.#options.models.forTask('text-generation');
    if (packs.every(({ name }) => this.#unusable.has(name))) this.#unusable.clear();
    this.#pack = packs.find(({ name }) => !this.#unusable.has(name));
    return this.#pack ? [loadRequest(this.#pack)] : [];
  }

  #memoryMb(): number {
    return this.#limits.rssMb + (MODEL_MEMORY * (this.#pack?.bytes ?? 0)) / 1_048_576;
  }
}
