import type { Clock } from './clock.ts';

/** Lets a loop sleep until a time or until something happens, and never miss what happened while it was busy. */
export class Wake {
  readonly #clock: Clock;
  #rung = false;
  #cut: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring = (): void => {
    this.#rung = true;
    this.#cut?.abort();
  };

  /** Ends after `ms`, at the next ring (or at once after one that nobody waited for), or when `signal` aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      // Not AbortSignal.any: Node 20 keeps a trace of each on a signal that lives as long as the appliance.
      const cut = new AbortController();
      const stop = () => cut.abort();
      signal.addEventListener('abort', stop, { once: true });
      this.#cut = cut;
      // A sleep only rejects when it is cut short.
      await this.#clock.sleep(ms, cut.signal).catch(() => undefined);
      this.#cut = undefined;
      signal.removeEventListener('abort', stop);
    }
    this.#rung = false;
  }
}
