import { setImmediate } from 'node:timers/promises';
import { type Clock, isFault, type Log, messageOf, retryDelay, Wake } from '#runtime';
import type { OutboxEntry, Store } from '#store';
import { Attempt, type AttemptDeps } from './attempt.ts';
import type { Made, Parcels } from './parcels.ts';
import { type Target, TargetBusy, TargetOutdated, TargetRefusal } from './target.ts';

const LONGEST_WAIT_MS = 30_000;
const LATER_MS = 2000;
/** After so many failures in a row other parcels are tried, too: it may be the first that the target chokes on. */
const SUSPECT_FROM = 3;
const MOST_SUSPECTS = 8;
/** Tries without progress of one that fails while others don't. */
const BUDGET = 12;
/** Segments that are remembered to be there: recordings around an alert go before all others, and are among these, too. */
const MOST_RECENT = 5000;
const ASIDE = { firstMs: 10_000, capMs: 3_600_000 };
/** However much else goes, what fails is not tried more often. */
const AGAIN_MS = 1000;
/** A target of another version may have been brought up to date by then. */
const OUTDATED_MS = 600_000;

/** What may go now; undefined: nothing, and when to look again. */
export interface Turn {
  next(except: readonly number[]): OutboxEntry | undefined;
  waitMs(): number;
}

export interface LaneDeps extends Omit<AttemptDeps, 'urgent'> {
  store: Store;
  parcels: Parcels;
  target: Target;
  clock: Clock;
  log: Log;
  /** The longest pause after failures. */
  capMs: number;
  onSent: () => void;
  onFailed: (message: string) => void;
  /** A clip is no longer needed. */
  forget: (entry: OutboxEntry) => Promise<void>;
}

/**
 * Sends one thing after the other to one target. A failure is taken for the line's: the same is tried again after a
 * growing pause, and what waits keeps its order. Only what fails while others go is set aside, and given up in the end,
 * unless it is an alert.
 */
export class Lane {
  readonly #deps: LaneDeps;
  readonly #turn: Turn;
  readonly #wake: Wake;
  readonly #urgent: boolean;
  #failures = 0;
  #failing: { sinceMs: number; lastMs: number } | undefined;
  /** What failed and did not go since. */
  readonly #suspects = new Set<number>();
  #pauseUntilMs = 0;
  #isPauseAsked = false;
  #goesInOrder = false;
  #sending = false;
  #cut = new AbortController();
  readonly #recent = new Set<string>();

  constructor(turn: Turn, urgent: boolean, deps: LaneDeps) {
    this.#turn = turn;
    this.#urgent = urgent;
    this.#deps = deps;
    this.#wake = new Wake(deps.clock);
  }

  get sending(): boolean {
    return this.#sending;
  }

  /** Until when it leaves the target alone, by the monotonic clock; 0 when it doesn't. */
  get pauseUntilMs(): number {
    return this.#pauseUntilMs;
  }

  /** Whether it leaves the target alone because that asked for it: it is there, then, for others. */
  get isPauseAsked(): boolean {
    return this.#pauseUntilMs > 0 && this.#isPauseAsked;
  }

  /** Since when nothing could be sent, and when it was tried last, by the monotonic clock. */
  get failing(): { sinceMs: number; lastMs: number } | undefined {
    return this.#failing;
  }

  /** There may be something to send. */
  wake(): void {
    this.#wake.ring();
  }

  /** Something was sent to it: only where it asked for a pause it is given one. */
  targetIsThere(): void {
    if (this.#pauseUntilMs === 0 || this.#isPauseAsked) return;
    this.#pauseUntilMs = Math.min(this.#pauseUntilMs, (this.#failing?.lastMs ?? 0) + AGAIN_MS);
    this.#wake.ring();
  }

  /** Somebody doesn't want to wait: the most urgent goes now. */
  hurry(): void {
    this.#goesInOrder = true;
    this.#pauseUntilMs = 0;
    this.#wake.ring();
  }

  /** Nothing may go any more: what is under way is sent on another time. */
  interrupt(): void {
    this.#cut.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waitMs = await this.#step(signal);
      if (waitMs > 0) await this.#wake.wait(waitMs, signal);
      else await setImmediate(); // Of thousands of entries nothing may be there any more.
    }
  }

