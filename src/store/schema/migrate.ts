import type { Database } from 'better-sqlite3';
import { Fault, faultPoint } from '#runtime';
import { assetsJobsTranscripts } from './migrations/0002-assets-jobs-transcripts.ts';
import { transcriptsFound } from './migrations/0003-transcripts-found.ts';
import { seeing } from './migrations/0004-seeing.ts';
import { keeping } from './migrations/0005-keeping.ts';
import { syncing } from './migrations/0006-syncing.ts';
import { making } from './migrations/0007-making.ts';
import { SCHEMA } from './schema.ts';

/** The steps from one released schema to the next; each lives in a file of its own under `migrations/`. */
export interface Migration {
  /** The `user_version` it leads to; the first migration leads to 2. */
  version: number;
  sql: string;
}

/** Oldest first, without gaps. */
const MIGRATIONS: readonly Migration[] = [assetsJobsTranscripts, transcriptsFound, seeing, keeping, syncing, making];

export const NEWEST_VERSION: number = 1 + MIGRATIONS.length;

/**
 * Makes a fresh database from the newest schema, or brings an older one up to it, each step in its own transaction: a
 * crash leaves a whole older version. Throws `refused` when a newer Watchpost wrote the database.
 */
export function migrate(db: Database, schema = SCHEMA, migrations = MIGRATIONS): void {
  const newest = 1 + migrations.length;
  const found = versionOf(db);
  if (found > newest) {
    throw new Fault(
      'refused',
      `watchpost.db has schema ${found}, written by a newer Watchpost; this one knows up to ${newest}: ` +
        'install the newer version again, or start with another data directory',
    );
  }
  if (found === 0) apply(db, schema, { from: 0, to: newest });
  for (const { version, sql } of migrations) {
    if (found > 0 && version > found) apply(db, sql, { from: version - 1, to: version });
  }
}

/** The schema of a database that `migrate` would change; undefined for a fresh one and for the newest. */
export function olderVersion(db: Database): number | undefined {
  const found = versionOf(db);
  return found > 0 && found < NEWEST_VERSION ? found : undefined;
}

export const versionOf = (db: Database): number => Number(db.pragma('user_version', { simple: true }));

/** Does nothing when another process has done it meanwhile. */
function apply(db: Database, sql: string, { from, to }: { from: number; to: number }): void {
  db.transaction(() => {
    if (versionOf(db) !== from) return;
    db.exec(sql);
    db.pragma(`user_version = ${to}`);
    faultPoint('migration.applied');
  }).immediate();
  faultPoint('migration.entered');
}
