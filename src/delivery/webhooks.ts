import type { Delivery, Firing } from '#domain';
import { type Clock, type Log, messageOf, retryDelay, Wake } from '#runtime';
import type { Store } from '#store';
import { type AlertLinks, idempotencyKey, webhookPayload } from './payload.ts';
import { post } from './post.ts';

const SCHEDULE = { firstMs: 1000, capMs: 300_000 };
/** Posts under way at once, each to another receiver. */
const CONCURRENCY = 8;
const FIRST_LOOK = 64;
const LONGEST_WAIT_MS = 30_000;

type Due = Delivery & { firing: Firing };

export interface WebhookDeps {
  store: Store;
  links: AlertLinks;
  clock: Clock;
  log: Log;
  streamName: (id: string) => string;
}

/** Posts what is due, one at a time to each receiver; a receiver that fails is left alone for a growing while. */
export class Webhooks implements AsyncDisposable {
  readonly #deps: WebhookDeps;
  readonly #wake: Wake;
  readonly #stop = new AbortController();
  readonly #posts = new Map<string, Promise<void>>();
  readonly #held = new Map<string, { failures: number; untilMs: number }>();
  #ended: Promise<void> = Promise.resolve();

  private constructor(deps: WebhookDeps) {
    this.#deps = deps;
    this.#wake = new Wake(deps.clock);
  }

  static start(deps: WebhookDeps, signal: AbortSignal): Webhooks {
    const webhooks = new Webhooks(deps);
    webhooks.#ended = webhooks.#run(AbortSignal.any([signal, webhooks.#stop.signal]));
    return webhooks;
  }

  /** Ends the posts under way; those are due again when the appliance starts. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    using _wakes = this.#deps.store.journal.onAppend(this.#wake.ring);
    while (!signal.aborted) {
      await this.#wake.wait(this.#startDue(signal), signal);
    }
    await Promise.all(this.#posts.values());
  }

  /** Starts whatever may start now; returns how long to wait for more, unless something happens before. */
  #startDue(signal: AbortSignal): number {
    const { store, clock, log } = this.#deps;
    const nowMs = clock.nowMs();
    try {
      for (let limit = FIRST_LOOK; ; limit *= 4) {
        const due = store.deliveries.due(nowMs, limit, 'webhook');
        for (const delivery of due) this.#startOne(delivery, nowMs, signal);
        if (this.#posts.size >= CONCURRENCY) return LONGEST_WAIT_MS;
        // What is still due waits for a receiver that fails; looking through a long backlog is done less often.
        if (due.length === limit) continue;
        if (due.length > 0) return Math.min(LONGEST_WAIT_MS, 1000 + 10 * due.length);
        return Math.min(LONGEST_WAIT_MS, Math.max(0, (store.deliveries.nextDueMs('webhook') ?? Infinity) - nowMs));
      }
    } catch (error) {
      log.error({ error: messageOf(error) }, 'webhooks could not be read from the store; trying again');
      return LONGEST_WAIT_MS;
    }
  }

  #startOne(delivery: Due, nowMs: number, signal: AbortSignal): void {
    const receiver = receiverOf(delivery.target);
    const held = this.#held.get(receiver);
    const waits = held !== undefined && held.untilMs > nowMs && held.untilMs - nowMs <= SCHEDULE.capMs;
    if (this.#posts.size >= CONCURRENCY || this.#posts.has(receiver) || waits) return;
    const ended = this.#deliver(delivery, receiver, signal).finally(() => {
      this.#posts.delete(receiver);
      this.#wake.ring();
    });
    this.#posts.set(receiver, ended);
  }

  /** Never rejects. */
  async #deliver(delivery: Due, receiver: string, signal: AbortSignal): Promise<void> {
    const { store, links, clock, log, streamName } = this.#deps;
    try {
      const payload = webhookPayload(delivery.firing, links, streamName, delivery.what);
      await post(delivery.target, payload, idempotencyKey(delivery), signal);
      store.deliveries.delivered(delivery.id, clock.nowMs());
      this.#held.delete(receiver);
    } catch (error) {
      if (signal.aborted) return;
      const failures = (this.#held.get(receiver)?.failures ?? 0) + 1;
      this.#held.set(receiver, { failures, untilMs: clock.nowMs() + retryDelay(SCHEDULE, failures - 1) });
      const about = { receiver, firing: delivery.firingId, attempt: delivery.attempts + 1, error: messageOf(error) };
      log.warn(about, 'webhook not delivered; it will be tried again');
      this.#note(delivery, messageOf(error));
    }
  }

  #note(delivery: Due, reason: string): void {
    const { store, clock, log } = this.#deps;
    try {
      store.deliveries.failed(delivery.id, reason, clock.nowMs() + retryDelay(SCHEDULE, delivery.attempts));
    } catch (error) {
      log.error({ error: messageOf(error) }, 'an attempt could not be noted in the store');
    }
  }
}

/** Deliveries to one host share its fate. Says no credentials, path or query. */
function receiverOf(target: string): string {
  return URL.canParse(target) ? new URL(target).origin : 'no address';
}
