import type { Database } from 'better-sqlite3';
import { Fault } from '#runtime';
import { assetsJobsTranscripts } from './migrations/0002-assets-jobs-transcripts.ts';
import { transcriptsFound } from './migrations/0003-transcripts-found.ts';
import { seeing } from './migrations/0004-seeing.ts';
import { keeping } from './migrations/0005-keeping.ts';
import { SCHEMA } from './schema.ts';

/** The steps from one released schema to the next; each lives in a file of its own under `migrations/`. */
export interface Migration {
  /** The `user_version` it leads to; the first migration leads to 2. */
  version: number;
  sql: string;
}

/** Oldest first, without gaps. */
const MIGRATIONS: readonly Migration[] = [assetsJobsTranscripts, transcriptsFound, seeing, keeping];

/**
 * Makes a fresh database from the newest schema, or brings an older one up to it, each step in its own transaction: a
 * crash leaves a whole older version. Throws `refused` when a newer Watchpost wrote the database.
 */
export function migrate(db: Database, schema = SCHEMA, migrations = MIGRATIONS): void {
  const newest = 1 + migrations.length;
  const found = Number(db.pragma('user_version', { simple: true }));
  if (found > newest) {
    throw new Fault(
      'refused',
      `watchpost.db has schema ${found}, written by a newer Watchpost; this one knows up to ${newest}: ` +
        'install the newer version again, or start with another data directory',
    );
  }
  if (found === 0) apply(db, schema, newest);
  for (const migration of migrations) {
    if (found > 0 && migration.version > found) apply(db, migration.sql, migration.version);
  }
}

function apply(db: Database, sql: string, version: number): void {
  db.transaction(() => {
    db.exec(sql);
    db.pragma(`user_version = ${version}`);
  }).immediate();
}
