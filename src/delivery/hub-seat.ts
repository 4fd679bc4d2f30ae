import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, Wake } from '#runtime';
import type { Store } from '#store';
import { type Addressed, LIVE_KINDS, type LiveFrame, liveEvent, type MessageDeps } from './messages.ts';

/** More than this unsent, and nothing is added: it bounds what a client that reads slowly costs. */
const WATERMARK_BYTES = 64 * 1024;
/** How long a socket may stay above the watermark. */
const DRAIN_MS = 10_000;
const BATCH = 50;
const LONGEST_WAIT_MS = 30_000;

/** What the hub needs of a socket that is open. */
export interface HubSocket {
  /** `sent` is called when the bytes have left, or never will. Does nothing on a socket that is closing. */
  send(text: string, sent: () => void): void;
  /** What has not left yet. */
  readonly bufferedBytes: number;
  close(code: number, reason: string): void;
  /** Cuts it, whatever is unsent. */
  terminate(): void;
}

export interface Listener {
  connectionId: string;
  /** The API key that asked for the connection. */
  keyId: number;
  /** Of the session token by which it came: one user's of an application that has many. */
  tokenId?: string;
  /** What links begin with, as the client knows the box. */
  origin?: string;
}

export interface SeatDeps extends MessageDeps {
  store: MessageDeps['store'] & Pick<Store, 'journal'>;
  clock: Clock;
  hears: (listener: Listener, event: Addressed) => boolean;
  onWrite: () => void;
}

/**
 * One open socket with a cursor of its own on the journal. Holds no events: the next is read when the socket has taken
 * the ones before, so that a slow client costs its watermark and nothing more.
 */
export class Seat {
  readonly listener: Listener;
  readonly #socket: HubSocket;
  readonly #deps: SeatDeps;
  readonly #since: number | undefined;
  readonly #news: Wake;
  readonly #drained: Wake;
  readonly #over = new AbortController();
  #seq = 0;

  constructor(socket: HubSocket, listener: Listener, deps: SeatDeps, since?: number) {
    this.listener = listener;
    this.#socket = socket;
    this.#deps = deps;
    this.#since = since;
    this.#news = new Wake(deps.clock);
    this.#drained = new Wake(deps.clock);
  }

  /** There may be something new. */
  ring(): void {
    this.#news.ring();
  }

  /**
   * Greets the client, then sends events until the seat is left, or until the socket takes nothing for too long. Throws
   * what the store throws.
   */
  async run(): Promise<'left' | 'slow'> {
    this.#greet();
    while (!this.over.aborted) {
      const found = this.#read();
      for (const { seq, event } of found) {
        if (!(await this.#room())) return this.over.aborted ? 'left' : 'slow';
        const frame = event();
        if (frame) this.#write({ ...frame, seq });
        this.#seq = seq;
      }
      // A long replay lets others have their turn.
      await (found.length > 0 ? nextTurn() : this.#news.wait(LONGEST_WAIT_MS, this.over));
    }
    return 'left';
  }

  /** Sent now or never: nobody waits for a frame that isn't in the journal. */
  offer(frame: LiveFrame): void {
    if (this.#socket.bufferedBytes <= WATERMARK_BYTES) this.#write({ ...frame, seq: this.#seq });
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** The socket is gone or going. */
  leave(): void {
    this.#over.abort();
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  #greet(): void {
    const head = this.#deps.store.journal.head();
    const since = this.#since ?? head;
    this.#seq = Math.min(since, head);
    this.#write({ connection_id: this.listener.connectionId, seq: this.#seq });
    if (since > head) this.#notice(`since: there is no event ${since} yet; events come from now on`);
  }

  /** The next entries. Each event is made when it is its turn: meanwhile its scene may be deleted, its listener gone. */
  #read(): { seq: number; event: () => LiveFrame | undefined }[] {
    const { journal } = this.#deps.store;
    const head = journal.head();
    const batch = journal.after(this.#seq, BATCH, LIVE_KINDS);
    if (head > this.#seq && batch[0]?.seq !== this.#seq + 1) this.#skipForgotten();
    // What lies between is of kinds that aren't sent; going past it keeps the next look short.
    if (batch.length === 0) this.#seq = head;
    return batch.map((entry) => ({
      seq: entry.seq,
      event: () => {
        const event = liveEvent(entry, this.#deps, this.listener.origin);
        return event && this.#deps.hears(this.listener, event) ? event.frame : undefined;
      },
    }));
  }

  #skipForgotten(): void {
    const oldest = this.#deps.store.journal.after(0, 1)[0]?.seq ?? 0;
    if (oldest <= this.#seq + 1) return;
    const from = this.#seq;
    this.#seq = oldest - 1;
    this.#notice(`events after ${from} and before ${oldest} are no longer kept for live clients`);
  }

  #notice(text: string): void {
    this.#write({ channel: 'notice', data: { text, missed: true }, seq: this.#seq });
  }

  /** Waits until the socket is below the watermark; false when it isn't in time, or the seat is left. */
  async #room(): Promise<boolean> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + DRAIN_MS;
    while (!this.over.aborted && this.#socket.bufferedBytes > WATERMARK_BYTES) {
      const leftMs = untilMs - clock.monotonicMs();
      if (leftMs <= 0) return false;
      await this.#drained.wait(leftMs, this.over);
    }
    return !this.over.aborted;
  }

  #write(frame: object): void {
    this.#socket.send(JSON.stringify(frame), this.#drained.ring);
    this.#deps.onWrite();
  }
}
