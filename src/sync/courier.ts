import { setImmediate } from 'node:timers/promises';
import type { TargetConfig } from '#config';
import { isScheduled, type JournalKind, nextChange, type Schedule, scheduleOf } from '#domain';
import { type Clock, Fault, type Log, messageOf, retryDelay, Wake } from '#runtime';
import type { OutboxEntry, Store, TargetTotals, Waiting } from '#store';
import { Bandwidth } from './bandwidth.ts';
import { Lane, type LaneDeps } from './lane.ts';
import type { Parcels } from './parcels.ts';
import { entriesAsked, entriesFor, PRIORITY } from './policy.ts';
import type { Target } from './target.ts';
import { Throughput } from './throughput.ts';

const JOURNAL: readonly JournalKind[] = [
  'firing',
  'verdict',
  'scene',
  'growth',
  'retold',
  'transcript',
  'segment',
  'gap',
  'mark',
  'deleted',
];
const AT_ONCE = 100;
const LONGEST_WAIT_MS = 30_000;
/** Entries of what is asked for that are written at a stretch: each may mark a hundred segments. */
const ASKED_AT_ONCE = 8;
/** An alert does not wait for long to see whether its target is there again. */
const URGENT_CAP_MS = 15_000;
const BULK_CAP_MS = 300_000;

/** So soon after an alert could not be sent, others need not ask whether the target is there. */
const PROBED_MS = 250;
const URGENT = { priorities: [PRIORITY.alert, PRIORITY.picture] as const };
const ASKED = { priorities: [PRIORITY.asked, PRIORITY.asked] as const };

/** How one target does. */
export interface TargetStatus extends TargetTotals {
  name: string;
  kind: TargetConfig['kind'];
  /** `waiting`: it failed, and is tried again; `later`: what waits may not go now. */
  phase: 'sending' | 'idle' | 'waiting' | 'paused' | 'later';
  /** Of `waiting`, `paused` and `later`. */
  why?: string;
  waiting: Waiting[];
  /** Since when the oldest of it waits. */
  oldestWaitingMs?: number;
  /** How long all of it will take, by how fast it went. */
  leftMs?: number;
  lastError?: { message: string; atMs: number };
  nextTryMs?: number;
  lastSentMs?: number;
}

export interface CourierDeps {
  store: Store;
  parcels: Parcels;
  makeTarget: (config: TargetConfig) => Promise<Target>;
  forgetClip: (entry: Pick<OutboxEntry, 'id'>) => Promise<void>;
  clock: Clock;
  log: Log;
}

/**
 * Everything for one target: enters in the outbox what the journal tells of, and sends it on two lanes, so that no alert
 * waits for the end of an upload. Whether the target is there changes nothing for what is entered.
 */
export class Courier implements AsyncDisposable {
  readonly config: TargetConfig;
  readonly #deps: CourierDeps;
  readonly #schedule: Schedule | undefined;
  readonly #stop = new AbortController();
  readonly #fillWake: Wake;
  readonly #throughput: Throughput;
  #target: Target | undefined;
  #lanes: { urgent: Lane; bulk: Lane } | undefined;
  #ended: Promise<void> = Promise.resolve();
  #hurried = false;
  #lastError: TargetStatus['lastError'];
  #lastSentMs: number | undefined;
  /** By the monotonic clock. */
  #lastSent: number | undefined;

  private constructor(config: TargetConfig, deps: CourierDeps) {
    this.config = config;
    this.#deps = deps;
    this.#schedule = config.schedule && scheduleOf(config.schedule);
    this.#fillWake = new Wake(deps.clock);
    this.#throughput = new Throughput(deps.clock);
  }

  static start(config: TargetConfig, deps: CourierDeps): Courier {
    const courier = new Courier(config, deps);
    deps.store.outbox.open(config.name);
    courier.#ended = courier.#run(courier.#stop.signal);
    return courier;
  }

  /** What was under way is sent on when it starts again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  /** It was paused or resumed. */
  changed(): void {
    if (this.#isPaused) {
      this.#lanes?.urgent.interrupt();
      this.#lanes?.bulk.interrupt();
    }
    this.#wakeLanes();
  }

  /** Pauses end, and what waits for its hours goes now. */
  hurry(): void {
    this.#hurried = true;
    this.#deps.store.outbox.hurry(this.config.name);
    this.#lanes?.urgent.hurry();
    this.#lanes?.bulk.hurry();
  }

