import { connectAsync, type MqttClient } from 'mqtt';
import { type Entity, readAnnouncement } from '../../delivery/home-assistant/schema.ts';

/** What came on a topic of an entity, and the template that reads it. */
export interface Reading {
  entity: Entity;
  template: string;
  payload: string;
}

/**
 * Does on a broker what Home Assistant does: finds entities by their announcements, of which none may be amiss, then
 * subscribes to what they name. Says that it has started when it has, and forgets everything when it ends.
 */
export class Assistant implements AsyncDisposable {
  /** By the topic of their announcement. */
  readonly entities = new Map<string, Entity>();
  /** Announcements that were taken back. */
  readonly removed: string[] = [];
  readonly readings: Reading[] = [];
  /** The newest payload of each topic. */
  readonly heard = new Map<string, Buffer>();
  /** What is wrong with announcements. */
  readonly problems: string[] = [];
  /** Announcements and availability, in the order in which they came. */
  readonly order: ('config' | 'online' | 'offline')[] = [];
  readonly #client: MqttClient;
  readonly #topics = new Map<string, Set<string>>();

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload, { retain }) => this.#take(topic, payload, retain));
  }

  static async start(url: string): Promise<Assistant> {
    const client = await connectAsync(url);
    const assistant = new Assistant(client);
    await client.subscribeAsync(['homeassistant/+/+/config', 'homeassistant/+/+/+/config'], { qos: 0 });
    await assistant.begin();
    return assistant;
  }

  /** Its birth message. */
  async begin(): Promise<void> {
    await this.#client.publishAsync('homeassistant/status', 'online', { qos: 1 });
  }

  /** By the end of the announcement's topic. */
  entity(component: string, end: string): Entity | undefined {
    return [...this.entities.values()].find((one) => one.component === component && one.object.endsWith(end));
  }

  /** As if somebody had pressed the button, or turned the switch. */
  async press(component: string, end: string, payload: 'payload_press' | 'payload_on' | 'payload_off'): Promise<void> {
    const { config } = this.entity(component, end) ?? {};
    await this.#client.publishAsync(String(config?.['command_topic']), String(config?.[payload]), { qos: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync();
  }

  #take(topic: string, payload: Buffer, retained: boolean): void {
    if (/^homeassistant\/.*\/config$/.test(topic)) this.#found(topic, payload.toString());
    this.heard.set(topic, payload);
    const said = payload.toString();
    if (said === 'online' || said === 'offline') this.order.push(said);
    for (const entity of this.entities.values()) {
      const { state_topic: at, value_template: template } = entity.config;
      // What is retained is no event.
      if (retained && entity.component === 'event') continue;
      if (matches(String(at), topic) && typeof template === 'string')
        this.readings.push({ entity, template, payload: said });
    }
  }

  #found(topic: string, payload: string): void {
    if (payload === '') {
      this.entities.delete(topic);
      this.removed.push(topic);
      return;
    }
    this.order.push('config');
    try {
      const entity = readAnnouncement(topic, payload);
      this.entities.set(topic, entity);
      for (const name of ['state_topic', 'availability_topic', 'topic', 'json_attributes_topic'])
        this.#follow(topic, entity.config[name]);
    } catch (error) {
      this.problems.push(String(error));
    }
  }

  #follow(announcement: string, topic: unknown): void {
    if (typeof topic !== 'string') return;
    const followers = this.#topics.get(topic) ?? new Set();
    this.#topics.set(topic, followers.add(announcement));
    if (followers.size === 1) this.#client.subscribe(topic, { qos: 0 });
  }
}

function matches(filter: string, topic: string): boolean {
  const levels = topic.split('/');
  return filter.split('/').every((level, n) => level === '+' || level === levels[n]);
}
