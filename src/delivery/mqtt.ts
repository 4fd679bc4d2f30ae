import type { Delivery, Firing } from '#domain';
import { type Clock, type Log, messageOf, redactCredentials, retryDelay, retryDelays, Wake } from '#runtime';
import type { Store } from '#store';
import { BrokerRefusal, MqttLink, type OnMessage } from './mqtt-link.ts';
import { clientOptions, type MqttConfig } from './mqtt-options.ts';
import { diagnose, type MqttProblem } from './mqtt-problem.ts';
import { type AlertLinks, isLate, webhookPayload } from './payload.ts';

const RECONNECT = { firstMs: 1000, capMs: 60_000 };
/** A connection that stood for so long was a good one: the next attempt needn't wait for long. */
const GOOD_MS = 30_000;
const REFUSED = { firstMs: 1000, capMs: 300_000 };
const BATCH = 16;
const LONGEST_WAIT_MS = 30_000;
const MOST_REFUSED = 20;

export interface MqttDeps {
  store: Store;
  links: AlertLinks;
  mqtt: MqttConfig;
  clock: Clock;
  log: Log;
  streamName: (id: string) => string;
}

export interface MqttStatus {
  connected: boolean;
  state: 'connecting' | 'connected' | 'waiting';
  /** What the last attempt failed of; absent while connected. */
  problem?: MqttProblem;
  /** For people: why there is no connection, or what the broker refuses on the one there is. */
  lastError?: string;
  /** When the next attempt is made. */
  nextTryMs?: number;
  /** Topics that the broker doesn't let the box publish or subscribe to. */
  refused?: string[];
}

/** What a guest does with a connection. Topics are whole. A refusal is noted, and not thrown. */
export interface MqttDesk {
  readonly over: AbortSignal;
  publish(topic: string, payload: string | Buffer, options?: { retain?: boolean }): Promise<void>;
  subscribe(topic: string): Promise<void>;
  /** To be said when all is announced that is to be found by then. */
  sayOnline(): Promise<void>;
}

/** Who shares the outlet's connections. */
export interface MqttGuest {
  /** Begins with each connection and ends, throwing, when it is over. */
  live(desk: MqttDesk): Promise<never>;
  heard: OnMessage;
}

/**
 * One connection to the broker after the other; while one stands, what is due is published with QoS 1 and done at its
 * PUBACK. The outbox is the store's alone: a new client for each connection carries nothing over from the last. MQTT 5,
 * in which brokers say that they refuse a message; 3.1.1 with those that don't speak it.
 */
export class MqttOutlet implements AsyncDisposable {
  readonly #deps: MqttDeps;
  readonly #base: string;
  readonly #wake: Wake;
  readonly #stop = new AbortController();
  readonly #refused = new Set<string>();
  #ended: Promise<void> = Promise.resolve();
  #guest: MqttGuest | undefined;
  #arrived: (guest: MqttGuest) => void = () => undefined;
  #version: 4 | 5 = 5;
  #status: MqttStatus = { connected: false, state: 'connecting' };

  private constructor(deps: MqttDeps) {
    this.#deps = deps;
    this.#base = `${deps.mqtt.topicPrefix}/${deps.store.boxId}`;
    this.#wake = new Wake(deps.clock);
  }

  static start(deps: MqttDeps, signal: AbortSignal): MqttOutlet {
    const outlet = new MqttOutlet(deps);
    outlet.#ended = outlet.#run(AbortSignal.any([signal, outlet.#stop.signal]));
    return outlet;
  }

  /** The guest lives with the connection that stands, and with each from now on. */
  welcome(guest: MqttGuest): void {
    this.#guest = guest;
    this.#arrived(guest);
  }

