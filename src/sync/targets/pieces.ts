import type { Readable } from 'node:stream';

/** One stream that is read in several portions, one after the other. */
export class Pieces implements Disposable {
  readonly #source: Readable;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(source: Readable) {
    this.#source = source;
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** The next so many bytes; fewer when it ends before. Throws what the stream fails with. */
  async *take(bytes: number): AsyncGenerator<Uint8Array> {
    for (let missing = bytes; missing > 0; ) {
      if (this.#rest.byteLength === 0) {
        const next = await this.#chunks.next();
        if (next.done) return;
        this.#rest = next.value;
      }
      const piece = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(piece.byteLength);
      missing -= piece.byteLength;
      yield piece;
    }
  }

  [Symbol.dispose](): void {
    this.#source.destroy();
  }
}
