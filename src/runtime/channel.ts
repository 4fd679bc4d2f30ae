/**
 * A bounded queue between a producer that must never wait and one consumer: when it is full the oldest item is dropped
 * and counted. This is the only kind of queue left of the store.
 */
export class Channel<T> implements AsyncIterable<T> {
  #items: T[] = [];
  #capacity: number;
  #wake: (() => void) | undefined;
  #ended = false;
  #failure: { error: unknown } | undefined;
  #onDrop: ((item: T) => void) | undefined;
  #dropped = 0;

  constructor(capacity: number, onDrop?: (item: T) => void) {
    this.#capacity = capacity;
    this.#onDrop = onDrop;
  }

  get dropped(): number {
    return this.#dropped;
  }

  push(item: T): void {
    if (this.#ended) return;
    this.#items.push(item);
    if (this.#items.length > this.#capacity) {
      const oldest = this.#items.shift();
      this.#dropped += 1;
      if (oldest !== undefined) this.#onDrop?.(oldest);
    }
    this.#wake?.();
  }

  /** No more items; those queued are still delivered. With an error, the consumer gets it after them. */
  end(failure?: { error: unknown }): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) yield item;
      else if (this.#failure) throw this.#failure.error;
      else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    }
  }
}
