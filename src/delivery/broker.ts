import { readFile } from 'node:fs/promises';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { Config } from '#config';
import { Fault, type Log, messageOf, retryDelays } from '#runtime';

type BrokerConfig = NonNullable<Config['mqtt']>;

const RECONNECT = { firstMs: 1000, capMs: 60_000 };
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * The connection to the MQTT broker, which comes back by itself. `<prefix>/<box>/status` is retained: `online`, and the
 * broker says `offline` for us when the connection dies (last will).
 */
export class Broker implements AsyncDisposable {
  readonly #client: MqttClient;
  readonly #base: string;
  readonly #log: Log;
  #delays = retryDelays(RECONNECT);
  #retry: NodeJS.Timeout | undefined;
  #lastError: string | undefined;
  #ending = false;

  private constructor(client: MqttClient, base: string, log: Log, onConnect: () => void) {
    this.#client = client;
    this.#base = base;
    this.#log = log;
    client.on('error', (error) => {
      this.#lastError = messageOf(error);
    });
    client.on('connect', () => {
      this.#delays = retryDelays(RECONNECT);
      this.#lastError = undefined;
      log.info('connected to the MQTT broker');
      client.publish(this.#statusTopic, 'online', { qos: 1, retain: true });
      onConnect();
    });
    client.on('close', () => this.#reconnectLater());
  }

  /** Returns at once; the first connection comes when the broker does. Throws `invalid` when the CA file can't be read. */
  static async start(config: BrokerConfig, boxId: string, log: Log, onConnect: () => void): Promise<Broker> {
    const base = `${config.topicPrefix}/${boxId}`;
    const options: IClientOptions = {
      clientId: boxId,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      queueQoSZero: false,
      will: { topic: `${base}/status`, payload: Buffer.from('offline'), qos: 1, retain: true },
      ...(config.username === undefined ? {} : { username: config.username }),
      ...(config.password === undefined ? {} : { password: config.password }),
      ...(config.caFile === undefined ? {} : { ca: await readCa(config.caFile) }),
    };
    return new Broker(mqtt.connect(config.url, options), base, log, onConnect);
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  /**
   * Resolves when the broker has acknowledged it. When the connection breaks meanwhile it is sent again on the next one;
   * rejects only when the broker refuses it or this is disposed.
   */
  async publish(topic: string, payload: unknown): Promise<void> {
    await this.#client.publishAsync(`${this.#base}/${topic}`, JSON.stringify(payload), { qos: 1 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true;
    clearTimeout(this.#retry);
    if (this.#client.connected) {
      const said = this.#client.publishAsync(this.#statusTopic, 'offline', { qos: 1, retain: true });
      await Promise.race([said.catch(() => undefined), timeout(1000)]);
    }
    await this.#client.endAsync(true);
  }

  get #statusTopic(): string {
    return `${this.#base}/status`;
  }

  #reconnectLater(): void {
    if (this.#ending) return;
    clearTimeout(this.#retry);
    const delayMs = this.#delays.next().value;
    this.#log.warn({ error: this.#lastError, retryInMs: delayMs }, 'no connection to the MQTT broker');
    this.#retry = setTimeout(() => this.#client.reconnect(), delayMs);
  }
}

async function readCa(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Fault('invalid', `mqtt.caFile: can't read ${file}`, { cause: error });
  }
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
