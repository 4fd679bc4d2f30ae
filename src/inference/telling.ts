import type { Picture } from './protocol.ts';
import { Specialist, type SpecialistLimits, type SpecialistOptions } from './specialist.ts';
import type { PackState } from './speech-ear.ts';

export type TellingLimits = SpecialistLimits;

export interface TellingOptions extends SpecialistOptions {
  limits?: Partial<TellingLimits>;
}

/** On the slowest box a small model takes the better part of a minute for two pictures, and longer to come from a card. */
const LIMITS: TellingLimits = {
  answerMs: 120_000,
  loadMs: 240_000,
  rssMb: 1200,
  restart: { firstMs: 1000, capMs: 300_000 },
};

/** What pictures show, told by a model of this box that follows instructions, in a process of its own. */
export class Telling implements AsyncDisposable {
  readonly #teller: Specialist<'image-to-text'>;

  private constructor(teller: Specialist<'image-to-text'>) {
    this.#teller = teller;
  }

  /** Returns at once, while the model is loaded. */
  static async start({ limits, ...options }: TellingOptions, signal: AbortSignal): Promise<Telling> {
    const trade = { task: 'image-to-text', what: 'teller', limits: { ...LIMITS, ...limits }, mostWaiting: 1 } as const;
    return new Telling(Specialist.start(trade, options, signal));
  }

  /**
   * What the model makes of the pictures, oldest first. Throws `unavailable` without a pack, or when its process is away,
   * dies over it or takes too long; `internal` when the model can't do it; or the signal's reason.
   */
  async tell(
    pictures: readonly Picture[],
    instruction: string,
    mostTokens: number,
    signal: AbortSignal,
  ): Promise<string> {
    const shown = pictures.map(({ width, height, rgb }) => ({ width, height, rgb }));
    return (await this.#teller.ask({ pictures: shown, instruction, mostTokens }, signal)).text;
  }

  /** Whether its model does what it is told; others only describe. */
  get follows(): boolean {
    const { pack } = this.#teller;
    return pack?.task === 'image-to-text' && pack.follows;
  }

  /** Pictures that its model looks at together. */
  get mostPictures(): number {
    const { pack } = this.#teller;
    return pack?.task === 'image-to-text' ? pack.mostPictures : 0;
  }

  status(): PackState {
    return this.#teller.status();
  }

  /** Begins anew with the best of what is there now. */
  reload(): void {
    this.#teller.reload();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#teller[Symbol.asyncDispose]();
  }
}
