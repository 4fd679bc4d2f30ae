import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault, isFault, messageOf } from '#runtime';
import type { OutboxEntry, SegmentRow } from '#store';
import type { ParcelBody } from './target.ts';

/** An MP4 of recorded segments as they are, made while it is read. */
export type MakeClip = (rows: readonly SegmentRow[], signal: AbortSignal) => Promise<{ stream: Readable }>;

/**
 * Clips on their way, as files: their size is known before they are sent, and they are the same when they are sent on
 * after a restart. Each target has one at a time, so there is never more than one of ten minutes for each.
 */
export class ClipSpool {
  readonly #dir: string;
  readonly #make: MakeClip;

  constructor(dir: string, make: MakeClip) {
    this.#dir = dir;
    this.#make = make;
  }

  /** Also deletes the clips of entries that are gone. */
  async open(isWaiting: (entryId: number) => boolean): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
    for (const name of await readdir(this.#dir)) {
      const id = /^(\d+)\.mp4$/.exec(name)?.[1];
      if (id === undefined || !isWaiting(Number(id))) await rm(join(this.#dir, name), { force: true });
    }
  }

  /**
   * The entry's clip; what was resumed with another is forgotten. Where the camera's picture changed on the way it shows
   * the longest run of one kind. Throws what making it throws, and `unavailable` when the disk fails or is full.
   */
  async clipOf(entry: OutboxEntry, rows: readonly SegmentRow[], signal: AbortSignal): Promise<ParcelBody> {
    const file = this.#file(entry);
    const known = await sizeOf(file);
    const bytes = known ?? (await this.#write(file, rows, signal));
    return { bytes, mediaType: 'video/mp4', open: (fromByte = 0) => createReadStream(file, { start: fromByte }) };
  }

  /** Whether it lies there from before. */
  async has(entry: Pick<OutboxEntry, 'id'>): Promise<boolean> {
    return (await sizeOf(this.#file(entry))) !== undefined;
  }

  async forget(entry: Pick<OutboxEntry, 'id'>): Promise<void> {
    await rm(this.#file(entry), { force: true });
  }

  #file({ id }: Pick<OutboxEntry, 'id'>): string {
    return join(this.#dir, `${id}.mp4`);
  }

  async #write(file: string, rows: readonly SegmentRow[], signal: AbortSignal): Promise<number> {
    const part = `${file}.part`;
    try {
      const { stream } = await this.#makeOf(rows, signal);
      await pipeline(stream, createWriteStream(part), { signal });
      const { size } = await stat(part);
      await rename(part, file);
      return size;
    } catch (error) {
      await rm(part, { force: true });
      throw errnoOf(error) === undefined ? error : new Fault('unavailable', `clips: ${messageOf(error)}`);
    }
  }

  async #makeOf(rows: readonly SegmentRow[], signal: AbortSignal): Promise<{ stream: Readable }> {
    try {
      return await this.#make(rows, signal);
    } catch (error) {
      if (!isFault(error, 'refused')) throw error;
      return await this.#make(longestRun(rows), signal);
    }
  }
}

function longestRun(rows: readonly SegmentRow[]): SegmentRow[] {
  const runs = new Map<string, SegmentRow[]>();
  for (const row of rows) runs.set(row.sessionId, [...(runs.get(row.sessionId) ?? []), row]);
  return [...runs.values()].reduce((longest, run) => (run.length > longest.length ? run : longest), []);
}

function errnoOf(error: unknown): unknown {
  return error instanceof Error && 'errno' in error ? error.errno : undefined;
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch {
    return undefined;
  }
}
