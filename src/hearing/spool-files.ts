import { mkdir, open, readdir, rename, rm, rmdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { SAMPLES_PER_MS } from './frames.ts';

/** A stretch of speech on one stream. */
export interface Utterance {
  streamId: string;
  startMs: number;
  endMs: number;
}

const BYTES_PER_MS = SAMPLES_PER_MS * 2;
const OPEN = /^(\d+)\.open$/;
const COMPLETE = /^(\d+)-(\d+)\.(pcm|dropped)$/;

export const bytesOf = (ms: number): number => Math.round(ms * SAMPLES_PER_MS) * 2;

/** What lies in a spool: complete utterances, and those that were dropped before anyone was told. */
export interface Found {
  complete: Utterance[];
  dropped: Utterance[];
}

/**
 * The spool's files: `<stream>/<startMs>.open` while it is spoken, `<startMs>-<endMs>.pcm` when it is complete, `.dropped`
 * (and empty) when there was no room for it. A name tells how long an utterance is; its file may be longer. Each step is
 * one rename, so that a crash leaves every utterance in exactly one of these states.
 */
export class SpoolFiles {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  openPath(streamId: string, startMs: number): string {
    return join(this.#dir, streamId, `${startMs}.open`);
  }

  /** Makes the stream's folder. */
  async prepare(streamId: string): Promise<void> {
    await mkdir(join(this.#dir, streamId), { recursive: true });
  }

  async complete(utterance: Utterance): Promise<void> {
    const { streamId, startMs } = utterance;
    const path = this.#path(utterance, 'pcm');
    await rename(this.openPath(streamId, startMs), path);
    // Only to save room: the name tells the length.
    await truncate(path, Math.min(bytesOf(lengthMs(utterance)), (await stat(path)).size)).catch(() => undefined);
  }

  /** From now on it takes no room, and a restart knows that it was dropped. */
  async drop(utterance: Utterance): Promise<void> {
    await rename(this.#path(utterance, 'pcm'), this.#path(utterance, 'dropped'));
    await truncate(this.#path(utterance, 'dropped')).catch(() => undefined);
  }

  async remove(utterance: Utterance, state: 'pcm' | 'dropped'): Promise<void> {
    await rm(this.#path(utterance, state), { force: true });
  }

  async removeOpen(streamId: string, startMs: number): Promise<void> {
    await rm(this.openPath(streamId, startMs), { force: true });
  }

  /** Its samples, as far as the file has them. */
  async read(utterance: Utterance, state: 'pcm' | 'open'): Promise<Int16Array<ArrayBuffer>> {
    const { streamId, startMs } = utterance;
    const path = state === 'open' ? this.openPath(streamId, startMs) : this.#path(utterance, state);
    const file = await open(path);
    try {
      const bytes = new Uint8Array(bytesOf(lengthMs(utterance)));
      let length = 0;
      for (let got = 1; got > 0 && length < bytes.length; length += got) {
        got = (await file.read(bytes, length, bytes.length - length)).bytesRead;
      }
      return new Int16Array(bytes.buffer, 0, length >> 1);
    } finally {
      await file.close();
    }
  }

  /**
   * What an earlier run left. What was being spoken when it ended is complete: nothing will be added to it. A folder that
   * can't be read costs its own speech only, and is told to `onFault`.
   */
  async recover(onFault: (error: unknown) => void): Promise<Found> {
    const found: Found = { complete: [], dropped: [] };
    await mkdir(this.#dir, { recursive: true });
    for (const entry of await readdir(this.#dir, { withFileTypes: true })) {
      if (entry.isDirectory()) await this.#recoverStream(entry.name, found).catch(onFault);
    }
    return found;
  }

  async #recoverStream(streamId: string, found: Found): Promise<void> {
    const dir = join(this.#dir, streamId);
    await this.#completeOpen(streamId);
    for (const name of await readdir(dir)) {
      const [, startMs, endMs, state] = COMPLETE.exec(name) ?? [];
      if (!state) continue;
      const utterance = { streamId, startMs: Number(startMs), endMs: Number(endMs) };
      (state === 'pcm' ? found.complete : found.dropped).push(utterance);
    }
    await rmdir(dir).catch(() => undefined); // Only when nothing is left of it.
  }

  /** Two are open when we were killed between beginning one and ending the one before: that ends where the next begins. */
  async #completeOpen(streamId: string): Promise<void> {
    const starts = (await readdir(join(this.#dir, streamId)))
      .flatMap((name) => OPEN.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    for (const [n, startMs] of starts.entries()) {
      const { size } = await stat(this.openPath(streamId, startMs));
      const writtenMs = Math.floor(size / BYTES_PER_MS);
      const endMs = Math.min(startMs + writtenMs, starts[n + 1] ?? Number.POSITIVE_INFINITY);
      if (endMs > startMs) await this.complete({ streamId, startMs, endMs });
      else await this.removeOpen(streamId, startMs);
    }
  }

  #path({ streamId, startMs, endMs }: Utterance, state: 'pcm' | 'dropped'): string {
    return join(this.#dir, streamId, `${startMs}-${endMs}.${state}`);
  }
}

function lengthMs({ startMs, endMs }: Utterance): number {
  return endMs - startMs;
}
