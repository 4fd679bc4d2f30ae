import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Fault, messageOf } from '#runtime';
import { databaseFile } from '../paths.ts';
import { allProblems } from '../safety/soundness.ts';
import { NEWEST_VERSION, versionOf } from '../schema/migrate.ts';
import type { Roots } from './garbage.ts';

export type Root = keyof Roots;

/** A file that a row names, relative to its root. */
export interface NamedFile {
  path: string;
  /** Where the row says. */
  bytes: number | null;
}

const NAMED: Readonly<Record<Root, string>> = {
  media: `
    SELECT path, bytes FROM segments
    UNION ALL SELECT init_path, NULL FROM recording_sessions
      WHERE EXISTS (SELECT 1 FROM segments WHERE session_id = recording_sessions.id)`,
  thumbs: 'SELECT thumb_path AS path, NULL AS bytes FROM scenes WHERE thumb_path IS NOT NULL',
  assets: `
    SELECT path, bytes FROM asset_pieces
    UNION ALL SELECT DISTINCT init_path, NULL FROM asset_pieces
    UNION ALL SELECT thumb_path, NULL FROM assets WHERE thumb_path IS NOT NULL`,
};

/** What rows should agree with, and how many don't. */
const AGREEMENTS: readonly { what: string; count: string }[] = [
  {
    // Of streams that were deleted retention takes the rest; see orphans.ts.
    what: 'rows whose owners are gone',
    count: `
      SELECT count(*) FROM pragma_foreign_key_check WHERE parent NOT IN ('streams', 'indexes', 'alerts')
        OR "table" NOT IN ('scenes', 'firings', 'marks', 'transcripts', 'transcript_gaps', 'gaps', 'holds')`,
  },
  {
    what: 'scenes that are not found by their words',
    count: 'SELECT count(*) FROM scenes WHERE id NOT IN (SELECT rowid FROM scene_words)',
  },
  {
    what: 'sentences that are not found by their words',
    count: 'SELECT count(*) FROM transcripts WHERE id NOT IN (SELECT rowid FROM transcript_words)',
  },
  {
    what: 'cameras whose recordings take more or less than is reckoned',
    count: `
      SELECT count(*) FROM (SELECT stream_id, bytes, held_bytes FROM stream_bytes EXCEPT
        SELECT stream_id, sum(bytes), sum(held * bytes) FROM segments GROUP BY stream_id)`,
  },
  {
    what: 'segments more or fewer than are counted',
    count: 'SELECT abs((SELECT count(*) FROM segments) - (SELECT count FROM segment_totals))',
  },
];

/** A look at the database that changes nothing, also while somebody writes to it: what it names, and whether it agrees. */
export class Ledger implements Disposable {
  readonly #sql: Database.Database;

  private constructor(sql: Database.Database) {
    this.#sql = sql;
  }

  /** Throws `not_found` where there is no database, `internal` when it can't be opened, `refused` for another schema. */
  static open(dir: string): Ledger {
    const file = databaseFile(dir);
    if (!existsSync(file)) throw new Fault('not_found', `${dir}: there is no database yet`);
    try {
      const sql = new Database(file, { readonly: true, timeout: 5000 });
      const version = versionOf(sql);
      if (version === NEWEST_VERSION) return new Ledger(sql);
      sql.close();
      throw new Fault('refused', version > NEWEST_VERSION ? newer(version) : older(version));
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw new Fault('internal', `watchpost.db can't be read: ${messageOf(error)}`, { cause: error });
    }
  }

  /** All that SQLite finds wrong; may take minutes. */
  problems(): string[] {
    return allProblems(this.#sql);
  }

  /** Which parts of the database don't agree with each other, and in how many rows. */
  disagreements(): { what: string; rows: number }[] {
    return AGREEMENTS.map(({ what, count }) => ({
      what,
      rows: this.#sql.prepare<[], number>(count).pluck().get() ?? 0,
    })).filter(({ rows }) => rows > 0);
  }

  named(root: Root): NamedFile[] {
    return this.#sql.prepare<[], NamedFile>(NAMED[root]).all();
  }

  /** The same, so many at once. */
  *pagesOf(root: Root, files: number): Generator<NamedFile[]> {
    let page: NamedFile[] = [];
    for (const file of this.#sql.prepare<[], NamedFile>(NAMED[root]).iterate()) {
      page.push(file);
      if (page.length < files) continue;
      yield page;
      page = [];
    }
    yield page;
  }

  /** Of these those that are named still: a recorder may have deleted some meanwhile. */
  stillNamed(root: Root, paths: readonly string[]): string[] {
    if (paths.length === 0) return [];
    const asked = this.#sql.prepare<[string], string>(
      `SELECT DISTINCT path FROM (${NAMED[root]}) WHERE path IN (SELECT value FROM json_each(?))`,
    );
    return asked.pluck().all(JSON.stringify(paths));
  }

  /** Files that are to be unlinked. */
  garbage(root: Root): string[] {
    return this.#sql.prepare<[string], string>('SELECT path FROM garbage WHERE root = ?').pluck().all(root);
  }

  streamIds(): string[] {
    return this.#sql.prepare<[], string>('SELECT id FROM streams').pluck().all();
  }

  [Symbol.dispose](): void {
    this.#sql.close();
  }
}

const newer = (version: number): string =>
  `watchpost.db has schema ${version}, written by a newer Watchpost; this one knows up to ${NEWEST_VERSION}`;
const older = (version: number): string =>
  `watchpost.db has schema ${version} of an older Watchpost: start this one once, it upgrades it`;
