import { Fault } from '#runtime';

/** So many at once, and nobody waits: who is too many comes again. */
export class Slots {
  readonly #most: number;
  readonly #what: string;
  #taken = 0;

  constructor(most: number, what: string) {
    this.#most = most;
    this.#what = what;
  }

  /** Returns what gives the slot back. Throws `unavailable` when there is none. */
  take(): () => void {
    if (this.#taken >= this.#most) throw new Fault('unavailable', `too many ${this.#what} are being made: try again`);
    this.#taken += 1;
    let given = false;
    return () => {
      if (!given) this.#taken -= 1;
      given = true;
    };
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    const release = this.take();
    try {
      return await work();
    } finally {
      release();
    }
  }
}
