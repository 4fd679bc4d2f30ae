/** A sound that failed is tried again after so long, then after twice as long, … */
const FIRST_MS = 60_000;
const LONGEST_MS = 30 * 60_000;
/** A camera without sound is asked whether it has some now, at most so often. */
const ASK_EVERY_MS = 10 * 60_000;

interface Memory {
  failures: number;
  silentUntilMs: number;
  askedMs: number;
}

/**
 * What is known of cameras' sound over reconnects: sound that breaks off, or breaks the recording, is left out for a
 * while, so that it costs no video; it is tried again later. Times are of the monotonic clock.
 */
export class SoundMemory {
  readonly #streams = new Map<string, Memory>();

  /** Whether the stream's sound may be recorded now. */
  isWanted(streamId: string, nowMs: number): boolean {
    return nowMs >= (this.#streams.get(streamId)?.silentUntilMs ?? 0);
  }

  failed(streamId: string, nowMs: number): void {
    const memory = this.#of(streamId);
    memory.silentUntilMs = nowMs + Math.min(LONGEST_MS, FIRST_MS * 2 ** memory.failures);
    memory.failures += 1;
  }

  /** The sound has been recorded for a while. */
  lasted(streamId: string): void {
    this.#streams.delete(streamId);
  }

  /** Whether to look, now, if a camera that had no sound has some; the answer counts as having looked. */
  mayAsk(streamId: string, nowMs: number): boolean {
    const memory = this.#of(streamId);
    if (nowMs - memory.askedMs < ASK_EVERY_MS) return false;
    memory.askedMs = nowMs;
    return true;
  }

  #of(streamId: string): Memory {
    const known = this.#streams.get(streamId);
    if (known) return known;
    const memory = { failures: 0, silentUntilMs: 0, askedMs: Number.NEGATIVE_INFINITY };
    this.#streams.set(streamId, memory);
    return memory;
  }
}