  /**
   * Enters a stretch of recording, before all that nobody asked for, in slices: others have their turn. Returns how many parts it
   * has; 0: it takes none. Asked again after it was cut short it is the same. Throws `unavailable` when the target has ended.
   */
  async ask(asked: { streamId: string; fromMs: number; toMs: number; by: string }): Promise<number> {
    if (!this.#target) return 0;
    const { outbox } = this.#deps.store;
    const entries = entriesAsked(this.#target, asked);
    for (let n = 0; n < entries.length; n += ASKED_AT_ONCE) {
      if (n > 0) await setImmediate();
      if (this.#stop.signal.aborted) throw new Fault('unavailable', 'target: it was changed meanwhile; ask again');
      outbox.fill(this.config.name, entries.slice(n, n + ASKED_AT_ONCE), this.#deps.clock.nowMs());
      this.#wakeLanes();
    }
    return entries.length;
  }

  status(): TargetStatus {
    const { store, clock } = this.#deps;
    const totals = store.outbox.targets.totals(this.config.name);
    const waiting = store.outbox.backlog(this.config.name);
    const bytes = waiting.reduce((sum, one) => sum + one.bytes, 0);
    const leftMs = this.#throughput.durationMs(bytes, this.config.maxKbps);
    const oldestWaitingMs = store.outbox.oldestMs(this.config.name);
    const untilMs = Math.max(this.#lanes?.urgent.pauseUntilMs ?? 0, this.#lanes?.bulk.pauseUntilMs ?? 0);
    const pauseMs = untilMs - clock.monotonicMs();
    return {
      name: this.config.name,
      kind: this.config.kind,
      ...this.#phase(totals, waiting, pauseMs > 0),
      waiting,
      ...(oldestWaitingMs === undefined ? {} : { oldestWaitingMs }),
      ...(waiting.length === 0 || leftMs === undefined ? {} : { leftMs }),
      ...(this.#lastError ? { lastError: this.#lastError } : {}),
      ...(pauseMs > 0 ? { nextTryMs: Math.round(clock.nowMs() + pauseMs) } : {}),
      ...(this.#lastSentMs === undefined ? {} : { lastSentMs: this.#lastSentMs }),
      ...totals,
    };
  }

  #phase(totals: TargetTotals, waiting: readonly Waiting[], isPausing: boolean): Pick<TargetStatus, 'phase' | 'why'> {
    if (totals.pausedMs !== undefined) return { phase: 'paused', why: `paused by ${totals.pausedBy ?? 'somebody'}` };
    if (this.#lanes?.urgent.sending || this.#lanes?.bulk.sending) return { phase: 'sending' };
    if ((isPausing || !this.#lanes) && this.#lastError) return { phase: 'waiting', why: this.#lastError.message };
    if (waiting.length === 0) return { phase: 'idle' };
    return this.#mayAll() ? { phase: 'idle' } : { phase: 'later', why: 'outside its hours' };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const target = await this.#open(signal);
    if (!target) return;
    try {
      const bandwidth = new Bandwidth(this.#deps.clock, this.config.maxKbps);
      const urgent = new Lane(this.#urgentTurn(), true, this.#laneDeps(target, bandwidth, URGENT_CAP_MS));
      const bulk = new Lane(this.#bulkTurn(), false, this.#laneDeps(target, bandwidth, BULK_CAP_MS));
      this.#lanes = { urgent, bulk };
      await Promise.all([this.#fill(target, signal), urgent.run(signal), bulk.run(signal)]);
    } finally {
      await target[Symbol.asyncDispose]?.();
    }
  }

  /** Until it can be made: a file that its configuration names may come yet. */
  async #open(signal: AbortSignal): Promise<Target | undefined> {
    const { makeTarget, clock, log } = this.#deps;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        this.#target = await makeTarget(this.config);
        return this.#target;
      } catch (error) {
        this.#failed(messageOf(error));
        log.error({ target: this.config.name, error: messageOf(error) }, 'the target can not be used; trying again');
        await clock.sleep(retryDelay({ firstMs: 1000, capMs: BULK_CAP_MS }, attempt), signal).catch(() => undefined);
      }
    }
    return undefined;
  }

  async #fill(target: Target, signal: AbortSignal): Promise<void> {
    const { store, log } = this.#deps;
    using _wakes = store.journal.onAppend(this.#fillWake.ring);
    while (!signal.aborted) {
      let more = false;
      try {
        more = this.#fillOnce(target);
      } catch (error) {
        log.error({ error: messageOf(error) }, 'what is to be sent could not be entered in the store; trying again');
      }
      if (more) await setImmediate();
      else await this.#fillWake.wait(LONGEST_WAIT_MS, signal);
    }
  }

  /** True when there may be more. */
  #fillOnce(target: Target): boolean {
    const { store, clock, log } = this.#deps;
    const { name } = this.config;
    const journal = store.journal.after(store.outbox.cursor(name), AT_ONCE, JOURNAL);
    const last = journal.at(-1);
    if (!last) return false;
    const { send, metered } = this.config;
    const { takes, clipsAs, follows } = target;
    const entries = entriesFor(
      { send, metered, takes, clipsAs, ...(follows ? { follows } : {}) },
      journal,
      store,
      clock.nowMs(),
    );
    const dropped = store.outbox.fill(name, entries, clock.nowMs(), last.seq);
    if (dropped > 0)
      log.warn({ target: name, dropped }, 'too much waits for the target: the oldest of the least urgent goes');
    if (entries.length > 0) this.#wakeLanes();
    return journal.length === AT_ONCE;
  }

  #laneDeps(target: Target, bandwidth: Bandwidth, capMs: number): LaneDeps {
    const { store, parcels, clock, log, forgetClip } = this.#deps;
    return {
      ...{ store, parcels, target, bandwidth, clock, log, capMs },
      forget: async (entry) => {
        if (entry.kind === 'clip') await forgetClip(entry);
      },
      onProgress: (bytes) => this.#throughput.add(bytes),
      onSent: () => {
        this.#lastSentMs = clock.nowMs();
        this.#lastSent = clock.monotonicMs();
        this.#lastError = undefined;
        this.#lanes?.urgent.targetIsThere();
        this.#lanes?.bulk.targetIsThere();
      },
      onFailed: (message) => {
        this.#failed(message);
        this.#lanes?.bulk.wake();
      },
    };
  }

  #failed(message: string): void {
    this.#lastError = { message, atMs: this.#deps.clock.nowMs() };
  }

  #urgentTurn() {
    return {
      next: (except: readonly number[]) => this.#turn(URGENT, except),
      waitMs: () => this.#untilNext(URGENT),
    };
  }

  #bulkTurn() {
    return {
      next: (except: readonly number[]) => {
        if (this.#alertsGoFirst()) return undefined;
        const next = this.#turn(ASKED, except) ?? (this.#mayAll() ? this.#turn(this.#unasked(), except) : undefined);
        if (!next && except.length === 0) this.#hurried = false;
        return next;
      },
      waitMs: () => {
        if (this.#alertsGoFirst()) return PROBED_MS;
        return Math.min(this.#untilNext(ASKED), this.#mayAll() ? this.#untilNext(this.#unasked()) : this.#untilHours());
      },
    };
  }

  /** Where nothing could be sent, alerts that wait find out whether the target is there again: so they arrive first. */
  #alertsGoFirst(): boolean {
    const { urgent } = this.#lanes ?? {};
    if (!urgent?.failing || urgent.isPauseAsked || !this.#turn(URGENT)) return false;
    if ((this.#lastSent ?? -Infinity) > urgent.failing.sinceMs) return false;
    if (this.#deps.clock.monotonicMs() - urgent.failing.lastMs < PROBED_MS) return false;
    urgent.targetIsThere(); // It tries now, unless it was asked to wait.
    return true;
  }

  #unasked(): { priorities: readonly [number, number] } {
    const { metered } = this.config;
    return { priorities: metered ? [PRIORITY.records, PRIORITY.records] : [PRIORITY.clip, PRIORITY.all] };
  }

  #turn(query: { priorities: readonly [number, number] }, except: readonly number[] = []): OutboxEntry | undefined {
    const { store, clock } = this.#deps;
    if (this.#isPaused) return undefined;
    const nowMs = clock.nowMs();
    return store.outbox.turn({
      target: this.config.name,
      nowMs,
      ...query,
      ...(except === undefined ? {} : { except }),
    });
  }

  #untilNext(query: { priorities: readonly [number, number] }): number {
    const { store, clock } = this.#deps;
    if (this.#isPaused) return LONGEST_WAIT_MS;
    const nowMs = clock.nowMs();
    const dueMs = store.outbox.nextMs({ target: this.config.name, nowMs, ...query });
    return dueMs === undefined ? LONGEST_WAIT_MS : Math.max(1, dueMs - nowMs);
  }

  get #isPaused(): boolean {
    return this.#deps.store.outbox.targets.totals(this.config.name).pausedMs !== undefined;
  }

  #mayAll(): boolean {
    return this.#hurried || !this.#schedule || isScheduled(this.#schedule, this.#deps.clock.nowMs());
  }

  #untilHours(): number {
    const nowMs = this.#deps.clock.nowMs();
    const change = this.#schedule && nextChange(this.#schedule, nowMs);
    return change ? change.atMs - nowMs : LONGEST_WAIT_MS;
  }

  #wakeLanes(): void {
    this.#lanes?.urgent.wake();
    this.#lanes?.bulk.wake();
  }
}
