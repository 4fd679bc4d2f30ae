import type { Writing } from '#inference';
import { type Clock, Fault, messageOf } from '#runtime';
import { plainAnswer } from '../chat/plain.ts';
import { repeats } from '../chat/repeats.ts';
import { type Asked, INSTRUCTIONS, requestOf, type TextWriter, type WriterStatus } from './writer.ts';

const MOST_TOKENS = 160;
const LOADING = { longestMs: 30_000, lookMs: 200 };
/** After a failure it is left alone: the next stretch would likely fail as well. */
const REST_MS = 30_000;

/** A text pack of this box. */
export class LocalWriter implements TextWriter {
  readonly name = 'local';
  readonly #writing: Pick<Writing, 'write' | 'status'>;
  readonly #clock: Clock;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #lastError: string | undefined;
  #asked = 0;
  #failed = 0;

  constructor(writing: Pick<Writing, 'write' | 'status'>, clock: Clock) {
    this.#writing = writing;
    this.#clock = clock;
  }

  /** While the model is loaded, what is asked waits for it. */
  get ready(): boolean {
    const { state } = this.#writing.status();
    return (state === 'ready' || state === 'loading') && this.#clock.monotonicMs() >= this.#restUntilMs;
  }

  status(): WriterStatus | undefined {
    const { pack, lastError = this.#lastError } = this.#writing.status();
    if (pack === undefined) return undefined;
    const failure = lastError === undefined ? {} : { lastError };
    const state = this.ready ? 'ready' : 'resting';
    return { name: this.name, state, model: pack, asked: this.#asked, failed: this.#failed, ...failure };
  }

  /** Throws `unavailable` when nothing of use comes. */
  async write(asked: Asked, signal: AbortSignal): Promise<string> {
    this.#asked += 1;
    try {
      await this.#loaded(signal);
      const text = plainAnswer(
        await this.#writing.write(asked.instructions ?? INSTRUCTIONS, requestOf(asked), MOST_TOKENS, signal),
      );
      if (text === '') throw new Fault('unavailable', 'its answer is empty');
      if (repeats(text)) throw new Fault('unavailable', 'it repeats itself');
      this.#lastError = undefined;
      return text;
    } catch (error) {
      signal.throwIfAborted();
      this.#failed += 1;
      this.#restUntilMs = this.#clock.monotonicMs() + REST_MS;
      this.#lastError = messageOf(error);
      throw new Fault('unavailable', this.#lastError, { cause: error });
    }
  }

  async #loaded(signal: AbortSignal): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + LOADING.longestMs;
    while (this.#writing.status().state === 'loading' && this.#clock.monotonicMs() < untilMs) {
      await this.#clock.sleep(LOADING.lookMs, signal);
    }
  }
}
