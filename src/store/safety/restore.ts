import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { type Clock, Fault, faultPoint, messageOf, runApart } from '#runtime';
import { damageMark, explanationOf } from '../connection.ts';
import { syncPath } from '../file-system.ts';
import { backupFiles, databaseFile } from '../paths.ts';
import { migrate, NEWEST_VERSION, versionOf } from '../schema/migrate.ts';
import { type Salvaged, salvage } from './salvage.ts';
import { allProblems, damageOf, isDamage } from './soundness.ts';

/** What was restored, for people. It is kept beside the damaged files. */
export interface RestoreReport {
  atMs: number;
  /** What was wrong. */
  problem: string;
  /** The copy that it was restored from; absent when none was good: all that is there was read from the damaged files. */
  backup?: string;
  /** Absent when nothing of the damaged file could be read. */
  salvaged?: Salvaged;
  /** Where the damaged files are now. */
  setAside: string;
}

/** How many damaged databases are kept for somebody to look at. */
const KEPT_ASIDE = 2;
const BESIDE = ['', '-wal', '-shm'];
const REPORT = 'report.json';

/**
 * Restores the database where it is damaged, or gone though there are copies of it, and says what came of it; undefined
 * when all is well. Nobody may have it open. The last good copy, and over it what can still be read; killed at any step
 * it is begun again, or finished, at the next start. `found` is damage that the caller has seen and a short look may not.
 */
export async function restoreDamaged(dir: string, clock: Clock, found?: string): Promise<RestoreReport | undefined> {
  const file = databaseFile(dir);
  const finished = await finishRestore(dir, clock);
  if (finished) return finished;
  const problem = found ?? problemOf(dir);
  if (problem === undefined) return undefined;
  const next = `${file}.restoring`;
  await removeDatabase(next);
  const report: Omit<RestoreReport, 'setAside'> = { atMs: clock.nowMs(), problem, ...restoreInto(next, dir) };
  await writeFile(`${file}.report`, JSON.stringify(report), { mode: 0o600, flush: true });
  await syncPath(next);
  await rename(next, `${file}.restored`); // From here on it counts.
  await syncPath(dir);
  faultPoint('restore.salvaged');
  return finishRestore(dir, clock);
}

export type RestoreAnswer = { kind: 'done'; report?: RestoreReport } | { kind: 'failed'; problem: string };

/** As `restoreDamaged`, in a process of its own where there is something to do. Throws `unavailable` when that fails. */
export async function restoreApart(dir: string, signal: AbortSignal): Promise<RestoreReport | undefined> {
  if (problemOf(dir) === undefined && !existsSync(`${databaseFile(dir)}.restored`)) return undefined;
  // Only restore-process.ts answers here.
  const answer = (await runApart({ name: 'restore-process', beside: import.meta.url }, [dir], { signal })) as
    | RestoreAnswer
    | undefined;
  if (answer?.kind === 'done') return answer.report;
  throw new Fault('unavailable', `the database can't be restored: ${answer?.problem ?? 'the process for it ended'}`);
}

/** Puts a database in the place of the one that is there, which is set aside. Throws `invalid` when it isn't a good one. */
export async function restoreFrom(backup: string, dir: string, clock: Clock): Promise<RestoreReport> {
  const file = databaseFile(dir);
  const next = `${file}.restoring`;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await removeDatabase(next);
  const problem = takeGood(backup, next);
  if (problem !== undefined) {
    await removeDatabase(next);
    throw new Fault('invalid', `${backup}: can't be restored: ${problem}`);
  }
  const report = { atMs: clock.nowMs(), problem: 'restored by hand', backup };
  await writeFile(`${file}.report`, JSON.stringify(report), { mode: 0o600, flush: true });
  await syncPath(next);
  await rename(next, `${file}.restored`);
  await syncPath(dir);
  return (await finishRestore(dir, clock)) ?? { ...report, setAside: '' };
}

/** What speaks for damage at a short look; undefined when nothing does. Throws `unavailable` when the disk fails. */
export function problemOf(dir: string): string | undefined {
  const file = databaseFile(dir);
  const mark = damageMark(file);
  if (existsSync(mark)) return readFileSync(mark, 'utf8');
  const isGone = !existsSync(file) && backupFiles(dir).some((backup) => existsSync(backup));
  if (isGone) return 'it is gone';
  try {
    return damageOf(file);
  } catch (error) {
    throw explanationOf(error);
  }
}

/** Makes the database anew at `next`. */
function restoreInto(next: string, dir: string): Pick<RestoreReport, 'backup' | 'salvaged'> {
  const backup = backupFiles(dir).find((file) => existsSync(file) && takeGood(file, next) === undefined);
  const sql = new Database(next);
  try {
    sql.pragma('journal_mode = DELETE');
    sql.pragma('foreign_keys = OFF');
    migrate(sql);
    faultPoint('restore.based');
    const salvaged = existsSync(databaseFile(dir)) ? salvageIfReadable(sql, databaseFile(dir)) : undefined;
    return { ...(backup === undefined ? {} : { backup }), ...(salvaged ? { salvaged } : {}) };
  } catch (error) {
    throw explanationOf(error);
  } finally {
    sql.close();
  }
}

/** Copies it; returns why it is no good. */
function takeGood(backup: string, to: string): string | undefined {
  if (!existsSync(backup)) return 'there is no such file';
  copyFileSync(backup, to);
  try {
    const sql = new Database(to);
    try {
      const version = versionOf(sql);
      if (version === 0) return 'it is no database of Watchpost';
      if (version > NEWEST_VERSION) return `it has schema ${version}, written by a newer Watchpost: install that one`;
      return allProblems(sql)[0];
    } finally {
      sql.close();
    }
  } catch (error) {
    return messageOf(error);
  }
}

function salvageIfReadable(sql: Database.Database, file: string): Salvaged | undefined {
  try {
    return salvage(sql, file);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return undefined;
  }
}

/** Takes the damaged files away and puts the restored one in their place. */
async function finishRestore(dir: string, clock: Clock): Promise<RestoreReport | undefined> {
  const file = databaseFile(dir);
  if (!existsSync(`${file}.restored`)) return undefined;
  const setAside = join(dir, 'damaged', String(clock.nowMs()));
  await mkdir(setAside, { recursive: true, mode: 0o700 });
  for (const suffix of BESIDE) {
    if (existsSync(file + suffix)) await rename(file + suffix, join(setAside, `watchpost.db${suffix}`));
  }
  await syncPath(dir);
  faultPoint('restore.set-aside');
  const report: RestoreReport = { ...JSON.parse(readFileSync(`${file}.report`, 'utf8')), setAside };
  await writeFile(join(setAside, REPORT), JSON.stringify(report, undefined, 2), { mode: 0o600 });
  await rm(damageMark(file), { force: true });
  await rename(`${file}.restored`, file);
  await syncPath(dirname(file));
  faultPoint('restore.named');
  await rm(`${file}.report`, { force: true });
  await forgetOldest(join(dir, 'damaged'));
  return report;
}

async function forgetOldest(dir: string): Promise<void> {
  const kept = (await readdir(dir)).sort((a, b) => Number(b) - Number(a));
  for (const name of kept.slice(KEPT_ASIDE)) await rm(join(dir, name), { recursive: true, force: true });
}

async function removeDatabase(file: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm', '-journal']) await rm(file + suffix, { force: true });
}
