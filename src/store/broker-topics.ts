import type { Meta } from './meta.ts';

const NAME = 'broker_topics';
/** Whoever changes prefixes more often than that cleans up by hand. */
const MOST = 32;

interface Used {
  broker: string;
  /** As one subscribes to them. */
  topics: string;
}

/** Under which topics the box has left retained messages, on which broker: so that they can be taken back when it uses others. */
export class BrokerTopics {
  readonly #meta: Meta;

  constructor(meta: Meta) {
    this.#meta = meta;
  }

  /** On that broker. */
  used(broker: string): string[] {
    return this.#all()
      .filter((one) => one.broker === broker)
      .map(({ topics }) => topics);
  }

  /** From now on these are used, too. */
  use(broker: string, topics: readonly string[]): void {
    const known = this.used(broker);
    const fresh = topics.filter((one) => !known.includes(one));
    if (fresh.length === 0) return;
    this.#put([...this.#all(), ...fresh.map((one) => ({ broker, topics: one }))].slice(-MOST));
  }

  /** Nothing is left under them. */
  forget(broker: string, topics: readonly string[]): void {
    this.#put(this.#all().filter((one) => one.broker !== broker || !topics.includes(one.topics)));
  }

  #all(): Used[] {
    return JSON.parse(this.#meta.get(NAME) ?? '[]');
  }

  #put(all: readonly Used[]): void {
    this.#meta.put(NAME, JSON.stringify(all));
  }
}
