import type { DeliveryChannel } from '#domain';
import { Lifetime } from '#runtime';
import { MqttOutlet, type MqttStatus } from './mqtt.ts';
import { MqttBoard } from './mqtt-board.ts';
import type { MqttBox } from './mqtt-errands.ts';
import { clientOptions, type MqttConfig } from './mqtt-options.ts';
import { type Outcome, Poster } from './poster.ts';
import { testPayload } from './test-payload.ts';
import { type WebhookDeps, Webhooks } from './webhooks.ts';

export interface DeliveryDeps extends WebhookDeps {
  /** Absent: no broker, and no MQTT deliveries are made. */
  mqtt?: MqttConfig;
}

/** Both outlets, running until disposed of. */
export class Delivery implements AsyncDisposable {
  readonly #deps: Omit<DeliveryDeps, 'mqtt'>;
  readonly #signal: AbortSignal;
  readonly #life = new Lifetime();
  readonly #poster: Poster;
  #webhooks: Webhooks | undefined;
  #broker: { config: MqttConfig; outlet: MqttOutlet } | undefined;
  #box: MqttBox | undefined;

  private constructor(deps: Omit<DeliveryDeps, 'mqtt'>, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
    this.#poster = this.#life.use(new Poster(deps));
  }

  /** Sends what is still due from former lives at once. */
  static async start({ mqtt, ...deps }: DeliveryDeps, signal: AbortSignal): Promise<Delivery> {
    const delivery = new Delivery(deps, signal);
    delivery.#webhooks = delivery.#life.use(Webhooks.start(deps, delivery.#poster, signal));
    delivery.#life.defer(() => delivery.#broker?.outlet[Symbol.asyncDispose]());
    if (mqtt) delivery.#connect(mqtt);
    return delivery;
  }

  /** From now on what is due goes to this broker, or waits for one. Throws `invalid` when files that it names are of no use. */
  async setBroker(mqtt: MqttConfig | undefined): Promise<void> {
    if (mqtt) await clientOptions(mqtt, { id: '', statusTopic: '' }, 5);
    const before = this.#broker;
    this.#broker = undefined;
    await before?.outlet[Symbol.asyncDispose]();
    if (mqtt) this.#connect(mqtt);
  }

  /** From now on the broker also shows the box and takes commands to it. Without a broker nothing happens. */
  attend(box: MqttBox): void {
    this.#box = box;
    this.#welcome();
  }

  /** Something is due that no firing told of. */
  wake(): void {
    this.#webhooks?.wake();
  }

  /** Posts an alert that never was, at once and once. */
  test(target: string, signal: AbortSignal): Promise<Outcome> {
    const { store, links, clock } = this.#deps;
    const payload = testPayload(store.boxId, links, clock.nowMs());
    return this.#poster.send(target, payload, payload.firing_id, signal);
  }

  /** Posts what isn't an alert, once. Throws `unavailable` unless the receiver took it. */
  post(target: string, payload: unknown, id: string, signal: AbortSignal): Promise<void> {
    return this.#poster.post(target, payload, id, signal);
  }

  /** As `post`; says what came of it. */
  send(target: string, payload: unknown, id: string, signal: AbortSignal): Promise<Outcome> {
    return this.#poster.send(target, payload, id, signal);
  }

  status(): {
    mqtt?: MqttStatus;
    backlog: { channel: DeliveryChannel; pending: number; oldestMs?: number }[];
    delivered: Record<DeliveryChannel, number>;
    dead?: number;
  } {
    const { deliveries } = this.#deps.store;
    const dead = deliveries.deadCount();
    return {
      ...(this.#broker ? { mqtt: this.#broker.outlet.status() } : {}),
      backlog: deliveries.backlog(),
      delivered: deliveries.totals(),
      ...(dead > 0 ? { dead } : {}),
    };
  }

  #connect(config: MqttConfig): void {
    this.#broker = { config, outlet: MqttOutlet.start({ ...this.#deps, mqtt: config }, this.#signal) };
    this.#welcome();
  }

  #welcome(): void {
    const { config: mqtt, outlet } = this.#broker ?? {};
    if (mqtt && this.#box) outlet?.welcome(new MqttBoard({ ...this.#deps, mqtt, box: this.#box }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#life[Symbol.asyncDispose]();
  }
}
