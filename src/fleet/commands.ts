import { type CommandAnswer, newId } from '#domain';
import { type Clock, Fault } from '#runtime';
import type { Errand, Store, WaitingCommand } from '#store';
import { Link, type LinkKey, type LinkSocket } from './link.ts';

export interface CommandsDeps {
  store: Pick<Store, 'boxes' | 'commands' | 'keys'>;
  clock: Clock;
}

/** What hears of a socket. */
export interface LinkSeat {
  message(text: string): void;
  closed(): void;
}

/** One that somebody waits for. */
interface Pending {
  boxId: string;
  errand: Errand;
  /** On the clock that never steps. */
  untilMs: number;
  /** Undefined: nobody waits any longer. */
  settle(answer: CommandAnswer | undefined): void;
}

/** So long whoever asks waits, and so long a command may be begun that nobody wants to wait any longer for. */
const ANSWER_WITHIN_MS = 30_000;
/** To one box. */
const MOST_PENDING = 16;

/**
 * What this hub's users ask of other boxes, over the connections that those keep. A command that was sent and not answered
 * is sent again when its box comes back, as long as it is wanted: the box knows by its id whether it was done.
 */
export class BoxCommands implements Disposable {
  readonly #deps: CommandsDeps;
  readonly #links = new Map<string, Link>();
  readonly #pending = new Map<string, Pending>();

  constructor(deps: CommandsDeps) {
    this.#deps = deps;
  }

  isReachable(boxId: string): boolean {
    return this.#links.has(boxId);
  }

  /** Takes a connection that a box has opened. */
  accept(socket: LinkSocket, key: LinkKey): LinkSeat {
    const { clock } = this.#deps;
    const onReady = (ready: Link): void => this.#ready(ready);
    const onAnswer = (answer: CommandAnswer): void => this.#answered(link.boxId, answer);
    const link = new Link({ key, socket, onReady, onAnswer, clock });
    return {
      message: (text) => link.message(text),
      closed: () => {
        if (this.#links.get(link.boxId) === link) this.#links.delete(link.boxId);
      },
    };
  }

  /**
   * What the box answers. With `waitMs` the command waits so long for a box that is away, over restarts of either: then, or
   * when no answer comes in time, it is `waiting`, and `store.commands` has what comes of it. Throws `unavailable` when the
   * box is away, or didn't answer.
   */
  async ask(boxId: string, asked: Omit<Errand, 'id'>, waitMs?: number): Promise<CommandAnswer | { waiting: string }> {
    const errand = { id: newId('command'), ...asked };
    const link = this.#links.get(boxId);
    if (!link && waitMs === undefined) throw away(boxId, this.#deps.store);
    const underWay = [...this.#pending.values()].filter((pending) => pending.boxId === boxId);
    if (underWay.length >= MOST_PENDING) throw new Fault('unavailable', 'too many commands are under way: try again');
    if (waitMs !== undefined) this.#deps.store.commands.wait(boxId, errand, waitMs);
    const answer = link && (await this.#send(link, errand));
    if (answer) return answer;
    if (waitMs !== undefined) return { waiting: errand.id };
    throw new Fault('unavailable', 'the box did not answer in time: its audit log says whether it was done');
  }

  /** Nobody waits any longer. */
  [Symbol.dispose](): void {
    this.#links.clear();
    for (const pending of this.#pending.values()) pending.settle(undefined);
  }

  /** `forMs`: so long it may be begun. */
  async #send(link: Link, errand: Errand, forMs = ANSWER_WITHIN_MS): Promise<CommandAnswer | undefined> {
    const { clock } = this.#deps;
    const { boxId } = link;
    const enough = new AbortController();
    const untilMs = clock.monotonicMs() + ANSWER_WITHIN_MS;
    let answer: CommandAnswer | undefined;
    const settle = (given: CommandAnswer | undefined): void => {
      answer = given;
      enough.abort();
    };
    this.#pending.set(errand.id, { boxId, errand, untilMs, settle });
    link.send(errand, forMs);
    await clock.sleep(ANSWER_WITHIN_MS, enough.signal).catch(() => undefined);
    this.#pending.delete(errand.id);
    return answer;
  }

  /** A box has come, or come back: it is told once more what it has not answered. */
  #ready(link: Link): void {
    const { store, clock } = this.#deps;
    this.#links.get(link.boxId)?.close('replaced');
    this.#links.set(link.boxId, link);
    const nowMs = clock.monotonicMs();
    for (const { boxId, errand, untilMs } of this.#pending.values()) {
      if (boxId === link.boxId && untilMs > nowMs) link.send(errand, untilMs - nowMs);
    }
    const waiting = store.commands.waiting(link.boxId);
    // What a key may do ends with it.
    const good = waiting.filter(({ errand: { keyId } }) => keyId === undefined || store.keys.get(keyId));
    void this.#deliver(link, good);
  }

  /** What waited goes one after the other, in the order in which it came: a box does few at once. */
  async #deliver(link: Link, waiting: readonly WaitingCommand[]): Promise<void> {
    for (const { errand, expiresMs } of waiting) {
      if (this.#links.get(link.boxId) !== link) return;
      const leftMs = expiresMs - this.#deps.clock.nowMs();
      if (leftMs > 0 && !this.#pending.has(errand.id)) await this.#send(link, errand, leftMs);
    }
  }

  #answered(boxId: string, answer: CommandAnswer): void {
    const { commands } = this.#deps.store;
    if (commands.get(boxId, answer.id)) commands.answered(answer);
    const pending = this.#pending.get(answer.id);
    if (pending?.boxId === boxId) pending.settle(answer);
  }
}

function away(boxId: string, { boxes }: Pick<Store, 'boxes'>): Fault {
  const seenMs = boxes.get(boxId)?.seenMs;
  const seen = seenMs === undefined ? 'it was never seen' : `it was seen last ${new Date(seenMs).toISOString()}`;
  return new Fault(
    'unavailable',
    `the box is not connected for commands, ${seen}: with wait_s the command waits for it; it needs allowCommands in its configuration`,
  );
}
