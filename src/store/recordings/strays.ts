import { opendir, readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Statement } from 'better-sqlite3';
import type { Connection } from '../connection.ts';
import { hasCode } from '../safety/identity.ts';
import { DAY_MS } from '../search/vector-tables.ts';

/** A picture is written before its row: no younger file is taken for a stray, not even where the clock was set. */
const SETTLED_MS = DAY_MS;
/** Scenes of a day end on it or soon after; of so long a stretch of them the names are read at once. */
const STRETCH_MS = DAY_MS / 12;
const DAY = /^\d{4}-\d\d-\d\d$/;

type Range = { stream: string; from: number; to: number };

/**
 * Thumbnails that no scene names: a kill between a picture and its row leaves one, and so does a database that was
 * restored from before it. They are found by looking through one day of one camera at a time.
 */
export class Strays {
  readonly #named: Statement<Range, string>;
  #last = '';

  constructor({ sql }: Connection) {
    this.#named = sql
      .prepare<Range, string>(`
        SELECT thumb_path FROM scenes
        WHERE stream_id = @stream AND thumb_path IS NOT NULL AND end_ms >= @from AND end_ms < @to`)
      .pluck();
  }

  /**
   * Unlinks those of the next day, beginning anew after the last one; returns how many they were. Throws the signal's
   * reason, or what the file system says; the next call goes on with the day after.
   */
  async sweepNext(thumbsDir: string, nowMs: number, signal: AbortSignal): Promise<number> {
    const next = await this.#next(thumbsDir);
    this.#last = next ? `${next.stream}/${next.day}` : '';
    if (!next) return 0;
    const named = await this.#namesOf(next, signal);
    const dir = join(thumbsDir, next.stream, next.day);
    let gone = 0;
    for await (const entry of await opendir(dir)) {
      signal.throwIfAborted();
      if (!entry.isFile() || named.has(join(next.stream, next.day, entry.name))) continue;
      if (await unlinkSettled(join(dir, entry.name), nowMs)) gone++;
    }
    if (gone > 0) await removeEmpty([dir, join(thumbsDir, next.stream)]);
    return gone;
  }

  async #next(thumbsDir: string): Promise<{ stream: string; day: string } | undefined> {
    const [lastStream = ''] = this.#last.split('/');
    for (const stream of await directoriesIn(thumbsDir)) {
      if (stream < lastStream) continue;
      const days = (await directoriesIn(join(thumbsDir, stream))).filter((day) => DAY.test(day));
      const day = days.find((one) => stream > lastStream || `${stream}/${one}` > this.#last);
      if (day !== undefined) return { stream, day };
    }
    return undefined;
  }

  async #namesOf({ stream, day }: { stream: string; day: string }, signal: AbortSignal): Promise<Set<string>> {
    const startMs = Date.parse(day);
    const named = new Set<string>();
    // In the order of their ends, which only grow: none gets past.
    for (let from = startMs - DAY_MS; from < startMs + 3 * DAY_MS; from += STRETCH_MS) {
      for (const path of this.#named.iterate({ stream, from, to: from + STRETCH_MS })) named.add(path);
      await setImmediate();
      signal.throwIfAborted();
    }
    return named;
  }
}

async function directoriesIn(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** False for a young one, and for one that went meanwhile. */
async function unlinkSettled(file: string, nowMs: number): Promise<boolean> {
  try {
    if ((await stat(file)).mtimeMs > nowMs - SETTLED_MS) return false;
    await unlink(file);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

async function removeEmpty(dirs: readonly string[]): Promise<void> {
  for (const dir of dirs) {
    try {
      await rmdir(dir);
    } catch {
      return; // There is something in it.
    }
  }
}
