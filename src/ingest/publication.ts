import type { Clock } from '#runtime';

/** Who sends a stream. */
export interface Publisher {
  readonly address: string;
  /** Ends the connections of those who read what it sends. */
  letReadersGo(): void;
  /** Ends its own; nothing that it still sends is taken. */
  end(): void;
}

/** So long after its last packet a publisher is taken for one that has gone, and another may take its place. */
const SILENT_MS = 5000;
/** So long it may come back on its connection. */
const GONE_MS = 30_000;

/** One publisher from its key on: whether it sends. */
export class Publication<P extends Publisher = Publisher> {
  readonly publisher: P;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #onChange: (publishing: boolean) => void;
  /** Before its first packet, too: a connection that sends nothing holds no place. */
  #lastMs: number;
  #publishing = false;
  #ended = false;

  constructor(publisher: P, clock: Pick<Clock, 'monotonicMs'>, onChange: (publishing: boolean) => void) {
    this.publisher = publisher;
    this.#clock = clock;
    this.#onChange = onChange;
    this.#lastMs = this.#clock.monotonicMs();
  }

  get publishing(): boolean {
    return this.#publishing;
  }

  /** Nobody else may take its place. */
  get holds(): boolean {
    return !this.#ended && !this.#silent;
  }

  get #silent(): boolean {
    return this.#clock.monotonicMs() - this.#lastMs > SILENT_MS;
  }

  get gone(): boolean {
    return this.#clock.monotonicMs() - this.#lastMs > GONE_MS;
  }

  /** Something that is worth reading came. */
  came(): void {
    this.#lastMs = this.#clock.monotonicMs();
    this.#become(!this.#ended);
  }

  /** Nobody could look for a while: what seems silent may just not have been heard. */
  excuse(): void {
    this.#lastMs = this.#clock.monotonicMs();
  }

  /** Readers of a publisher that is silent are let go: whatever comes next begins anew for them. */
  look(): void {
    if (this.#silent) this.#become(false);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#become(false);
    this.publisher.end();
  }

  #become(publishing: boolean): void {
    if (publishing === this.#publishing) return;
    this.#publishing = publishing;
    this.#onChange(publishing);
    if (!publishing) this.publisher.letReadersGo();
  }
}
