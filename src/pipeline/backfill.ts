import type { Backfill } from '#domain';
import { messageOf, retryDelays } from '#runtime';
import { type BackfillDeps, Stretch } from './stretch.ts';

const RETRY = { firstMs: 1000, capMs: 60_000 };
/** One that fails so often in a row without getting further is given up: others wait for it. */
const MOST_TRIES = 10;

/**
 * Describes what was recorded before an index was there, window by window, when nobody else needs the models: it takes at
 * most half of a core, and its questions come after all others. One at a time, oldest first. What it has stored it doesn't
 * do again after a crash; its scenes fire no alerts, as they are no news.
 */
export class Backfiller implements AsyncDisposable {
  readonly #deps: BackfillDeps;
  readonly #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  #asked: () => void = () => undefined;
  #stuck = { at: '', tries: 0 };

  private constructor(deps: BackfillDeps) {
    this.#deps = deps;
  }

  /** Goes on with what the last life left undone; ends when disposed of or when `signal` aborts. */
  static async start(deps: BackfillDeps, signal: AbortSignal): Promise<Backfiller> {
    const filler = new Backfiller(deps);
    filler.#ended = filler.#run(AbortSignal.any([signal, filler.#stop.signal]));
    return filler;
  }

  /** To be called when there is something new to do. */
  wake(): void {
    this.#asked();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { store, clock, log } = this.#deps;
    signal.addEventListener('abort', () => this.#asked());
    let delays = retryDelays(RETRY);
    while (!signal.aborted) {
      const asked = new Promise<void>((resolve) => {
        this.#asked = resolve;
      });
      try {
        const next = store.backfills.next();
        if (next) await this.#fill(next, signal);
        else await asked;
        delays = retryDelays(RETRY);
      } catch (error) {
        if (signal.aborted) return;
        log.error({ error: messageOf(error) }, 'back-filling stopped; trying again');
        await clock.sleep(delays.next().value, signal).catch(() => undefined); // It only rejects when aborted.
      }
    }
  }

  /** Throws what may go by itself: a database that is busy, an ffmpeg that hangs. */
  async #fill(backfill: Backfill, signal: AbortSignal): Promise<void> {
    const { store, clock, log } = this.#deps;
    const index = store.indexes.get(backfill.indexId);
    if (!index) return;
    log.info({ index: index.id, from: backfill.reachedMs, to: backfill.toMs }, 'describing older recordings');
    const stretch = new Stretch(backfill, index, this.#deps);
    try {
      if (!(await stretch.describe(signal))) return;
      store.backfills.finish(index.id, 'done', clock.nowMs(), stretch.message);
    } catch (error) {
      if (signal.aborted || !this.#isStuck(backfill) || !stretch.isWanted()) throw error;
      log.error({ index: index.id, error: messageOf(error) }, 'back-filling is given up');
      store.backfills.finish(index.id, 'failed', clock.nowMs(), messageOf(error));
    }
  }

  #isStuck({ indexId, createdMs, reachedMs }: Backfill): boolean {
    const at = [indexId, createdMs, reachedMs].join(' ');
    this.#stuck = { at, tries: this.#stuck.at === at ? this.#stuck.tries + 1 : 1 };
    return this.#stuck.tries >= MOST_TRIES;
  }
}
