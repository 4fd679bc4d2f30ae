/**
 * Copies a database that is being written to, slowly and at the lowest priority, and looks at every page of the copy. A
 * process of its own: neither reading, nor checking, nor waiting for the disk holds up whoever records. It ends with its
 * parent.
 *
 * argv: the database, the copy. Answers once, with what is wrong with the copy, which is what is wrong with the original.
 */
import { closeSync, createReadStream, existsSync, fsyncSync, openSync } from 'node:fs';
import { setPriority } from 'node:os';
import { finished } from 'node:stream/promises';
import Database from 'better-sqlite3';
import { messageOf } from '#runtime';
import type { BackupAnswer } from './backups.ts';
import { allProblems, isDamage } from './soundness.ts';

const LOWEST_PRIORITY = 19;
/** 1 MB, and then a pause, in which others have the disk. */
const PAGES_AT_ONCE = 256;
const PAUSE_MS = 15;

process.on('disconnect', () => process.exit(1));

async function copy(from: string, to: string): Promise<void> {
  const source = new Database(from, { readonly: true, timeout: 5000 });
  try {
    source.exec('BEGIN');
    source.prepare('SELECT count(*) FROM sqlite_schema').get(); // From here on, what others write is not seen.
    await source.backup(to, {
      progress: () => {
        pause();
        return PAGES_AT_ONCE;
      },
    });
  } finally {
    source.close();
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}

/** Also makes it a file that stands alone: no log beside it. */
function check(file: string): string[] {
  const sql = new Database(file);
  try {
    sql.pragma('journal_mode = DELETE');
    return allProblems(sql);
  } finally {
    sql.close();
  }
}

function sync(file: string): void {
  const fd = openSync(file, 'r+');
  fsyncSync(fd);
  closeSync(fd);
}

async function answer(from: string, to: string): Promise<BackupAnswer> {
  try {
    const problems = await problemsOfCopy(from, to);
    // SQLite takes what the disk doesn't give for damaged; that it failed now doesn't say so.
    if (problems.length > 0) for (const file of [from, to]) await demandReadable(file);
    return { kind: 'copied', problems };
  } catch (error) {
    return { kind: 'failed', problem: messageOf(error) };
  }
}

async function problemsOfCopy(from: string, to: string): Promise<string[]> {
  try {
    await copy(from, to);
    const problems = check(to);
    sync(to);
    return problems;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return [messageOf(error)];
  }
}

async function demandReadable(file: string): Promise<void> {
  if (existsSync(file)) await finished(createReadStream(file).resume());
}

const [from = '', to = ''] = process.argv.slice(2);
process.umask(0o077);
setPriority(LOWEST_PRIORITY);
process.send?.(await answer(from, to), () => process.disconnect());
