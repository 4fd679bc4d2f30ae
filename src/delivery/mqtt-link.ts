import { setMaxListeners } from 'node:events';
import { connect, type IClientOptions, type IConnackPacket, type MqttClient } from 'mqtt';
import { deadline, Gate } from '#runtime';
import { diagnose, MqttTrouble, problemOfCode } from './mqtt-problem.ts';

/** A broker that answers pings but acknowledges nothing for this long is as good as away. */
const ACK_TIMEOUT_MS = 20_000;
const GOODBYE_MS = 1000;
/** Published and not acknowledged at once; a broker may want fewer. */
const IN_FLIGHT = 16;

const BEFORE_IT_STOOD =
  'before it was set up: are port and scheme of mqtt.url right, and does it want TLS or a certificate?';

/** The broker has heard what it was asked, and won't do it; the connection stands. */
export class BrokerRefusal extends Error {}

export type OnMessage = (topic: string, payload: Buffer, retained: boolean) => void;

/** One connection to a broker, from its CONNACK to its end. */
export class MqttLink {
  /** Aborts, with the reason, when the connection has ended, or when whoever opened it stops. */
  readonly over: AbortSignal;
  readonly #client: MqttClient;
  readonly #gone: AbortController;
  readonly #room: Gate;

  private constructor(client: MqttClient, gone: AbortController, over: AbortSignal, mostInFlight: number) {
    this.#client = client;
    this.#gone = gone;
    this.over = over;
    this.#room = new Gate(Math.min(IN_FLIGHT, mostInFlight));
  }

  /** Throws why there is no connection, or the signal's reason. */
  static async open(
    url: string,
    options: IClientOptions,
    onMessage: OnMessage,
    signal: AbortSignal,
  ): Promise<MqttLink> {
    const client = connect(url, options);
    const gone = new AbortController();
    const fail = (reason: unknown) => gone.abort(reason);
    client.on('error', fail);
    client.on('disconnect', ({ reasonCode }) => fail(new MqttTrouble(problemOfCode(reasonCode))));
    client.on('close', () => fail(new MqttTrouble('closed')));
    client.on('message', (topic, payload, { retain }) => onMessage(topic, payload, retain));
    const over = AbortSignal.any([signal, gone.signal]);
    setMaxListeners(0, over); // Everything in flight listens.
    try {
      const connack = new Promise<IConnackPacket>((resolve) => client.once('connect', resolve));
      const { properties } = await untilAborted(connack, over);
      return new MqttLink(client, gone, over, properties?.receiveMaximum ?? IN_FLIGHT);
    } catch (error) {
      client.end(true);
      signal.throwIfAborted();
      throw diagnose(error).problem === 'closed' ? new MqttTrouble('closed', BEFORE_IT_STOOD) : error;
    }
  }

  /** Returns at the PUBACK. Throws a BrokerRefusal, or why the connection is over. */
  async publish(topic: string, payload: string | Buffer, { retain = false } = {}): Promise<void> {
    using _place = await this.#room.enter(this.over);
    await this.#acknowledged(this.#client.publishAsync(topic, payload, { qos: 1, retain }), topic);
  }

  /** Returns at the SUBACK. Throws a BrokerRefusal, or why the connection is over. */
  async subscribe(topic: string): Promise<void> {
    await this.#acknowledged(this.#client.subscribeAsync(topic, { qos: 1 }), topic);
  }

  /** Says a last word, then leaves properly, unless the connection is gone; never throws, takes a second at most. */
  async leave({ topic, payload }: { topic: string; payload: string }): Promise<void> {
    if (!this.#gone.signal.aborted) {
      using limit = deadline(this.#gone.signal, GOODBYE_MS);
      const said = this.#client.publishAsync(topic, payload, { qos: 1, retain: true });
      await untilAborted(
        said.then(() => this.#client.endAsync()),
        limit.signal,
      ).catch(() => undefined); // The broker publishes the will instead.
    }
    this.#client.end(true);
  }

  async #acknowledged(asked: Promise<unknown>, topic: string): Promise<void> {
    const late = () => this.#gone.abort(new MqttTrouble('hangs', 'it acknowledges nothing'));
    const timer = setTimeout(late, ACK_TIMEOUT_MS);
    try {
      await untilAborted(asked, this.over);
    } catch (error) {
      this.over.throwIfAborted();
      throw new BrokerRefusal(`the broker refuses ${topic}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
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
