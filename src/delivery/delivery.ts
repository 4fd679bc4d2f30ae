import type { DeliveryChannel } from '#domain';
import { Lifetime } from '#runtime';
import { MqttOutlet, type MqttStatus } from './mqtt.ts';
import { MqttBoard } from './mqtt-board.ts';
import type { MqttBox } from './mqtt-errands.ts';
import type { MqttConfig } from './mqtt-options.ts';
import { type Outcome, Poster } from './poster.ts';
import { testPayload } from './test-payload.ts';
import { type WebhookDeps, Webhooks } from './webhooks.ts';

export interface DeliveryDeps extends WebhookDeps {
  /** Absent: no broker, and no MQTT deliveries are made. */
  mqtt?: MqttConfig;
}

/** Both outlets, running until disposed of. */
export class Delivery implements AsyncDisposable {
  readonly #deps: DeliveryDeps;
  readonly #life = new Lifetime();
  readonly #poster: Poster;
  #webhooks: Webhooks | undefined;
  #mqtt: MqttOutlet | undefined;

  private constructor(deps: DeliveryDeps) {
    this.#deps = deps;
    this.#poster = this.#life.use(new Poster(deps));
  }

  /** Sends what is still due from former lives at once. */
  static async start(deps: DeliveryDeps, signal: AbortSignal): Promise<Delivery> {
    const delivery = new Delivery(deps);
    const { mqtt } = deps;
    delivery.#webhooks = delivery.#life.use(Webhooks.start(deps, delivery.#poster, signal));
    if (mqtt) delivery.#mqtt = delivery.#life.use(MqttOutlet.start({ ...deps, mqtt }, signal));
    return delivery;
  }

  /** From now on the broker also shows the box and takes commands to it. Without a broker nothing happens. */
  attend(box: MqttBox): void {
    const { mqtt } = this.#deps;
    if (mqtt) this.#mqtt?.welcome(new MqttBoard({ ...this.#deps, mqtt, box }));
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
      ...(this.#mqtt ? { mqtt: this.#mqtt.status() } : {}),
      backlog: deliveries.backlog(),
      delivered: deliveries.totals(),
      ...(dead > 0 ? { dead } : {}),
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#life[Symbol.asyncDispose]();
  }
}
