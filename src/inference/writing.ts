import { Specialist, type SpecialistLimits, type SpecialistOptions } from './specialist.ts';
import type { PackState } from './speech-ear.ts';

export type WritingLimits = SpecialistLimits;

export interface WritingOptions extends SpecialistOptions {
  limits?: Partial<WritingLimits>;
}

const LIMITS: WritingLimits = { answerMs: 30_000, rssMb: 900, restart: { firstMs: 1000, capMs: 300_000 } };

/** Text by a model of this box, in a process of its own, with the best pack that can be used. */
export class Writing implements AsyncDisposable {
  readonly #writer: Specialist<'text-generation'>;

  private constructor(writer: Specialist<'text-generation'>) {
    this.#writer = writer;
  }

  /** Returns at once, while the model is loaded. */
  static async start({ limits, ...options }: WritingOptions, signal: AbortSignal): Promise<Writing> {
    const trade = {
      task: 'text-generation',
      what: 'writer',
      limits: { ...LIMITS, ...limits },
      mostWaiting: 2,
    } as const;
    return new Writing(Specialist.start(trade, options, signal));
  }

  /**
   * What the model answers. Throws `unavailable` without a pack, or when its process is away, dies over it or takes too
   * long; `internal` when the model can't do it; or the signal's reason.
   */
  async write(instructions: string, request: string, mostTokens: number, signal: AbortSignal): Promise<string> {
    return (await this.#writer.ask({ instructions, request, mostTokens }, signal)).text;
  }

  status(): PackState {
    return this.#writer.status();
  }

  /** Begins anew with the best of what is there now. */
  reload(): void {
    this.#writer.reload();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }
}
