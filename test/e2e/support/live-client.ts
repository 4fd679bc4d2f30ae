import { setTimeout as timer } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** One event as it came. */
export interface LiveEvent {
  channel?: string;
  seq: number;
  data?: { firing_id?: string; missed?: boolean };
}

/** A client of live events as the documentation wants it: it comes back whenever it is cut off, and says what it saw last. */
export class LiveClient implements AsyncDisposable {
  readonly events: LiveEvent[] = [];
  /** How often a connection stood. */
  greetings = 0;
  readonly #url: string;
  #socket: WebSocket | undefined;
  #since: number | undefined;
  #stopped = false;
  #ended: Promise<void>;

  constructor(url: string) {
    this.#url = url;
    this.#ended = this.#run();
  }

  get alerts(): string[] {
    return this.events.flatMap(({ channel, data }) => (channel === 'alert' ? [String(data?.firing_id)] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#socket?.terminate();
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#connection();
      await timer(100);
    }
  }

  #connection(): Promise<void> {
    const socket = new WebSocket(this.#since === undefined ? this.#url : `${this.#url}?since=${this.#since}`);
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#heard(JSON.parse(data.toString())));
    socket.on('error', () => undefined); // It comes back.
    return new Promise((resolve) => socket.once('close', () => resolve()));
  }

  #heard(event: LiveEvent & { connection_id?: string }): void {
    this.#since = event.seq;
    if (event.connection_id === undefined) this.events.push(event);
    else this.greetings += 1;
  }
}
