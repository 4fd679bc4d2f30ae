import { Fault, type Log, messageOf } from '#runtime';
import { type HubSocket, type Listener, Seat, type SeatDeps } from './hub-seat.ts';
import { type Addressed, type LiveFrame, transcriptEvent } from './messages.ts';

const MOST_SOCKETS = 256;
/** Of one session token. */
const MOST_OF_TOKEN = 16;
/** Between the goodbye to a client that doesn't read and the cut. */
const GOODBYE_MS = 2000;

export interface HubDeps extends Omit<SeatDeps, 'hears' | 'onWrite'> {
  log: Log;
}

/**
 * Live events to WebSocket clients. An event that names an open connection goes there only; one that names none goes to
 * every open socket; one that names a connection that is gone, to every socket of the same API key. Session tokens are
 * told of capture sessions only by name: whoever knows a session's id may use it. At most once: what
 * a client misses it asks for by the number of the last event it saw, as long as the journal keeps it.
 */
export class Hub implements AsyncDisposable {
  readonly #deps: HubDeps;
  readonly #seats = new Map<string, Seat>();
  readonly #running = new Set<Promise<void>>();
  readonly #subscription: Disposable;
  #sent = 0;
  #dropped = 0;
  #ended = false;

  private constructor(deps: HubDeps) {
    this.#deps = deps;
    this.#subscription = deps.store.journal.onAppend(() => {
      for (const seat of this.#seats.values()) seat.ring();
    });
  }

  static start(deps: HubDeps): Hub {
    return new Hub(deps);
  }

  /** Whether one more socket may come; one that takes the place of another always may. */
  hasRoom({ connectionId, tokenId }: Pick<Listener, 'connectionId' | 'tokenId'>): boolean {
    if (this.#ended || this.#seats.has(connectionId)) return !this.#ended;
    const listeners = [...this.#seats.values()].map(({ listener }) => listener);
    const ofToken = tokenId === undefined ? [] : listeners.filter((listener) => listener.tokenId === tokenId);
    return listeners.length < MOST_SOCKETS && ofToken.length < MOST_OF_TOKEN;
  }

  /**
   * Greets the socket and sends it events from now on, or from after `since`. A socket with the same connection id is
   * replaced. The caller says when the socket has closed. Throws `unavailable` when there is no room.
   */
  accept(socket: HubSocket, listener: Listener, since?: number): { closed(): void } {
    if (!this.hasRoom(listener)) {
      throw new Fault('unavailable', 'too many WebSocket clients are connected already: try again later');
    }
    const former = this.#seats.get(listener.connectionId);
    former?.close(1000, 'replaced');
    former?.leave();
    const deps = { ...this.#deps, hears: this.#hears, onWrite: this.#count };
    const seat = new Seat(socket, listener, deps, since);
    this.#seats.set(listener.connectionId, seat);
    const running = this.#serve(seat).finally(() => this.#running.delete(running));
    this.#running.add(running);
    const closed = () => {
      this.#forget(seat);
      seat.leave();
    };
    return { closed };
  }

  isOpen(connectionId: string): boolean {
    return this.#seats.has(connectionId);
  }

  /** For what isn't in the journal: who listens now and has room gets it. */
  publish(frame: LiveFrame, wsConnectionId?: string): void {
    for (const seat of this.#seats.values())
      if (this.#hears(seat.listener, { addressee: wsConnectionId })) seat.offer(frame);
  }

  /**
   * What is understood so far of a sentence that goes on, to those who hear the stream's words. It isn't stored, has the
   * number of the event before it, and who reads slowly misses it.
   */
  interim(streamId: string, said: { startMs: number; endMs: number; text: string }): void {
    if (!this.#deps.store.streams.get(streamId)) return;
    const { frame, addressee } = transcriptEvent({ streamId, ...said }, this.#deps, false);
    this.publish(frame, addressee);
  }

  /** `dropped` counts clients that took nothing for too long. */
  status(): { open: number; sent: number; dropped: number } {
    return { open: this.#seats.size, sent: this.#sent, dropped: this.#dropped };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#subscription[Symbol.dispose]();
    for (const seat of this.#seats.values()) {
      seat.close(1001, 'the box is stopping');
      seat.leave();
    }
    await Promise.all(this.#running);
  }

  /** Never rejects. */
  async #serve(seat: Seat): Promise<void> {
    const { connectionId } = seat.listener;
    try {
      const why = await seat.run();
      this.#forget(seat);
      if (why === 'slow') await this.#drop(seat);
    } catch (error) {
      this.#deps.log.error({ connectionId, error: messageOf(error) }, 'live events could not be read from the store');
      this.#forget(seat);
      seat.close(1011, 'internal error');
    }
  }

  async #drop(seat: Seat): Promise<void> {
    const { clock, log } = this.#deps;
    this.#dropped += 1;
    log.warn({ connectionId: seat.listener.connectionId }, 'a WebSocket client that does not read was dropped');
    seat.close(1013, 'too slow: nothing was taken for 10 s');
    await clock.sleep(GOODBYE_MS, seat.over).catch(() => undefined);
    seat.terminate();
  }

  #forget(seat: Seat): void {
    const { connectionId } = seat.listener;
    if (this.#seats.get(connectionId) === seat) this.#seats.delete(connectionId);
  }

  #hears = ({ connectionId, keyId, tokenId }: Listener, { addressee, isPrivate }: Addressed): boolean => {
    if (addressee === connectionId) return true;
    if (isPrivate && tokenId !== undefined) return false;
    if (addressee === undefined) return true;
    if (this.#seats.has(addressee)) return false;
    const askedBy = keyOf(addressee);
    return askedBy === undefined || askedBy === keyId;
  };

  #count = (): void => {
    this.#sent += 1;
  };
}

/** The id of the key that a connection id of ours was made for. */
function keyOf(connectionId: string): number | undefined {
  const id = /^conn-(\d+)-/.exec(connectionId)?.[1];
  return id === undefined ? undefined : Number(id);
}