  status(): MqttStatus {
    if (this.#refused.size === 0) return this.#status;
    const refused = [...this.#refused];
    const lastError = `the broker refuses ${refused.join(', ')}: see what its ACL allows this box`;
    return { ...this.#status, ...(this.#status.connected ? { lastError } : {}), refused };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#deps;
    using _wakes = store.journal.onAppend(this.#wake.ring);
    let delays = retryDelays(RECONNECT);
    while (!signal.aborted) {
      const beganMs = clock.monotonicMs();
      try {
        await this.#connection(signal);
      } catch (error) {
        if (signal.aborted) return;
        const wasGood = this.#status.connected && clock.monotonicMs() - beganMs >= GOOD_MS;
        if (wasGood) delays = retryDelays(RECONNECT);
        const delayMs = this.#speaksOtherwise(error) ? 0 : delays.next().value;
        this.#failed(error, delayMs);
        // It only rejects when aborted, which ends the loop.
        await clock.sleep(delayMs, signal).catch(() => undefined);
      }
    }
  }

  /** One connection, from its start to its end; throws why it failed or ended. */
  async #connection(signal: AbortSignal): Promise<void> {
    const { mqtt, store, log } = this.#deps;
    const status = { topic: `${this.#base}/status`, payload: 'offline' };
    const options = await clientOptions(mqtt, { id: store.boxId, statusTopic: status.topic }, this.#version);
    const { problem, lastError } = this.#status;
    this.#status = {
      connected: false,
      state: 'connecting',
      ...(problem ? { problem } : {}),
      ...(lastError ? { lastError } : {}),
    };
    const link = await MqttLink.open(mqtt.url, options, (...said) => this.#guest?.heard(...said), signal);
    try {
      this.#refused.clear();
      this.#status = { connected: true, state: 'connected' };
      log.info({ mqtt: options.protocolVersion === 5 ? '5' : '3.1.1' }, 'connected to the MQTT broker');
      await Promise.all([this.#drain(link), this.#host(link)]);
    } finally {
      await link.leave(status);
    }
  }

  /** Returns whether the broker may understand the other version, which is tried at once. */
  #speaksOtherwise(error: unknown): boolean {
    if (this.#status.connected) return false;
    const { problem } = diagnose(error);
    const before = this.#version;
    // Some brokers close the connection where others say that they don't know the version.
    if (problem === 'protocol_refused' || problem === 'closed') this.#version = before === 5 ? 4 : 5;
    return problem === 'protocol_refused' && before === 5;
  }

  #failed(error: unknown, delayMs: number): void {
    const { clock, log } = this.#deps;
    const { problem, message } = diagnose(error);
    const lastError = this.#clean(message);
    const note = lastError === this.#status.lastError ? log.debug.bind(log) : log.warn.bind(log);
    note({ error: lastError, problem }, 'no connection to the MQTT broker; alerts are kept for it');
    this.#status = { connected: false, state: 'waiting', problem, lastError, nextTryMs: clock.nowMs() + delayMs };
  }

  /** Says that the box is online, as soon as the guest has announced what there is; without a guest at once. */
  async #host(link: MqttLink): Promise<never> {
    const sayOnline = () => this.#publish(link, `${this.#base}/status`, 'online', { retain: true });
    if (!this.#guest) await sayOnline();
    const guest = this.#guest ?? (await this.#arrival(link.over));
    return await guest.live({
      over: link.over,
      publish: (topic, payload, options) => this.#publish(link, topic, payload, options),
      subscribe: (topic) => this.#unlessRefused(topic, () => link.subscribe(topic)),
      sayOnline,
    });
  }

  #arrival(over: AbortSignal): Promise<MqttGuest> {
    return new Promise((resolve, reject) => {
      this.#arrived = resolve;
      over.addEventListener('abort', () => reject(over.reason), { once: true });
    });
  }

  #publish(link: MqttLink, topic: string, payload: string | Buffer, options?: { retain?: boolean }): Promise<void> {
    return this.#unlessRefused(topic, () => link.publish(topic, payload, options));
  }

  async #unlessRefused(topic: string, ask: () => Promise<void>): Promise<void> {
    try {
      await ask();
      this.#refused.delete(topic);
    } catch (error) {
      if (!(error instanceof BrokerRefusal)) throw error;
      this.#noteRefusal(topic, error);
    }
  }

  #noteRefusal(topic: string, error: BrokerRefusal): void {
    if (this.#refused.has(topic) || this.#refused.size >= MOST_REFUSED) return;
    this.#refused.add(topic);
    this.#deps.log.warn({ error: this.#clean(error.message) }, 'the MQTT broker refuses a topic');
  }

  /** Publishes what is due until the connection is over, and throws why it is. */
  async #drain(link: MqttLink): Promise<never> {
    const { store, clock } = this.#deps;
    for (;;) {
      link.over.throwIfAborted();
      const due = store.deliveries.due(clock.nowMs(), BATCH, 'mqtt');
      await Promise.all(due.map((delivery) => this.#deliver(link, delivery)));
      if (due.length > 0) continue;
      const nextMs = (store.deliveries.nextDueMs('mqtt') ?? Infinity) - clock.nowMs();
      await this.#wake.wait(Math.min(LONGEST_WAIT_MS, Math.max(0, nextMs)), link.over);
    }
  }

  /** An attempt counts only when the broker refused it; a connection that is lost is nobody's fault. */
  async #deliver(link: MqttLink, delivery: Delivery & { firing: Firing }): Promise<void> {
    const { store, links, clock, streamName } = this.#deps;
    const late = isLate(delivery, clock.nowMs());
    const alert = webhookPayload(delivery.firing, links, streamName, delivery.what, late);
    const boxId = store.streams.get(delivery.firing.streamId)?.boxId ?? store.boxId;
    const payload = { ...alert, box_id: boxId };
    const topic = `${this.#base}/alerts/${delivery.target}`;
    try {
      await link.publish(topic, JSON.stringify(payload));
    } catch (error) {
      if (!(error instanceof BrokerRefusal)) throw error;
      this.#noteRefusal(topic, error);
      const reason = this.#clean(messageOf(error));
      store.deliveries.failed(delivery.id, reason, clock.nowMs() + retryDelay(REFUSED, delivery.attempts));
      return;
    }
    this.#refused.delete(topic);
    store.deliveries.delivered(delivery.id, clock.nowMs());
  }

  #clean(message: string): string {
    const { password } = this.#deps.mqtt;
    return redactCredentials(password ? message.replaceAll(password, '***') : message);
  }
}
