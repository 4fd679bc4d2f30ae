import { type Clock, deadline } from '#runtime';

const PATIENCE_MS = 2000;
const REST_MS = 10_000;

/**
 * Asks a model that others can do without: one that doesn't answer in time, or fails, is not asked again for a while. So
 * whoever listens falls behind by seconds at most. Never rejects.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #restUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, patienceMs = PATIENCE_MS) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  async ask<T>(question: (signal: AbortSignal) => Promise<T | undefined>, signal: AbortSignal): Promise<T | undefined> {
    if (signal.aborted || this.#clock.monotonicMs() < this.#restUntilMs) return undefined;
    using limit = deadline(signal, this.#patienceMs);
    const late = new Promise<undefined>((resolve) => {
      limit.signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const answer = await Promise.race([question(limit.signal).catch(() => 'failed' as const), late]);
    if (limit.signal.aborted || answer === 'failed') {
      this.#restUntilMs = this.#clock.monotonicMs() + REST_MS;
      return undefined;
    }
    return answer;
  }
}
