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
  readonly #onChange: (publishing: boolean) => void;
  /** Before its first packet, too: a connection that sends nothing holds no place. */
  #lastMs: number;
  #publishing = false;
  #ended = false;

  constructor(publisher: P, onChange: (publishing: boolean) => void) {
    this.publisher = publisher;
    this.#onChange = onChange;
    this.#lastMs = performance.now();
  }

  get publishing(): boolean {
    return this.#publishing;
  }

  get silent(): boolean {
    return performance.now() - this.#lastMs > SILENT_MS;
  }

  get gone(): boolean {
    return performance.now() - this.#lastMs > GONE_MS;
  }

  /** Something that is worth reading came. */
  came(): void {
    this.#lastMs = performance.now();
    this.#become(!this.#ended);
  }

  /** Nobody could look for a while: what seems silent may just not have been heard. */
  excuse(): void {
    this.#lastMs = performance.now();
  }

  /** Readers of a publisher that is silent are let go: whatever comes next begins anew for them. */
  look(): void {
    if (this.silent) this.#become(false);
  }

  end(): void {
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
