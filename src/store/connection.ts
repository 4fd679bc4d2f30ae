import { existsSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';
import { Fault, faultPoint, type Log, messageOf } from '#runtime';
import { demandRoom, type FileSystemOf, refuseNetwork, syncPath } from './file-system.ts';
import { isDamage } from './safety/soundness.ts';
import { migrate, olderVersion } from './schema/migrate.ts';

/**
 * The one connection that writes. Two levels of promise: `write` survives a killed process, `writeDurably` a cut cable
 * too. What must follow a commit (waking the journal's readers) is handed to `afterCommit` and forgotten on a rollback.
 */
export class Connection implements Disposable {
  readonly sql: Database.Database;
  /** Whether sqlite-vec could be loaded; without it search goes by words alone. */
  readonly hasVectors: boolean;
  readonly #damage = new AbortController();
  #afterCommit = new Set<() => void>();

  constructor(sql: Database.Database, hasVectors: boolean) {
    this.sql = sql;
    this.hasVectors = hasVectors;
  }

  /** Makes the file (0600, directory 0700) when it isn't there, and brings its schema up to date, after a copy. */
  static async open(file: string, log: Log, fileSystemOf?: FileSystemOf): Promise<Connection> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await refuseNetwork(dirname(file), fileSystemOf);
    if (!existsSync(file)) await (await open(file, 'a', 0o600)).close();
    await chmod(file, 0o600);
    const sql = explained(() => new Database(file, { timeout: 5000 }));
    try {
      const older = explained(() => {
        for (const pragma of PRAGMAS) sql.pragma(pragma);
        return olderVersion(sql);
      });
      if (older !== undefined) await copyBefore(sql, older, fileSystemOf);
      const hasVectors = loadVectors(sql, log);
      explained(() => migrate(sql));
      return new Connection(sql, hasVectors);
    } catch (error) {
      sql.close();
      throw error;
    }
  }

  /** What a copy of it would take. */
  bytes(): number {
    const [pages, size] = ['page_count', 'page_size'].map((pragma) =>
      Number(this.sql.pragma(pragma, { simple: true })),
    );
    return (pages ?? 0) * (size ?? 0);
  }

  /** Aborted when the database has turned out to be damaged: whoever holds it ends, and its next opening restores it. */
  get damaged(): AbortSignal {
    return this.#damage.signal;
  }

  /** Leaves a mark for the next start; returns what is to be thrown. */
  reportDamage(problem: string): Fault {
    const fault = damage(problem);
    if (!this.#damage.signal.aborted) {
      writeFileSync(damageMark(this.sql.name), problem);
      this.#damage.abort(fault);
    }
    return fault;
  }

  /** All or nothing; inside another write it is part of that one. */
  write<T>(work: () => T): T {
    if (this.sql.inTransaction) return work();
    try {
      const result = this.#explained(() => this.sql.transaction(work).immediate());
      for (const follow of this.#afterCommit) queueMicrotask(follow);
      return result;
    } finally {
      this.#afterCommit.clear();
    }
  }

  /** As `write`, and on disk when it returns; inside another write it is as sure as that one. */
  writeDurably<T>(work: () => T): T {
    if (this.sql.inTransaction) return work(); // Whoever began it says how sure it is to be.
    this.sql.pragma('synchronous = FULL');
    try {
      return this.write(work);
    } finally {
      this.sql.pragma('synchronous = NORMAL');
    }
  }

  /**
   * All that was written by now is on disk when it resolves, as with `writeDurably`, but it is not this thread that waits for the
   * disk: what a commit writes is in the log, whether it was synced or not. Throws `unavailable` when the disk fails.
   */
  async settle(): Promise<void> {
    try {
      const log = await open(`${this.sql.name}-wal`, 'r');
      await log.datasync().finally(() => log.close());
    } catch (error) {
      throw new Fault('unavailable', `the disk failed (${messageOf(error)}): look at its cable and its health`, {
        cause: error,
      });
    }
  }

  /**
   * As `writeDurably`, for deleting what others refer to while they stay: nothing follows by itself, and nothing is refused
   * for it. Never within another write.
   */
  writeLeavingOrphans<T>(work: () => T): T {
    if (this.sql.inTransaction) throw new Fault('internal', 'orphans can only be left by a write of its own');
    this.sql.pragma('foreign_keys = OFF');
    try {
      return this.writeDurably(work);
    } finally {
      this.sql.pragma('foreign_keys = ON');
    }
  }

  /** Runs once, soon after the current transaction has been committed. */
  afterCommit(follow: () => void): void {
    this.#afterCommit.add(follow);
  }

  [Symbol.dispose](): void {
    this.sql.close();
  }

  #explained<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw isDamage(error) ? this.reportDamage(messageOf(error)) : explanationOf(error);
    }
  }
}

/** A file whose presence says that the database beside it has turned out to be damaged, and how. */
export const damageMark = (file: string): string => `${file}.damaged`;

const PRAGMAS = [
  'journal_mode = WAL',
  'synchronous = NORMAL',
  'foreign_keys = ON',
  'temp_store = MEMORY',
  'cache_size = -16000',
  'journal_size_limit = 33554432',
];

/** Beside the hourly ones: what the schema was before an upgrade. Throws `unavailable` without room for it. */
async function copyBefore(sql: Database.Database, version: number, fileSystemOf?: FileSystemOf): Promise<void> {
  const file = join(dirname(sql.name), 'backups', `of-schema-${version}.db`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await rm(`${file}.part`, { force: true });
  await demandRoom(dirname(file), (await stat(sql.name)).size, 0, fileSystemOf);
  explained(() => sql.prepare('VACUUM INTO ?').run(`${file}.part`));
  await chmod(`${file}.part`, 0o600);
  await syncPath(`${file}.part`);
  await rename(`${file}.part`, file);
  await syncPath(dirname(file));
  faultPoint('migration.copied');
}

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
    throw explanationOf(error);
  }
}

/** What is to be thrown instead of SQLite's own error. */
export function explanationOf(error: unknown): unknown {
  if (isDamage(error)) return damage(messageOf(error), error);
  return error instanceof Database.SqliteError ? faultOf(error) : error;
}

function damage(problem: string, cause?: unknown): Fault {
  return new Fault(
    'internal',
    `watchpost.db is damaged (${problem}): it is restored from its last good copy when Watchpost starts next`,
    { cause },
  );
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
    case 'SQLITE_READONLY':
    case 'SQLITE_CANTOPEN':
      return new Fault(
        'unavailable',
        `the data directory can't be written to (${message}): is its disk read-only?`,
        cause,
      );
    default:
      if (code.startsWith('SQLITE_IOERR')) {
        return new Fault(
          'unavailable',
          `the disk failed (${message}, ${code}): look at its cable and its health`,
          cause,
        );
      }
      return new Fault('internal', `the database failed: ${message} (${code})`, cause);
  }
}
