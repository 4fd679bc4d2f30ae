import { open, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { newId, type ParcelHead } from '#domain';
import { Fault } from '#runtime';
import type { Incoming, Store } from '#store';

export interface ArrivalDeps {
  store: Pick<Store, 'boxes'>;
  incomingDir: string;
  mediaDir: string;
  /** Of the disk that stays free for what this box records itself. */
  reservePercent: () => number;
}

interface Writing {
  stop: AbortController;
  ended: Promise<unknown>;
}

const MOST_AT_ONCE = 64;
const DRAIN_MS = 1000;
const MIB = 1_048_576;
const LARGEST = { picture: 8 * MIB, segment: 512 * MIB } as const;

/**
 * The bytes of parcels while they come in, each in a file of its own. What is told as received is on disk, and stays over
 * a restart; one box has only few begun at a time (see `Boxes.begin`).
 */
export class Arrivals {
  readonly #deps: ArrivalDeps;
  /** Those that are being written: ended by whoever sends the same one again. */
  readonly #writing = new Map<string, Writing>();

  constructor(deps: ArrivalDeps) {
    this.#deps = deps;
  }

  async begin(boxId: string, head: ParcelHead): Promise<{ state: 'upload'; id: string; offset: number }> {
    await this.#demandRoom(this.sizeOf(head));
    const { incoming, dropped } = this.#deps.store.boxes.begin(newId('upload'), boxId, head);
    for (const id of dropped) await this.#forget(id);
    return { state: 'upload', id: incoming.id, offset: await this.offsetOf(incoming) };
  }

  async offsetOf({ id }: Incoming): Promise<number> {
    const writing = this.#writing.get(id);
    if (writing) await this.#cutOff(writing);
    return this.#deps.store.boxes.incoming(id)?.received ?? 0;
  }

  /** What has come over a line that broke is still written; one that only seems to be open is not waited for. */
  async #cutOff({ stop, ended }: Writing): Promise<void> {
    const patience = setTimeout(
      () => stop.abort(new Fault('conflict', 'the same bytes are being sent again')),
      DRAIN_MS,
    );
    await ended.catch(() => undefined);
    clearTimeout(patience);
  }

  /**
   * Throws `invalid` for more bytes than were announced, `unavailable` when they can't be written, `conflict` when they
   * don't begin where they are wanted by now: bytes in a wrong place would never be found out.
   */
  async append(
    incoming: Incoming,
    from: number,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<{ offset: number; file: string }> {
    const { id, head } = incoming;
    if (this.#writing.size >= MOST_AT_ONCE) throw new Fault('unavailable', 'too much is coming in: try again later');
    await this.#demandRoom(this.sizeOf(head) - from);
    if (this.#writing.has(id) || this.#deps.store.boxes.incoming(id)?.received !== from) {
      throw new Fault('conflict', 'Upload-Offset: others are sending the same: ask again where to go on');
    }
    const stop = new AbortController();
    const ended = this.#write(incoming, from, bytes, stop.signal);
    this.#writing.set(id, { stop, ended });
    try {
      return { offset: await ended, file: this.#fileOf(id) };
    } finally {
      this.#writing.delete(id);
    }
  }

  async end(id: string): Promise<void> {
    this.#deps.store.boxes.end(id);
    await this.#forget(id);
  }

  async sweep(untouchedSinceMs: number): Promise<void> {
    const { store, incomingDir } = this.#deps;
    store.boxes.forgetIncoming(untouchedSinceMs);
    for (const name of await readdir(incomingDir)) {
      if (!store.boxes.incoming(name)) await this.#forget(name);
    }
  }

  /** Throws `invalid` when the parcel has no body, or one that is too large. */
  sizeOf({ kind, body }: ParcelHead): number {
    const most = kind === 'picture' || kind === 'segment' ? LARGEST[kind] : 0;
    if (body && body.bytes > 0 && body.bytes <= most) return body.bytes;
    throw new Fault('invalid', `body.bytes: a ${kind} must have from 1 to ${most} bytes`);
  }

  async #write(
    { id, head }: Incoming,
    offset: number,
    bytes: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<number> {
    const size = this.sizeOf(head);
    const file = await open(this.#fileOf(id), offset === 0 ? 'w' : 'r+', 0o600).catch(unwritable);
    let at = offset;
    try {
      for await (const chunk of until(signal, bytes)) {
        if (at + chunk.byteLength > size)
          throw new Fault('invalid', `the body is longer than the ${size} bytes announced`);
        await file.write(chunk, 0, chunk.byteLength, at).catch(unwritable);
        at += chunk.byteLength;
      }
    } finally {
      await file
        .datasync()
        .catch(unwritable)
        .finally(() => file.close());
      this.#deps.store.boxes.progressed(id, at);
    }
    return at;
  }

  async #demandRoom(bytes: number): Promise<void> {
    const { mediaDir, reservePercent } = this.#deps;
    const { bsize, blocks, bavail } = await statfs(mediaDir);
    // Retention keeps the whole reserve free; half of it gone means that it can't keep up.
    if ((bavail - (blocks * reservePercent()) / 200) * bsize >= bytes) return;
    throw new Fault('unavailable', 'the hub has no room for recordings now: keep them, and try again later');
  }

  async #forget(id: string): Promise<void> {
    await rm(this.#fileOf(id), { force: true });
  }

  #fileOf(id: string): string {
    return join(this.#deps.incomingDir, id);
  }
}

/** Ends with the signal's reason, also while nothing comes. */
async function* until<T>(signal: AbortSignal, source: AsyncIterable<T>): AsyncGenerator<T> {
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
  const chunks = source[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([chunks.next(), aborted]);
    if (next.done) return;
    yield next.value;
  }
}

function unwritable(error: unknown): never {
  throw new Fault('unavailable', 'the hub can’t write to its disk now: keep it, and try again later', { cause: error });
}
