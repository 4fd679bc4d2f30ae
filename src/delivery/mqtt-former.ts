import { type Log, Wake } from '#runtime';
import type { Store } from '#store';
import { nodeOf } from './home-assistant/discovery.ts';
import type { MqttDesk } from './mqtt.ts';
import type { MqttBoardDeps } from './mqtt-errands.ts';

/** A broker that has sent nothing for so long has nothing more of ours. */
const QUIET_MS = 10_000;
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Takes back what the box has left retained under topics that it no longer uses: another prefix, announcements to Home
 * Assistant that aren't wanted any more. What it uses is in the store, so that it is found after a restart, too; what could not
 * be taken back on one connection is taken back on the next.
 */
export class FormerTopics {
  readonly #store: Store;
  readonly #log: Log;
  readonly #broker: string;
  readonly #current: readonly string[];
  readonly #news: Wake;
  #former: string[] = [];
  readonly #found = new Set<string>();

  constructor({ store, mqtt, clock, log }: MqttBoardDeps, base: string) {
    this.#store = store;
    this.#log = log;
    this.#broker = new URL(mqtt.url).host;
    const announced = `${mqtt.discoveryPrefix}/+/${nodeOf(store.boxId)}/+/config`;
    this.#current = [`${base}/#`, ...(mqtt.homeAssistant ? [announced] : [])];
    this.#news = new Wake(clock);
  }

  /** Whether the message is of former topics, and so nobody else's business. */
  heard(topic: string, payload: Buffer): boolean {
    if (this.#current.some((one) => covers(one, topic)) || !this.#former.some((one) => covers(one, topic)))
      return false;
    if (payload.byteLength > 0) {
      this.#found.add(topic);
      this.#news.ring();
    } // Else it is the broker's word that the topic is empty now.
    return true;
  }

  /** Goes on to the end of the connection: a last will may come late. Throws why that is. */
  async live(desk: MqttDesk): Promise<never> {
    const { brokerTopics } = this.#store;
    brokerTopics.use(this.#broker, this.#current);
    this.#found.clear();
    this.#former = brokerTopics.used(this.#broker).filter((one) => !this.#current.includes(one));
    for (const topics of this.#former) await desk.subscribe(topics);
    let waitMs = this.#former.length > 0 ? QUIET_MS : LONGEST_WAIT_MS;
    for (;;) {
      await this.#news.wait(waitMs, desk.over);
      desk.over.throwIfAborted();
      const found = [...this.#found];
      this.#found.clear();
      for (const topic of found) await desk.publish(topic, '', { retain: true });
      if (found.length > 0)
        this.#log.info({ topics: found.length }, 'retained messages of former topics are taken back');
      else if (waitMs === QUIET_MS) {
        brokerTopics.forget(this.#broker, this.#former);
        waitMs = LONGEST_WAIT_MS;
      }
    }
  }
}

/** As MQTT matches. */
function covers(filter: string, topic: string): boolean {
  if (filter.endsWith('/#')) return topic.startsWith(filter.slice(0, -1));
  const [wanted, levels] = [filter.split('/'), topic.split('/')];
  return wanted.length === levels.length && wanted.every((level, n) => level === '+' || level === levels[n]);
}
