import type { DeliveryChannel } from '#domain';
import { Lifetime } from '#runtime';
import { MqttOutlet, type MqttStatus } from './mqtt.ts';
import { MqttBoard } from './mqtt-board.ts';
import type { MqttBox } from './mqtt-errands.ts';
import type { MqttConfig } from './mqtt-options.ts';
import { type WebhookDeps, Webhooks } from './webhooks.ts';

export interface DeliveryDeps extends WebhookDeps {
  /** Absent: no broker, and no MQTT deliveries are made. */
  mqtt?: MqttConfig;
}

/** Both outlets, running until disposed of. */
export class Delivery implements AsyncDisposable {
  readonly #deps: DeliveryDeps;
  readonly #life = new Lifetime();
  #mqtt: MqttOutlet | undefined;

  private constructor(deps: DeliveryDeps) {
    this.#deps = deps;
  }

  /** Sends what is still due from former lives at once. */
  static async start(deps: DeliveryDeps, signal: AbortSignal): Promise<Delivery> {
    const delivery = new Delivery(deps);
    const { mqtt } = deps;
    delivery.#life.use(Webhooks.start(deps, signal));
    if (mqtt) delivery.#mqtt = delivery.#life.use(MqttOutlet.start({ ...deps, mqtt }, signal));
    return delivery;
  }

  /** From now on the broker also shows the box and takes commands to it. Without a broker nothing happens. */
  attend(box: MqttBox): void {
    const { mqtt } = this.#deps;
    if (mqtt) this.#mqtt?.welcome(new MqttBoard({ ...this.#deps, mqtt, box }));
  }

  status(): {
    mqtt?: MqttStatus;
    backlog: { channel: DeliveryChannel; pending: number; oldestMs?: number }[];
    delivered: Record<DeliveryChannel, number>;
  } {
    const { deliveries } = this.#deps.store;
    return {
      ...(this.#mqtt ? { mqtt: this.#mqtt.status() } : {}),
      backlog: deliveries.backlog(),
      delivered: deliveries.totals(),
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#life[Symbol.asyncDispose]();
  }
}
