import type { PushProtocol } from '#domain';
import { Door } from './door.ts';
import type { PushedStream } from './messages.ts';
import type { Publisher } from './publication.ts';
import { LOOK_EVERY_MS, Relay, type RelayEvents } from './relay.ts';
import type { NewSession } from './session.ts';

const TRY_AGAIN_MS = 2000;
/** The process is kept small: nothing else of the box is loaded. */
const CLOCK = { monotonicMs: () => performance.now() };

export interface HouseEvents extends RelayEvents {
  /** Whether publishers can come; why not. */
  door(protocol: PushProtocol, problem?: string): void;
}

/** One protocol: who may publish by it, and its port, which is open as long as anybody may. */
export class House<P extends Publisher> {
  readonly #protocol: PushProtocol;
  readonly #at: { host: string; port: number };
  readonly #newSession: NewSession<P>;
  readonly #events: HouseEvents;
  readonly #relay: Relay<P>;
  #door: Promise<Door<P> | undefined> | undefined;
  #closed: Promise<void> = Promise.resolve();

  constructor(
    protocol: PushProtocol,
    at: { host: string; port: number },
    newSession: NewSession<P>,
    events: HouseEvents,
  ) {
    this.#protocol = protocol;
    this.#at = at;
    this.#newSession = newSession;
    this.#events = events;
    this.#relay = new Relay(events, CLOCK);
    setInterval(() => this.#relay.look(), LOOK_EVERY_MS);
  }

  /** The port at which this machine reads. */
  async openInside(readKey: string): Promise<number> {
    const at = { host: '127.0.0.1', port: 0 };
    return (await Door.open(at, this.#newSession, { relay: this.#relay, readKey })).port;
  }

  /** Resolves when their publishers may come, or the port can't be had. */
  async setStreams(streams: readonly PushedStream[]): Promise<void> {
    this.#relay.setStreams(streams.filter(({ protocol }) => protocol === this.#protocol));
    if (this.#relay.isWanted && !this.#door) this.#keepOpen();
    else if (!this.#relay.isWanted) this.#close();
    await this.#door;
  }

  /** A port that can't be had is tried again. */
  #keepOpen(): void {
    const door = this.#closed.then(() => this.#open());
    this.#door = door;
    void door.then((open) => {
      if (open) return;
      const again = () => {
        if (this.#door === door) this.#keepOpen();
      };
      setTimeout(again, TRY_AGAIN_MS);
    });
  }

  async #open(): Promise<Door<P> | undefined> {
    try {
      const door = await Door.open(this.#at, this.#newSession, { relay: this.#relay });
      this.#events.door(this.#protocol);
      return door;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#events.door(this.#protocol, `publishers can't come: ${why}; set ingest.push.${this.#protocol}Port`);
      return undefined;
    }
  }

  #close(): void {
    const door = this.#door;
    this.#door = undefined;
    if (door) this.#closed = door.then((open) => open?.[Symbol.asyncDispose]());
  }
}
