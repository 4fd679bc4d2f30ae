import type { Spool, Utterance } from '#hearing';
import { type Log, messageOf } from '#runtime';

/** Speech that goes on for so long is told as far as it goes, and again whenever so much has been added. */
const AFTER_MS = 5000;
const EVERY_MS = 3000;
const POLL_MS = 1000;

export type OnInterim = (streamId: string, interim: { startMs: number; endMs: number; text: string }) => void;

export interface InterimDeps {
  spool: Spool;
  listening: { readonly speechAvailable: boolean };
  recognise: (samples: Int16Array, signal: AbortSignal) => Promise<{ text: string }>;
  onInterim?: OnInterim | undefined;
  log: Log;
}

/** Tells what is being said before it is said to the end. Nothing of it is stored, and what fails is not tried again. */
export class Interim {
  readonly #deps: InterimDeps;
  /** Up to where it has been told, by stream. */
  readonly #told = new Map<string, Utterance>();

  constructor(deps: InterimDeps) {
    this.#deps = deps;
  }

  /** Tells one at most; returns how long to wait, undefined when nobody speaks or nobody listens. */
  async tell(signal: AbortSignal): Promise<number | undefined> {
    const { spool, onInterim, listening, recognise, log } = this.#deps;
    const spoken = spool.spoken();
    if (!onInterim || !listening.speechAvailable || spoken.length === 0) return undefined;
    const next = spoken.find((utterance) => this.#isWorthTelling(utterance));
    if (!next) return POLL_MS;
    this.#told.set(next.streamId, next);
    try {
      const { text } = await recognise(await spool.readSpoken(next), signal);
      if (text.trim()) onInterim(next.streamId, { startMs: next.startMs, endMs: next.endMs, text: text.trim() });
    } catch (error) {
      // It ended meanwhile, or the recogniser is away: what is complete is tried again, this is not.
      log.debug({ error: messageOf(error) }, 'no interim result');
    }
    return 0;
  }

  #isWorthTelling({ streamId, startMs, endMs }: Utterance): boolean {
    if (endMs - startMs < AFTER_MS) return false;
    const told = this.#told.get(streamId);
    return told?.startMs !== startMs || endMs - told.endMs >= EVERY_MS;
  }
}
