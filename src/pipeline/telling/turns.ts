import type { Told } from '#domain';
import type { Priority } from '#inference';
import type { Showing, Teller } from './teller.ts';

/** What is to be told, and for whom. */
export interface Wish extends Showing {
  streamId: string;
  /** What of the stream it is about; of wishes about the same thing only the newest waits. */
  about?: string;
  /** Only one that does what it is told can do this. */
  strict?: boolean;
  priority: Priority;
}

interface Turn {
  wish: Wish;
  key: string;
  /** Those that couldn't. */
  tried: Set<Teller>;
  signal: AbortSignal;
  end: (told: Told | undefined) => void;
}

const RANK: Record<Priority, number> = { alert: 0, index: 1, backfill: 2 };
/** Each holds pictures of some megabytes. */
const MOST_WAITING = 8;

/**
 * Who tells what next. Each teller is asked one thing at a time; whoever comes first in the list is asked first, and what
 * one can't do the next one is asked. Alerts go before indexes, then what has waited longest. A newer wish takes the place
 * of one about the same thing; beyond eight the least urgent goes.
 */
export class Turns {
  readonly #tellers: readonly Teller[];
  readonly #busy = new Set<Teller>();
  #waiting: Turn[] = [];
  #dropped = 0;

  constructor(tellers: readonly Teller[]) {
    this.#tellers = tellers;
  }

  /** Somebody could begin with it at once. */
  isIdle({ strict }: Pick<Wish, 'strict'>): boolean {
    const free = this.#tellers.filter((teller) => teller.ready && !this.#busy.has(teller));
    return this.#waiting.length === 0 && free.some(({ follows }) => follows || !strict);
  }

  /** Somebody could do it, if perhaps not at once. */
  can({ strict }: Pick<Wish, 'strict'>): boolean {
    return this.#tellers.some(({ ready, follows }) => ready && (follows || !strict));
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Wishes that nobody had time for. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Undefined when nobody can, or none had time before a newer one came. Rejects with the signal's reason only. */
  take(wish: Wish, signal: AbortSignal): Promise<Told | undefined> {
    if (!this.can(wish)) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const key = JSON.stringify([wish.streamId, wish.about, wish.priority]);
      const end = (settle: () => void) => {
        signal.removeEventListener('abort', leave);
        this.#waiting = this.#waiting.filter((other) => other !== turn);
        settle();
      };
      const leave = () => end(() => reject(signal.reason));
      const turn: Turn = { wish, key, tried: new Set(), signal, end: (told) => end(() => resolve(told)) };
      signal.addEventListener('abort', leave, { once: true });
      this.#queue(turn);
    });
  }

  #queue(turn: Turn): void {
    for (const older of this.#waiting.filter(({ key }) => key === turn.key)) this.#drop(older);
    this.#waiting.push(turn);
    this.#waiting.sort((a, b) => RANK[a.wish.priority] - RANK[b.wish.priority]);
    this.#next();
    const last = this.#waiting.at(-1);
    if (last && this.#waiting.length > MOST_WAITING) this.#drop(last);
  }

  #next(): void {
    for (const turn of [...this.#waiting]) {
      const able = this.#tellers.filter((teller) => canDo(teller, turn));
      const free = able.find((teller) => !this.#busy.has(teller));
      if (free) void this.#run(turn, free);
      else if (able.length === 0) turn.end(undefined);
    }
  }

  /** Never rejects. */
  async #run(turn: Turn, teller: Teller): Promise<void> {
    this.#waiting = this.#waiting.filter((other) => other !== turn);
    this.#busy.add(teller);
    try {
      turn.end(await teller.tell(turn.wish, turn.signal));
    } catch {
      // The teller has said why; the next one is asked. Whoever left is waited for no more.
      turn.tried.add(teller);
      if (!turn.signal.aborted) this.#waiting.unshift(turn);
    } finally {
      this.#busy.delete(teller);
      this.#next();
    }
  }

  #drop(turn: Turn): void {
    this.#dropped += 1;
    turn.end(undefined);
  }
}

function canDo(teller: Teller, { wish, tried }: Turn): boolean {
  return teller.ready && (teller.follows || !wish.strict) && !tried.has(teller);
}
