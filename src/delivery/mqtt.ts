import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { Config } from '#config';
import type { Delivery, Firing } from '#domain';
import {
  type Clock,
  deadline,
  Fault,
  type Log,
  messageOf,
  redactCredentials,
  retryDelay,
  retryDelays,
  Wake,
} from '#runtime';
import type { Store } from '#store';
import { type AlertLinks, webhookPayload } from './payload.ts';

const RECONNECT = { firstMs: 1000, capMs: 60_000 };
const REFUSED = { firstMs: 1000, capMs: 300_000 };
const CONNECT_TIMEOUT_MS = 10_000;
/** A broker that answers pings but acknowledges nothing for this long is as good as away. */
const ACK_TIMEOUT_MS = 20_000;
const GOODBYE_MS = 1000;
const IN_FLIGHT = 16;
const LONGEST_WAIT_MS = 30_000;

export type MqttConfig = NonNullable<Config['mqtt']>;

interface Connection {
  client: MqttClient;
  /** Aborts, with the reason, when the connection has ended or the outlet is stopped. */
  over: AbortSignal;
  /** Gives the connection up. */
  fail: (reason: unknown) => void;
}

export interface MqttDeps {
  store: Store;
  links: AlertLinks;
  mqtt: MqttConfig;
  clock: Clock;
  log: Log;
  streamName: (id: string) => string;
}

/**
 * One connection to the broker after the other; while one stands, what is due is published with QoS 1 and done at its
 * PUBACK. The outbox is the store's alone: a new client for each connection carries nothing over from the last.
 */
export class MqttOutlet implements AsyncDisposable {
  readonly #deps: MqttDeps;
  readonly #base: string;
  readonly #wake: Wake;
  readonly #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  #connected = false;
  #lastError: string | undefined;

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

  status(): { connected: boolean; lastError?: string } {
    return {
      connected: this.#connected,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    using _wakes = this.#deps.store.journal.onAppend(this.#wake.ring);
    let delays = retryDelays(RECONNECT);
    while (!signal.aborted) {
      try {
        await this.#connection(signal, () => {
          delays = retryDelays(RECONNECT);
        });
      } catch (error) {
        if (signal.aborted) return;
        this.#lastError = this.#clean(messageOf(error));
        this.#deps.log.warn({ error: this.#lastError }, 'no connection to the MQTT broker; alerts are kept for it');
      }
      // It only rejects when aborted, which ends the loop.
      await this.#deps.clock.sleep(delays.next().value, signal).catch(() => undefined);
    }
  }

  /** One connection, from its start to its end; throws why it failed or ended. */
  async #connection(signal: AbortSignal, onConnected: () => void): Promise<never> {
    const client = connect(this.#deps.mqtt.url, await this.#options());
    const gone = new AbortController();
    const fail = (reason: unknown) => gone.abort(reason);
    client.on('error', fail);
    client.on('close', () => fail(new Fault('unavailable', 'the broker closed the connection')));
    const over = AbortSignal.any([signal, gone.signal]);
    setMaxListeners(0, over); // Everything in flight listens.
    try {
      await untilAborted(new Promise<void>((resolve) => client.once('connect', () => resolve())), over);
      await this.#publish({ client, over, fail }, 'status', 'online', true);
      onConnected();
      this.#connected = true;
      this.#lastError = undefined;
      this.#deps.log.info('connected to the MQTT broker');
      return await this.#drain({ client, over, fail });
    } finally {
      if (this.#connected && !gone.signal.aborted) await this.#sayGoodbye(client, gone.signal);
      this.#connected = false;
      client.end(true);
    }
  }

  async #options(): Promise<IClientOptions> {
    const { mqtt, store } = this.#deps;
    const { username, password, caFile } = mqtt;
    return {
      clientId: store.boxId,
      clean: true,
      keepalive: 20,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      will: { topic: `${this.#base}/status`, payload: Buffer.from('offline'), qos: 1, retain: true },
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(caFile === undefined ? {} : { ca: await readCa(caFile) }),
    };
  }

  /** Publishes what is due until the connection is over, and throws why it is. */
  async #drain(connection: Connection): Promise<never> {
    const { over } = connection;
    const { store, clock } = this.#deps;
    for (;;) {
      over.throwIfAborted();
      const due = store.deliveries.due(clock.nowMs(), IN_FLIGHT, 'mqtt');
      await Promise.all(due.map((delivery) => this.#deliver(connection, delivery)));
      if (due.length > 0) continue;
      const nextMs = (store.deliveries.nextDueMs('mqtt') ?? Infinity) - clock.nowMs();
      await this.#wake.wait(Math.min(LONGEST_WAIT_MS, Math.max(0, nextMs)), over);
    }
  }

  /** An attempt counts only when the broker refused it; a connection that is lost is nobody's fault. */
  async #deliver(connection: Connection, delivery: Delivery & { firing: Firing }): Promise<void> {
    const { store, links, clock, log, streamName } = this.#deps;
    const payload = {
      ...webhookPayload(delivery.firing, links, streamName, delivery.what),
      box_id: store.boxId,
    };
    try {
      await this.#publish(connection, `alerts/${delivery.target}`, JSON.stringify(payload), false);
    } catch (error) {
      connection.over.throwIfAborted();
      const reason = this.#clean(messageOf(error));
      log.warn(
        { firing: delivery.firingId, error: reason },
        'the MQTT broker refused an alert; it will be tried again',
      );
      store.deliveries.failed(delivery.id, reason, clock.nowMs() + retryDelay(REFUSED, delivery.attempts));
      return;
    }
    store.deliveries.delivered(delivery.id, clock.nowMs());
  }

  /** Returns at the PUBACK. */
  async #publish({ client, over, fail }: Connection, topic: string, payload: string, retain: boolean): Promise<void> {
    const late = () => fail(new Fault('unavailable', 'the broker acknowledges nothing'));
    const timer = setTimeout(late, ACK_TIMEOUT_MS);
    try {
      await untilAborted(client.publishAsync(`${this.#base}/${topic}`, payload, { qos: 1, retain }), over);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A broker that has been left properly doesn't publish the will, so the same words are said here. */
  async #sayGoodbye(client: MqttClient, gone: AbortSignal): Promise<void> {
    using limit = deadline(gone, GOODBYE_MS);
    const over = limit.signal;
    try {
      await this.#publish({ client, over, fail: () => undefined }, 'status', 'offline', true);
      await untilAborted(client.endAsync(), over);
    } catch {
      // The broker publishes the will instead.
    }
  }

  #clean(message: string): string {
    const { password } = this.#deps.mqtt;
    return redactCredentials(password ? message.replaceAll(password, '***') : message);
  }
}

async function readCa(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Fault('invalid', `mqtt.caFile: can't read ${file}: does it exist, and may Watchpost read it?`, {
      cause: error,
    });
  }
}

/** The promise, or the signal's reason when that comes first; what the promise does later is not heard. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