  /** Returns how long to wait before the next. Never rejects. */
  async #step(signal: AbortSignal): Promise<number> {
    const { clock, log } = this.#deps;
    try {
      const pauseMs = this.#pauseUntilMs - clock.monotonicMs();
      if (pauseMs > 0) return pauseMs;
      this.#pauseUntilMs = 0;
      const entry = this.#next();
      if (!entry) return Math.min(LONGEST_WAIT_MS, Math.max(1, this.#turn.waitMs()));
      this.#sending = true;
      await this.#cuttable((cut) => this.#offer(entry, cut), signal);
      return 0;
    } catch (error) {
      if (signal.aborted) return 0;
      log.error({ error: messageOf(error) }, 'what is to be sent could not be read from the store; trying again');
      return LATER_MS;
    } finally {
      this.#sending = false;
    }
  }

  /** Not AbortSignal.any: Node 20 keeps a trace of each on a signal that lives as long as the appliance. */
  async #cuttable(work: (cut: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const cut = new AbortController();
    this.#cut = cut;
    const end = () => cut.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    try {
      await work(cut.signal);
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  #next(): OutboxEntry | undefined {
    const tryAnother = this.#failures >= SUSPECT_FROM && this.#failures % 2 === 1 && !this.#goesInOrder;
    const other = tryAnother ? this.#turn.next([...this.#suspects]) : undefined;
    const next = other ?? this.#turn.next([]);
    if (next) this.#goesInOrder = false;
    return next;
  }

  async #offer(entry: OutboxEntry, signal: AbortSignal): Promise<void> {
    const { store, clock, target, parcels } = this.#deps;
    // It did, before its configuration changed.
    if (!target.takes.includes(entry.kind)) return await this.#giveUp(entry, 'the target takes none (any more)');
    const made = await this.#made(entry, () => parcels.make(entry, signal), signal);
    if (!made || signal.aborted) return;
    if (made.what === 'later') return store.outbox.defer(entry.id, clock.nowMs() + LATER_MS);
    if (made.what === 'done') return this.#remove(entry);
    if (made.what === 'lost') return this.#lost(entry, made);
    if (!entry.asked && made.nextMs !== undefined && this.#recent.has(made.parcel.key)) {
      return store.outbox.advance(entry.id, made.nextMs);
    }
    if (entry.kind === 'records' || entry.kind === 'clip') store.outbox.begin(entry.id);
    try {
      const told = await Attempt.send(
        target,
        { parcel: made.parcel, entry },
        { ...this.#deps, urgent: this.#urgent },
        signal,
      );
      if (made.bytes > told) this.#deps.onProgress(made.bytes - told);
      await this.#succeeded(entry, made);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof TargetRefusal) await this.#refused(entry, error.message);
      else if (error instanceof TargetOutdated) this.#keep(entry, error.message);
      else await this.#failed(entry, error);
    }
  }

  /** What can't be made is no fault of the line's. */
  async #made(entry: OutboxEntry, make: () => Promise<Made>, signal: AbortSignal): Promise<Made | undefined> {
    try {
      return await make();
    } catch (error) {
      if (signal.aborted) return undefined;
      this.#deps.onFailed(messageOf(error));
      if (isFault(error, 'unavailable')) this.#pause(undefined);
      else if (isFault(error, 'refused')) await this.#giveUp(entry, messageOf(error));
      else await this.#setAside(entry, messageOf(error));
      return undefined;
    }
  }

