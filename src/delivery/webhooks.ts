import { type Clock, type Log, messageOf, Wake } from '#runtime';
import type { FiringDelivery, Store } from '#store';
import { type AlertLinks, idempotencyKey, isLate, LATE_MS, webhookPayload } from './payload.ts';
import type { Outcome, Poster } from './poster.ts';
import { hostOf, Receivers } from './receivers.ts';
import { SetClock } from './set-clock.ts';

const LONGEST_WAIT_MS = 30_000;
/** What could not be delivered for so long is given up, but never for one failure or two: the box may have been off. */
const GIVE_UP_MS = 24 * 3_600_000;
const LEAST_FAILURES = 3;
/** A message refused so often lets those behind it pass: it may be the only one that its receiver chokes on. */
const ASIDE_FROM = 8;

export interface WebhookDeps {
  store: Store;
  links: AlertLinks;
  clock: Clock;
  log: Log;
  streamName: (id: string) => string;
}

/**
 * Posts what waits, to each target in the order in which it fired, what is fresh before what is late. A receiver that
 * fails is left alone for a growing while; a day later what waits for it is given up, and kept to be replayed. Setting the
 * box's clock makes nothing older or younger.
 */
export class Webhooks implements AsyncDisposable {
  readonly #deps: WebhookDeps;
  readonly #poster: Poster;
  readonly #receivers: Receivers;
  readonly #wake: Wake;
  readonly #setClock: SetClock;
  readonly #stop = new AbortController();
  readonly #posts = new Set<Promise<void>>();
  #ended: Promise<void> = Promise.resolve();
  #looks = 0;

  private constructor(deps: WebhookDeps, poster: Poster) {
    this.#deps = deps;
    this.#poster = poster;
    this.#receivers = new Receivers(deps.clock);
    this.#wake = new Wake(deps.clock);
    this.#setClock = new SetClock(deps.clock);
  }

  static start(deps: WebhookDeps, poster: Poster, signal: AbortSignal): Webhooks {
    const webhooks = new Webhooks(deps, poster);
    webhooks.#ended = webhooks.#run(AbortSignal.any([signal, webhooks.#stop.signal]));
    return webhooks;
  }

  /** Something may be due that no journal entry told of. */
  wake(): void {
    this.#wake.ring();
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
    await Promise.all(this.#posts);
  }

  /** Starts whatever may start now; returns how long to wait for more, unless something happens before. */
  #startDue(signal: AbortSignal): number {
    const { store, log } = this.#deps;
    try {
      this.#followClock();
      const targets = store.deliveries.targets('webhook');
      this.#receivers.keep(targets);
      // Another one is first each time: none waits because others are many.
      const first = this.#looks++ % Math.max(1, targets.length);
      const inTurn = [...targets.slice(first), ...targets.slice(0, first)];
      return Math.min(LONGEST_WAIT_MS, ...inTurn.map((target) => this.#startNext(target, signal)));
    } catch (error) {
      log.error({ error: messageOf(error) }, 'webhooks could not be read from the store; trying again');
      return LONGEST_WAIT_MS;
    }
  }

  /** Returns how long to wait for the target's next message. */
  #startNext(target: string, signal: AbortSignal): number {
    const { store, clock } = this.#deps;
    if (this.#receivers.waitMs(target, true) !== 0) return this.#receivers.waitMs(target, true) ?? LONGEST_WAIT_MS;
    const freshFromMs = clock.nowMs() - LATE_MS;
    const next = store.deliveries.turn({ channel: 'webhook', target, freshFromMs, asideFrom: ASIDE_FROM });
    if (!next) return LONGEST_WAIT_MS;
    const waitMs = this.#receivers.waitMs(target, next.sinceMs >= freshFromMs);
    if (waitMs !== 0) return waitMs ?? LONGEST_WAIT_MS;
    this.#receivers.began(target);
    const post = this.#deliver(next, signal).finally(() => {
      this.#receivers.ended(target);
      this.#posts.delete(post);
      this.#wake.ring();
    });
    this.#posts.add(post);
    return LONGEST_WAIT_MS;
  }

  /** Never rejects. */
  async #deliver(delivery: FiringDelivery, signal: AbortSignal): Promise<void> {
    const { store, links, clock, log, streamName } = this.#deps;
    const { firing, what, target } = delivery;
    try {
      const payload = webhookPayload(firing, links, streamName, what, isLate(delivery, clock.nowMs()));
      const outcome = await this.#poster.send(target, payload, idempotencyKey(delivery), signal);
      if (outcome.kind !== 'delivered') return this.#failed(delivery, outcome);
      this.#receivers.answered(target);
      store.deliveries.delivered(delivery.id, clock.nowMs());
    } catch (error) {
      if (signal.aborted) return;
      // Without its mark it would go out again and again.
      this.#receivers.failed(target, { wholeHost: false });
      log.error({ error: messageOf(error) }, 'a delivery could not be noted in the store');
    }
  }

  #failed(delivery: FiringDelivery, outcome: Exclude<Outcome, { kind: 'delivered' }>): void {
    const { store, clock, log } = this.#deps;
    const { id, target, firingId, attempts } = delivery;
    const { kind, reason, status } = outcome;
    const pause = kind === 'away' && outcome.pauseMs !== undefined ? { pauseMs: outcome.pauseMs } : {};
    const wholeHost = kind === 'away' && status === undefined;
    const { failures, inMs } = this.#receivers.failed(target, { wholeHost, ...pause });
    const nowMs = clock.nowMs();
    log.warn(
      { receiver: hostOf(target), firing: firingId, error: reason },
      'webhook not delivered; it will be tried again',
    );
    if (kind === 'refused') store.deliveries.failed(id, reason, nowMs + inMs);
    else store.deliveries.unreached(id, reason, nowMs + inMs);
    this.#followClock();
    const { sinceMs } = store.deliveries.get(id) ?? delivery;
    if (nowMs - sinceMs <= GIVE_UP_MS || Math.max(failures, attempts + 1) < LEAST_FAILURES) return;
    // What a receiver refuses is given up by itself; where nobody is, all that has waited for a day.
    const given =
      kind === 'refused'
        ? store.deliveries.giveUp(id, nowMs)
        : store.deliveries.giveUpAll(delivery, { beforeMs: nowMs - GIVE_UP_MS, nowMs, reason });
    log.warn({ receiver: hostOf(target), given, error: reason }, 'webhooks given up after a day; they can be replayed');
  }

  /** What waits is as old as the time in which it was tried. */
  #followClock(): void {
    const { store, clock, log } = this.#deps;
    const stepMs = this.#setClock.stepMs();
    if (stepMs === 0) return;
    store.deliveries.clockWasSet(stepMs, clock.nowMs());
    log.info({ stepMs }, 'the clock was set; webhooks that wait are no older for it');
  }
}
