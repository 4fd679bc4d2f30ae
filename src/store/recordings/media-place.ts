import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Statement } from 'better-sqlite3';
import { newId } from '#domain';
import { Fault, faultPoint, messageOf } from '#runtime';
import type { Connection } from '../connection.ts';
import { syncPath } from '../file-system.ts';
import type { Meta } from '../meta.ts';
import { hasCode } from '../safety/identity.ts';

/** In the media directory; its one line is also in the database. */
const MARKER = '.watchpost';
const MEDIA_ID = 'media_id';
/** Of the newest segments; if none of them is there, the directory is not where they were written. */
const LOOKED_FOR = 20;

/**
 * Whether the media directory is the one in which the recordings lie. When a disk isn't mounted, its mount point is a
 * directory like any other: recording there would fill the system's disk, and deleting would take rows whose files are
 * well. So the directory is marked when the first recording is made, and nothing is written or deleted without the mark.
 */
export class MediaPlace {
  readonly #meta: Meta;
  readonly #newest: Statement<[number], { path: string }>;
  readonly #streams: Statement<[], { id: string }>;

  constructor({ sql }: Connection, meta: Meta) {
    this.#meta = meta;
    this.#newest = sql.prepare('SELECT path FROM segments ORDER BY id DESC LIMIT ?');
    this.#streams = sql.prepare('SELECT id FROM streams');
  }

  /** Why it isn't, and what to do; undefined when it is. Marks a directory in which nothing was recorded yet. */
  async problem(mediaDir: string): Promise<string | undefined> {
    try {
      const found = await markIn(mediaDir);
      const known = this.#meta.get(MEDIA_ID);
      if (found !== undefined && found === known) return undefined;
      const wrong = await this.#wrong(mediaDir, found);
      if (wrong !== undefined) return wrong;
      if (found === undefined) await writeMark(mediaDir, this.#id());
      else this.#meta.put(MEDIA_ID, found);
      return undefined;
    } catch (error) {
      return `recordings: ${mediaDir} can't be used (${messageOf(error)}): mount its disk, and make it writable for Watchpost`;
    }
  }

  /** Throws `unavailable` with the problem. */
  async demand(mediaDir: string): Promise<void> {
    const problem = await this.problem(mediaDir);
    if (problem !== undefined) throw new Fault('unavailable', problem);
  }

  #id(): string {
    return this.#meta.once(MEDIA_ID, () => newId('box'));
  }

  /** Why a directory without the known mark isn't the one; undefined when it may well be. */
  async #wrong(mediaDir: string, found: string | undefined): Promise<string | undefined> {
    const newest = this.#newest.all(LOOKED_FOR);
    if (newest.length === 0) return found === undefined ? undefined : this.#foreign(mediaDir);
    const marked = this.#meta.get(MEDIA_ID) !== undefined;
    if (!marked && (await anyThere(newest.map(({ path }) => join(mediaDir, path))))) return undefined;
    const mark = `write "${this.#id()}" to ${join(mediaDir, MARKER)}`;
    if (found === undefined) {
      return (
        `recordings: their disk is not mounted at ${mediaDir}: mount it, recording goes on by itself. ` +
        `If they are gone for good, ${mark}`
      );
    }
    return (
      `recordings: the disk at ${mediaDir} is not the one that this box recorded to: mount that one. ` +
      `To go on with this one, ${mark}`
    );
  }

  /** A database that knows no recordings, and a directory that somebody has marked. */
  async #foreign(mediaDir: string): Promise<string | undefined> {
    const streams = new Set(this.#streams.all().map(({ id }) => id));
    const recorded = (await readdir(mediaDir)).filter((name) => name.startsWith('rts-'));
    if (recorded.length === 0 || recorded.some((id) => streams.has(id))) return undefined;
    return (
      `recordings: ${mediaDir} holds those of another box: mount another disk, or stop Watchpost and take them over ` +
      'with `watchpost doctor --repair`'
    );
  }
}

async function markIn(mediaDir: string): Promise<string | undefined> {
  try {
    return (await readFile(join(mediaDir, MARKER), 'utf8')).trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT') && (await stat(mediaDir)).isDirectory()) return undefined;
    throw error;
  }
}

async function writeMark(mediaDir: string, id: string): Promise<void> {
  const file = join(mediaDir, MARKER);
  faultPoint('mark.noted');
  await writeFile(`${file}.part`, `${id}\n`, { flush: true });
  faultPoint('mark.written');
  await rename(`${file}.part`, file);
  faultPoint('mark.named');
  await syncPath(mediaDir);
}

async function anyThere(files: readonly string[]): Promise<boolean> {
  for (const file of files) {
    const there = await stat(file).then(
      () => true,
      () => false,
    );
    if (there) return true;
  }
  return false;
}
