import type { Socket } from 'node:net';

/** More than a reader of this machine ever has waiting, but when it hangs. */
const MOST_WAITING = 8 * 1024 * 1024;

/**
 * What one reader is sent. A reader that doesn't keep up holds up nobody: what comes while too much waits is dropped, until
 * all of that has gone and something comes that can be understood without what was dropped.
 */
export class Outlet {
  readonly #socket: Socket;
  #skips = false;
  #dropped = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get dropped(): number {
    return this.#dropped;
  }

  send(message: Buffer, standsAlone = true): void {
    if (this.#skips) this.#skips = this.#socket.writableLength > 0 || !standsAlone;
    else this.#skips = this.#socket.writableLength > MOST_WAITING;
    if (this.#skips) this.#dropped += 1;
    else this.#socket.write(message);
  }

  end(): void {
    this.#socket.end();
  }
}
