import type { Picture } from './protocol.ts';

/** Enough for what some cameras have under way; a picture is 0.7 MB, of a wide frame 2.7 MB. */
const MOST_BYTES = 24_000_000;

/** A picture that may be at the other end already. */
export interface Placed {
  id: number;
  /** It was there. */
  there: boolean;
  /** Those that must go for it. */
  forget: number[];
}

/** What the model process still has of what it was sent: a picture crosses once, although several models look at it. */
export class Shelf {
  readonly #ids = new WeakMap<Uint8Array, number>();
  /** Sizes; the one that was looked at longest ago first. */
  readonly #held = new Map<number, number>();
  readonly #mostBytes: number;
  #bytes = 0;
  #last = 0;

  constructor(mostBytes: number = MOST_BYTES) {
    this.#mostBytes = mostBytes;
  }

  place({ rgb }: Picture): Placed {
    const known = this.#ids.get(rgb);
    const size = known === undefined ? undefined : this.#held.get(known);
    if (known !== undefined && size !== undefined) {
      this.#held.delete(known);
      this.#held.set(known, size);
      return { id: known, there: true, forget: [] };
    }
    const id = ++this.#last;
    this.#ids.set(rgb, id);
    const forget = this.#makeRoom(rgb.byteLength);
    this.#held.set(id, rgb.byteLength);
    this.#bytes += rgb.byteLength;
    return { id, there: false, forget };
  }

  #makeRoom(bytes: number): number[] {
    const forget: number[] = [];
    for (const [id, size] of this.#held) {
      if (this.#bytes + bytes <= this.#mostBytes) break;
      this.#held.delete(id);
      this.#bytes -= size;
      forget.push(id);
    }
    return forget;
  }
}