  async #succeeded(entry: OutboxEntry, made: Extract<Made, { what: 'parcel' }>): Promise<void> {
    const { store, target, forget, onSent } = this.#deps;
    if (made.nextMs === undefined) {
      store.outbox.sent(entry, made.bytes);
      await forget(entry);
    } else {
      store.outbox.advance(entry.id, made.nextMs, { target: target.name, bytes: made.bytes });
      this.#remember(made.parcel.key);
    }
    this.#suspects.delete(entry.id);
    this.#failures = 0;
    this.#failing = undefined;
    onSent();
  }

  #remember(key: string): void {
    const [oldest] = this.#recent;
    if (oldest !== undefined && this.#recent.size >= MOST_RECENT) this.#recent.delete(oldest);
    this.#recent.add(key);
  }

  async #failed(entry: OutboxEntry, error: unknown): Promise<void> {
    const { log, target, onFailed } = this.#deps;
    const message = messageOf(error);
    onFailed(message);
    // It fails again just after another went: it is no fault of the line's.
    if (this.#failures === 0 && this.#suspects.delete(entry.id)) return await this.#setAside(entry, message);
    this.#suspect(entry.id);
    this.#failures += 1;
    const nowMs = this.#deps.clock.monotonicMs();
    this.#failing = { sinceMs: this.#failing?.sinceMs ?? nowMs, lastMs: nowMs };
    this.#pause(error instanceof TargetBusy ? error.pauseMs : undefined);
    if (this.#failures === 1)
      log.warn({ target: target.name, error: message }, 'sending failed; it will be tried again');
  }

  #suspect(id: number): void {
    const [oldest] = this.#suspects;
    if (oldest !== undefined && this.#suspects.size >= MOST_SUSPECTS) this.#suspects.delete(oldest);
    this.#suspects.add(id);
  }

  #pause(askedMs: number | undefined): void {
    const { clock, capMs } = this.#deps;
    const ms = retryDelay({ firstMs: 1000, capMs }, Math.max(0, this.#failures - 1));
    this.#isPauseAsked = askedMs !== undefined;
    this.#pauseUntilMs = clock.monotonicMs() + Math.max(ms, askedMs ?? 0);
  }

  async #setAside(entry: OutboxEntry, message: string): Promise<void> {
    const { store, clock } = this.#deps;
    if (entry.attempts + 1 >= BUDGET && entry.kind !== 'alert') return await this.#giveUp(entry, message);
    store.outbox.setAside(entry.id, clock.nowMs() + retryDelay(ASIDE, entry.attempts));
  }

  /** Whoever refuses an alert may be mended. */
  async #refused(entry: OutboxEntry, message: string): Promise<void> {
    if (entry.kind !== 'alert') return await this.#giveUp(entry, message);
    this.#deps.onFailed(message);
    await this.#setAside(entry, message);
  }

  #keep(entry: OutboxEntry, message: string): void {
    const { store, clock, onFailed } = this.#deps;
    onFailed(message);
    store.outbox.keep(entry.id, clock.nowMs() + OUTDATED_MS);
  }

  /** Of a stretch only its next segment. */
  async #giveUp(entry: OutboxEntry, reason: string): Promise<void> {
    const { store, log, target, forget, onFailed } = this.#deps;
    const { streamId, startMs, endMs } = entry;
    const nextMs =
      entry.kind === 'segment' ? (store.segments.firstToEnd(streamId, startMs, endMs)?.endMs ?? endMs) : undefined;
    store.outbox.gaveUp(entry, `${entry.kind}: ${reason}`, nextMs);
    if (nextMs === undefined) await forget(entry);
    onFailed(reason);
    log.warn(
      { target: target.name, kind: entry.kind, ref: entry.ref, reason },
      'given up: the target does not take it',
    );
  }

  async #remove(entry: OutboxEntry): Promise<void> {
    this.#deps.store.outbox.remove(entry.id);
    await this.#deps.forget(entry);
  }

  async #lost(entry: OutboxEntry, { bytes, nextMs }: Extract<Made, { what: 'lost' }>): Promise<void> {
    const { store, log, target } = this.#deps;
    store.outbox.lost(entry, bytes, nextMs);
    log.warn({ target: target.name, kind: entry.kind, ref: entry.ref }, 'its file is gone: it could not be sent');
    if (nextMs === undefined) await this.#deps.forget(entry);
  }
}
