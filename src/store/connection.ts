import { existsSync } from 'node:fs';
import { chmod, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';
import { Fault, type Log, messageOf } from '#runtime';
import { migrate } from './migrate.ts';

/**
 * The one connection that writes. Two levels of promise: `write` survives a killed process, `writeDurably` a cut cable
 * too. What must follow a commit (waking the journal's readers) is handed to `afterCommit` and forgotten on a rollback.
 */
export class Connection implements Disposable {
  readonly sql: Database.Database;
  /** Whether sqlite-vec could be loaded; without it search goes by words alone. */
  readonly hasVectors: boolean;
  #afterCommit = new Set<() => void>();

  constructor(sql: Database.Database, hasVectors: boolean) {
    this.sql = sql;
    this.hasVectors = hasVectors;
  }

  /** Makes the file (0600, directory 0700) when it isn't there, and brings its schema up to date. */
  static async open(file: string, log: Log): Promise<Connection> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    if (!existsSync(file)) await (await open(file, 'a', 0o600)).close();
    await chmod(file, 0o600);
    return explained(() => {
      const sql = new Database(file, { timeout: 5000 });
      try {
        for (const pragma of PRAGMAS) sql.pragma(pragma);
        const hasVectors = loadVectors(sql, log);
        migrate(sql);
        return new Connection(sql, hasVectors);
      } catch (error) {
        sql.close();
        throw error;
      }
    });
  }

  /** All or nothing; inside another write it is part of that one. */
  write<T>(work: () => T): T {
    if (this.sql.inTransaction) return work();
    try {
      const result = explained(() => this.sql.transaction(work).immediate());
      for (const follow of this.#afterCommit) queueMicrotask(follow);
      return result;
    } finally {
      this.#afterCommit.clear();
    }
  }

  /** As `write`, and on disk when it returns. */
  writeDurably<T>(work: () => T): T {
    this.sql.pragma('synchronous = FULL'); // Has no effect inside a transaction, so this is always the outermost.
    try {
      return this.write(work);
    } finally {
      this.sql.pragma('synchronous = NORMAL');
    }
  }

  /** Runs once, soon after the current transaction has been committed. */
  afterCommit(follow: () => void): void {
    this.#afterCommit.add(follow);
  }

  [Symbol.dispose](): void {
    this.sql.close();
  }
}

const PRAGMAS = [
  'journal_mode = WAL',
  'synchronous = NORMAL',
  'foreign_keys = ON',
  'temp_store = MEMORY',
  'cache_size = -16000',
  'journal_size_limit = 33554432',
];

function loadVectors(sql: Database.Database, log: Log): boolean {
  try {
    sqliteVec.load(sql);
    return true;
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'sqlite-vec is not available here: search goes by words alone');
    return false;
  }
}

/** SQLite's refusals as Faults. */
function explained<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    throw faultOf(error);
  }
}

function faultOf(error: InstanceType<typeof Database.SqliteError>): Fault {
  const { code, message } = error;
  const cause = { cause: error };
  switch (code) {
    case 'SQLITE_CONSTRAINT_FOREIGNKEY':
      return new Fault('not_found', 'what this belongs to is not there (any more)', cause);
    case 'SQLITE_CONSTRAINT_UNIQUE':
    case 'SQLITE_CONSTRAINT_PRIMARYKEY':
      return new Fault('conflict', `it is there already (${message})`, cause);
    case 'SQLITE_FULL':
      return new Fault('unavailable', 'the disk is full: free some space in the data directory', cause);
    case 'SQLITE_BUSY':
      return new Fault('unavailable', 'the database is busy: another process is writing to it, try again', cause);
    case 'SQLITE_CORRUPT':
    case 'SQLITE_NOTADB':
      return new Fault(
        'internal',
        `watchpost.db is damaged (${message}): stop Watchpost, move watchpost.db* away and start again; ` +
          'recordings are found again from their files',
        cause,
      );
    default:
      return new Fault('internal', `the database failed: ${message} (${code})`, cause);
  }
}
