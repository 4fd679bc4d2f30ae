import { rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Statement } from 'better-sqlite3';
import { faultPoint } from '#runtime';
import type { Connection } from '../connection.ts';
import { hasCode } from '../safety/identity.ts';

const BATCH = 200;

interface Row {
  id: number;
  root: 'media' | 'thumbs' | 'assets';
  path: string;
  dir: number;
}

export interface Leftover {
  path: string;
  error: unknown;
}

export type Roots = Record<Row['root'], string>;

/**
 * The second half of deleting: files that no row names are unlinked, then forgotten. What a crash left is found again
 * at the next sweep; a file that is gone already counts as done.
 */
export class Garbage {
  readonly #connection: Connection;
  readonly #next: Statement<[number, number], Row>;
  readonly #forget: Statement<[string]>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#next = sql.prepare('SELECT * FROM garbage WHERE id > ? ORDER BY id LIMIT ?');
    this.#forget = sql.prepare('DELETE FROM garbage WHERE id IN (SELECT value FROM json_each(?))');
  }

  /** Returns what could not be unlinked and stays for the next sweep. */
  async sweep(roots: Roots, signal: AbortSignal): Promise<Leftover[]> {
    const left: Leftover[] = [];
    let after = 0;
    for (;;) {
      signal.throwIfAborted();
      const rows = this.#next.all(after, BATCH);
      const last = rows.at(-1);
      if (!last) return left;
      after = last.id;
      const done: number[] = [];
      for (const row of rows) {
        try {
          await remove(row, roots[row.root]);
          faultPoint('garbage.unlinked');
          done.push(row.id);
        } catch (error) {
          left.push({ path: row.path, error });
        }
      }
      this.#connection.write(() => this.#forget.run(JSON.stringify(done)));
      faultPoint('garbage.swept');
    }
  }
}

async function remove({ root: kind, path, dir }: Row, root: string): Promise<void> {
  const file = join(root, path);
  if (kind === 'assets') return rm(file, { recursive: true, force: true });
  try {
    await unlink(file);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  if (dir) await rm(join(dirname(file), 'session.json'), { force: true });
  await removeEmptyParents(path, root);
}

/** Up to, and without, the root. */
async function removeEmptyParents(path: string, root: string): Promise<void> {
  for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
    try {
      await rmdir(join(root, parent));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) continue;
      if (hasCode(error, 'ENOTEMPTY') || hasCode(error, 'EEXIST')) return;
      throw error;
    }
  }
}
