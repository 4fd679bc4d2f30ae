import type { Told } from '#domain';
import type { Telling } from '#inference';
import { type Clock, Fault, messageOf } from '#runtime';
import { plainAnswer } from '../chat/plain.ts';
import { repeats } from '../chat/repeats.ts';
import { chosen, type Showing, type Teller, type TellerStatus } from './teller.ts';

type TellingProcess = Pick<Telling, 'tell' | 'status' | 'follows' | 'mostPictures'>;

const MOST_TOKENS = 160;
/** Small models lose the thread over more pictures, and each costs seconds. */
const MOST_PICTURES = 2;
/** After a failure it is left alone: the next picture would likely fail as well. */
const REST_MS = 30_000;

/** A pack of this box that looks at pictures. */
export class LocalTeller implements Teller {
  readonly name = 'local';
  readonly #telling: TellingProcess;
  readonly #clock: Clock;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #lastError: string | undefined;
  #asked = 0;
  #failed = 0;

  constructor(telling: TellingProcess, clock: Clock) {
    this.#telling = telling;
    this.#clock = clock;
  }

  get follows(): boolean {
    return this.#telling.follows;
  }

  get ready(): boolean {
    return this.#telling.status().state === 'ready' && this.#clock.monotonicMs() >= this.#restUntilMs;
  }

  status(): TellerStatus | undefined {
    const { pack, lastError = this.#lastError } = this.#telling.status();
    if (pack === undefined) return undefined;
    const failure = lastError === undefined ? {} : { lastError };
    const state = this.ready ? 'ready' : 'resting';
    return { name: this.name, state, model: pack, asked: this.#asked, failed: this.#failed, ...failure };
  }

  /** Throws `unavailable` when nothing of use comes, or the signal's reason. */
  async tell({ frames, instruction }: Showing, signal: AbortSignal): Promise<Told> {
    this.#asked += 1;
    const by = this.#telling.status().pack ?? this.name;
    try {
      const pictures = chosen(frames, Math.min(MOST_PICTURES, this.#telling.mostPictures));
      const text = plainAnswer(await this.#telling.tell(pictures, instruction, MOST_TOKENS, signal));
      if (text === '') throw new Fault('unavailable', 'its answer is empty');
      if (repeats(text)) throw new Fault('unavailable', 'it repeats itself');
      this.#lastError = undefined;
      return { text, by };
    } catch (error) {
      signal.throwIfAborted();
      this.#failed += 1;
      this.#restUntilMs = this.#clock.monotonicMs() + REST_MS;
      this.#lastError = messageOf(error);
      throw new Fault('unavailable', this.#lastError, { cause: error });
    }
  }
}
