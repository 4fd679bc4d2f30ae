import { type Clock, Fault } from '#runtime';
import type { OutboxEntry, Store } from '#store';
import type { Bandwidth } from './bandwidth.ts';
import { CHUNK_BYTES, type Line, type Parcel, type Target } from './target.ts';

/** A target that takes nothing for so long hangs; where a cap makes a chunk last, longer. */
const STUCK_MS = 150_000;
/** A target that was told to stop and doesn't is left behind. */
const LET_GO_MS = 5000;

export interface AttemptDeps {
  store: Pick<Store, 'outbox'>;
  bandwidth: Bandwidth;
  clock: Clock;
  urgent: boolean;
  /** Told of bytes that the target has for good. */
  onProgress: (bytes: number) => void;
}

/** One try at one parcel: what the target has of the line, and the deadline that each chunk has to meet. */
export class Attempt implements Line {
  readonly resumed: Readonly<Record<string, unknown>> | undefined;
  readonly #entry: OutboxEntry;
  readonly #parcel: Parcel;
  readonly #deps: AttemptDeps;
  readonly #stop = new AbortController();
  readonly #over = new AbortController();
  #heardMs: number;
  #waiting = 0;
  #told = 0;

  private constructor(entry: OutboxEntry, parcel: Parcel, deps: AttemptDeps) {
    this.#entry = entry;
    this.#parcel = parcel;
    this.#deps = deps;
    this.#heardMs = deps.clock.monotonicMs();
    this.resumed = stateOf(entry.resume, parcel);
  }

  /**
   * Resolves when the target has it, with how many bytes of it the target has told of. Throws what the target throws,
   * `unavailable` when it hangs, and the signal's reason.
   */
  static async send(
    target: Target,
    { parcel, entry }: { parcel: Parcel; entry: OutboxEntry },
    deps: AttemptDeps,
    signal: AbortSignal,
  ): Promise<number> {
    const attempt = new Attempt(entry, parcel, deps);
    const end = () => attempt.#stop.abort(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    try {
      await attempt.#run(target);
      return attempt.#told;
    } finally {
      signal.removeEventListener('abort', end);
      attempt.#over.abort();
      attempt.#stop.abort();
    }
  }

  async take(bytes: number): Promise<void> {
    this.#waiting += 1;
    try {
      await this.#deps.bandwidth.take(bytes, this.#deps, this.#stop.signal);
    } finally {
      this.#waiting -= 1;
      this.#heardMs = this.#deps.clock.monotonicMs();
    }
  }

  progressed(bytes: number, resume?: Record<string, unknown>): void {
    if (this.#stop.signal.aborted) return; // It was left behind: another try may be under way.
    this.#heardMs = this.#deps.clock.monotonicMs();
    this.#told += bytes;
    if (bytes > 0) this.#deps.onProgress(bytes);
    const refreshed = bytes > 0 && this.#entry.attempts > 0;
    if (!resume && !refreshed) return;
    const kept = resume && { key: this.#parcel.key, bytes: this.#parcel.body?.bytes ?? 0, state: resume };
    // What is noted with the bytes themselves can be found out again by asking the target; what comes without, can't.
    this.#deps.store.outbox.progressed(this.#entry.id, { resume: kept, refreshed, durably: bytes === 0 });
  }

  async #run(target: Target): Promise<void> {
    const { signal } = this.#stop;
    const sending = target.send(this.#parcel, this, signal);
    sending.catch(() => undefined); // One that is left behind may fail when nobody listens any more.
    try {
      await Promise.race([sending, this.#watch()]);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  }

  /** Rejects when the target hangs and when it goes on although it was told to stop; never resolves. */
  async #watch(): Promise<never> {
    const { clock, bandwidth } = this.#deps;
    const limitMs = STUCK_MS + 2 * bandwidth.durationMs(CHUNK_BYTES);
    const { signal } = this.#stop;
    for (
      let leftMs = limitMs;
      leftMs > 0 || this.#waiting > 0;
      leftMs = this.#heardMs + limitMs - clock.monotonicMs()
    ) {
      await clock.sleep(Math.max(1000, leftMs), signal).catch(() => undefined);
      if (signal.aborted) break;
    }
    this.#stop.abort(new Fault('unavailable', `the target took nothing for ${Math.round(limitMs / 1000)} s`));
    await clock.sleep(LET_GO_MS, this.#over.signal);
    throw signal.reason;
  }
}

/** Of this parcel, as it is now. */
function stateOf(resume: OutboxEntry['resume'], { key, body }: Parcel): Record<string, unknown> | undefined {
  if (resume?.key !== key || resume.bytes !== (body?.bytes ?? 0)) return undefined;
  return Object.keys(resume.state).length === 0 ? undefined : resume.state;
}
