import type { CaptureEvent } from '#domain';
import { type Clock, type Log, messageOf, retryDelay, Wake } from '#runtime';
import type { CaptureCall, Store } from '#store';

const SCHEDULE = { firstMs: 1000, capMs: 300_000 };
/** That takes a day, whatever the clock says meanwhile. */
const MOST_ATTEMPTS = 320;
const LONGEST_WAIT_MS = 30_000;
/** Calls under way at once, also when a thousand sessions wait for receivers that hang. */
const MOST_AT_ONCE = 32;

export interface CaptureCallbackDeps {
  store: Pick<Store, 'captures' | 'journal'>;
  /** What the address is sent; undefined for what is forgotten by now. */
  payload: (event: CaptureEvent) => object | undefined;
  /** Throws unless the receiver has taken it. */
  post: (url: string, payload: object, id: string, signal: AbortSignal) => Promise<void>;
  clock: Clock;
  log: Log;
}

/**
 * Tells callback addresses what happens to their sessions: of each session one event after the other, each until it is
 * taken, with the same idempotency key each time. No session waits for another's receiver, but when very many hang.
 */
export class CaptureCallbacks implements AsyncDisposable {
  readonly #deps: CaptureCallbackDeps;
  readonly #wake: Wake;
  readonly #stop = new AbortController();
  readonly #calls = new Map<string, Promise<void>>();
  readonly #ended: Promise<void>;

  constructor(deps: CaptureCallbackDeps) {
    this.#deps = deps;
    this.#wake = new Wake(deps.clock);
    this.#ended = this.#run(this.#stop.signal);
  }

  /** Calls under way are ended; they are made again at the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
    await Promise.all(this.#calls.values());
  }

  async #run(signal: AbortSignal): Promise<void> {
    using _wakes = this.#deps.store.journal.onAppend(this.#wake.ring);
    while (!signal.aborted) {
      await this.#wake.wait(this.#startDue(signal), signal);
    }
  }

  /** Returns how long to wait for the next. */
  #startDue(signal: AbortSignal): number {
    const { store, clock, log } = this.#deps;
    try {
      const nowMs = clock.nowMs();
      for (const call of store.captures.events.due(nowMs)) this.#start(call, signal);
      const dueMs = store.captures.events.nextDueMs(nowMs) ?? Infinity;
      // What is due and under way rings when it ends.
      return dueMs <= nowMs ? LONGEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, dueMs - nowMs);
    } catch (error) {
      log.error({ error: messageOf(error) }, 'events of capture sessions could not be read; trying again');
      return LONGEST_WAIT_MS;
    }
  }

  #start(call: CaptureCall, signal: AbortSignal): void {
    const { sessionId } = call.event;
    if (this.#calls.has(sessionId) || this.#calls.size >= MOST_AT_ONCE) return;
    const made = this.#call(call, signal).finally(() => {
      this.#calls.delete(sessionId);
      this.#wake.ring();
    });
    this.#calls.set(sessionId, made);
  }

  /** Never rejects. */
  async #call({ event, url, attempts }: CaptureCall, signal: AbortSignal): Promise<void> {
    const { store, payload, post } = this.#deps;
    try {
      const body = payload(event);
      if (body) await post(url, body, idOf(event), signal);
      store.captures.events.told(event.id);
    } catch (error) {
      if (signal.aborted) return;
      await this.#failed(event, attempts, messageOf(error), signal);
    }
  }

  async #failed(event: CaptureEvent, attempts: number, reason: string, signal: AbortSignal): Promise<void> {
    const { store, clock, log } = this.#deps;
    const givenUp = attempts + 1 >= MOST_ATTEMPTS;
    log.warn({ session: event.sessionId, status: event.status, error: reason, givenUp }, 'capture event not delivered');
    try {
      const nextMs = givenUp ? undefined : clock.nowMs() + retryDelay(SCHEDULE, attempts);
      store.captures.events.failed(event.id, reason, nextMs);
    } catch (error) {
      // Without its mark it would go out again at once, and again.
      log.error({ error: messageOf(error) }, 'a capture event could not be noted in the store');
      await clock.sleep(LONGEST_WAIT_MS, signal).catch(() => undefined);
    }
  }
}

/** The same for each attempt, by which receivers tell repetitions. */
function idOf({ sessionId, status }: CaptureEvent): string {
  return `${sessionId}-${status}`;
}
