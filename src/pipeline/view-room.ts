import { Fault } from '#runtime';

/** How cameras are watched as they are now: as they send it, or made MPEG-1, which costs a third of a core each. */
export type ViewKind = 'copied' | 'transcoded';

/** So many cameras at once; however many watch each. */
const MOST: Record<ViewKind, number> = { copied: 8, transcoded: 2 };
const WORDS: Record<ViewKind, string> = { copied: 'are watched live', transcoded: 'are watched with little delay' };

/** How much of this box those who watch may take from those who record: the one place where that is decided. */
export class ViewRoom {
  readonly #taken: Record<ViewKind, number> = { copied: 0, transcoded: 0 };

  hasRoom(kind: ViewKind): boolean {
    return this.#taken[kind] < MOST[kind];
  }

  /** Until disposed, which may be twice. Throws `unavailable` when there is no room. */
  take(kind: ViewKind): Disposable {
    if (!this.hasRoom(kind)) throw new Fault('unavailable', `${MOST[kind]} cameras ${WORDS[kind]}, the most at once`);
    this.#taken[kind] += 1;
    let isTaken = true;
    return {
      [Symbol.dispose]: () => {
        if (isTaken) this.#taken[kind] -= 1;
        isTaken = false;
      },
    };
  }
}
