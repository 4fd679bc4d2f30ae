import { bytesOf, type Utterance } from './spool-files.ts';

/** How long something waits, and how much. */
export interface Lag {
  lagMs: number;
  waiting: number;
}

interface Waiting extends Utterance {
  /** When it was complete, on the monotonic clock. */
  sinceMs: number;
  taken: boolean;
}

/** The utterances that wait, the longest waiting first; those that are taken are neither taken again nor dropped. */
export class WaitingList {
  #entries: Waiting[] = [];

  get length(): number {
    return this.#entries.length;
  }

  get streams(): Set<string> {
    return new Set(this.#entries.map(({ streamId }) => streamId));
  }

  add(utterance: Utterance, sinceMs: number): void {
    this.#entries.push({ ...utterance, sinceMs, taken: false });
    this.#entries.sort((a, b) => a.sinceMs - b.sinceMs || a.startMs - b.startMs);
  }

  /** The first that is not taken and matches; the same object as long as it waits. */
  first(matches: (utterance: Utterance) => boolean): Utterance | undefined {
    return this.#entries.find((entry) => !entry.taken && matches(entry));
  }

  /** Of one stream, taken or not. */
  earliestMs(streamId: string): number {
    const own = this.#entries.filter((entry) => entry.streamId === streamId);
    return Math.min(...own.map(({ startMs }) => startMs));
  }

  mark(utterance: Utterance, taken: boolean): void {
    const entry = this.#find(utterance);
    if (entry) entry.taken = taken;
  }

  remove(utterance: Utterance): void {
    const entry = this.#find(utterance);
    this.#entries = this.#entries.filter((other) => other !== entry);
  }

  /** Of one stream, or of all. */
  bytes(streamId?: string): number {
    const own = this.#entries.filter((entry) => streamId === undefined || entry.streamId === streamId);
    return own.reduce((sum, { startMs, endMs }) => sum + bytesOf(endMs - startMs), 0);
  }

  lags(nowMs: number): Record<string, Lag> {
    const perStream: Record<string, Lag> = {};
    for (const { streamId, sinceMs } of this.#entries) {
      const { lagMs, waiting } = perStream[streamId] ?? { lagMs: 0, waiting: 0 };
      perStream[streamId] = { lagMs: Math.max(lagMs, Math.round(nowMs - sinceMs)), waiting: waiting + 1 };
    }
    return perStream;
  }

  #find({ streamId, startMs }: Utterance): Waiting | undefined {
    return this.#entries.find((entry) => entry.streamId === streamId && entry.startMs === startMs);
  }
}
