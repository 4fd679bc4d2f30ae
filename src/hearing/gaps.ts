import type { TranscriptGap } from '#domain';
import { isFault, type Log, messageOf } from '#runtime';

/** Gaps that the database did not take yet, at most; more than this is a database that never will. */
const MOST_PENDING = 1000;

interface Pending {
  gap: TranscriptGap;
  /** To be done when the gap is recorded. */
  after: (() => Promise<void>) | undefined;
}

/**
 * Takes what was not written down to the transcript. What can't be recorded now waits and is tried with the next one;
 * a gap of a stream that is gone is forgotten.
 */
export class Gaps {
  readonly #record: (gap: TranscriptGap) => void;
  readonly #log: Log;
  #pending: Pending[] = [];
  #count = 0;

  constructor(record: (gap: TranscriptGap) => void, log: Log) {
    this.#record = record;
    this.#log = log;
  }

  /** Since the start. */
  get count(): number {
    return this.#count;
  }

  get pending(): number {
    return this.#pending.length;
  }

  async add(gap: TranscriptGap, after?: () => Promise<void>): Promise<void> {
    this.#count += 1;
    this.#pending.push({ gap, after });
    if (this.#pending.length > MOST_PENDING) this.#pending.shift();
    await this.flush();
  }

  /** Never rejects. */
  async flush(): Promise<void> {
    const tried = this.#pending;
    this.#pending = [];
    for (const [n, entry] of tried.entries()) {
      if (!this.#recorded(entry.gap)) {
        this.#pending = [...tried.slice(n), ...this.#pending];
        return;
      }
      await entry.after?.().catch((error: unknown) => {
        this.#log.warn({ error: messageOf(error) }, 'a file of dropped speech remains; the next start removes it');
      });
    }
  }

  #recorded(gap: TranscriptGap): boolean {
    try {
      this.#record(gap);
      return true;
    } catch (error) {
      if (isFault(error, 'not_found')) return true;
      this.#log.error({ error: messageOf(error) }, 'a gap in a transcript could not be recorded; will retry');
      return false;
    }
  }
}
