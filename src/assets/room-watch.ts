import { makeRoom, noRoom, type Places } from './space.ts';

/** About what is written between two looks. */
const LEAST_ROOM = 16 * 1024 * 1024;

/** Aborts when the disk has no more room for assets, even after renders gave way: a small file may become a large one. */
export class RoomWatch implements Disposable {
  readonly #cut = new AbortController();
  readonly #deps: Places;
  readonly #parent: AbortSignal;
  readonly #stop = () => this.#cut.abort(this.#parent.reason);

  constructor(deps: Places, parent: AbortSignal) {
    this.#deps = deps;
    this.#parent = parent;
    parent.addEventListener('abort', this.#stop, { once: true });
    if (parent.aborted) this.#stop();
  }

  get signal(): AbortSignal {
    return this.#cut.signal;
  }

  look(): void {
    makeRoom(this.#deps, LEAST_ROOM).then(
      (room) => room <= 0 && this.#cut.abort(noRoom()),
      () => undefined, // Not now; it is asked again soon.
    );
  }

  [Symbol.dispose](): void {
    this.#parent.removeEventListener('abort', this.#stop);
  }
}
