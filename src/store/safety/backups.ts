import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { type Clock, Fault, faultPoint, messageOf, runApart } from '#runtime';
import type { Connection } from '../connection.ts';
import { demandRoom, type FileSystemOf, syncPath } from '../file-system.ts';
import type { Meta } from '../meta.ts';
import { backupFiles, databaseFile } from '../paths.ts';
import { BROUGHT_KEY, signingKey } from './identity.ts';
import type { RestoreReport } from './restore.ts';

const RESTORES = 'restores';
const RESTORED = 'restored';
const HOUR_MS = 3_600_000;
/** A large database is copied less often than hourly, so that copies don't wear the disk out. */
const BYTES_PER_HOUR = 512e6;

export type BackupAnswer = { kind: 'copied'; problems: string[] } | { kind: 'failed'; problem: string };

export interface BackupOptions {
  /** Percent of the disk that stay free. */
  reservePercent: number;
  signal: AbortSignal;
  fileSystemOf?: FileSystemOf;
}

export interface BackupStatus {
  /** When the newest good copy was made. */
  atMs?: number;
  bytes?: number;
  /** Why there is no newer one. */
  problem?: string;
  /** How often the database was restored, and what of the last time. */
  restores: number;
  restored?: { atMs: number; problem: string; from?: string };
}

/**
 * Two copies of the database in `backups/`, each looked at page by page before it counts. A copy in which something is
 * wrong never replaces a good one: the database itself is reported as damaged then. A crash leaves at most a `.part`.
 */
export class Backups {
  readonly #file: string;
  readonly #connection: Connection;
  readonly #meta: Meta;
  readonly #clock: Clock;
  #problem: string | undefined;

  constructor(connection: Connection, meta: Meta, clock: Clock) {
    this.#file = connection.sql.name;
    this.#connection = connection;
    this.#meta = meta;
    this.#clock = clock;
  }

  /** Makes one when the newest is an hour old, or a larger database's is older than its size asks. */
  async makeIfDue(options: BackupOptions): Promise<boolean> {
    const dueMs = HOUR_MS * Math.max(1, this.#connection.bytes() / BYTES_PER_HOUR);
    const { atMs } = await newestBackup(dirname(this.#file));
    const ageMs = atMs === undefined ? dueMs : this.#clock.nowMs() - atMs;
    if (ageMs >= 0 && ageMs < dueMs) return false; // Made in the future: the clock was set back.
    await this.make(options);
    return true;
  }

  /**
   * Throws `unavailable` without room for it above the reserve, or when its process doesn't live to tell; `internal` when
   * the database is damaged.
   */
  async make(options: BackupOptions): Promise<void> {
    try {
      await this.#make(options);
      this.#problem = undefined;
    } catch (error) {
      if (!options.signal.aborted) this.#problem = messageOf(error);
      throw error;
    }
  }

  async status(): Promise<BackupStatus> {
    const restored = this.#meta.get(RESTORED);
    return {
      ...(await newestBackup(dirname(this.#file))),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
      restores: Number(this.#meta.get(RESTORES) ?? 0),
      ...(restored === undefined ? {} : { restored: JSON.parse(restored) }),
    };
  }

  /** To be called once for each restored database. */
  noteRestore({ atMs, problem, backup }: RestoreReport): void {
    this.#meta.put(RESTORES, String(Number(this.#meta.get(RESTORES) ?? 0) + 1));
    this.#meta.put(RESTORED, JSON.stringify({ atMs, problem, ...(backup === undefined ? {} : { from: backup }) }));
  }

  async #make({ reservePercent, signal, fileSystemOf }: BackupOptions): Promise<void> {
    const [newest = '', older = ''] = backupFiles(dirname(this.#file));
    const part = `${newest}.part`;
    await mkdir(dirname(newest), { recursive: true, mode: 0o700 });
    await rm(part, { force: true });
    await demandRoom(dirname(newest), this.#connection.bytes(), reservePercent, fileSystemOf);
    try {
      const [problem] = await copySound(this.#file, part, signal);
      if (problem !== undefined) throw this.#connection.reportDamage(problem);
      faultPoint('backup.checked');
      await rename(newest, older).catch(() => undefined); // The first time there is none.
      await rename(part, newest);
      faultPoint('backup.named');
      await syncPath(dirname(newest));
    } finally {
      await rm(part, { force: true });
    }
  }
}

/** The newest good copy: when it was made, and its size. */
export async function newestBackup(dir: string): Promise<Pick<BackupStatus, 'atMs' | 'bytes'>> {
  for (const file of backupFiles(dir)) {
    const found = await stat(file).catch(() => undefined);
    if (found) return { atMs: found.mtimeMs, bytes: found.size };
  }
  return {};
}

/**
 * As `copySound`, to be taken to another box: the copy brings the box's key along, with which camera addresses and settings
 * are sealed in it. Whoever has the copy can read them.
 */
export async function copyToTake(dir: string, to: string, signal: AbortSignal): Promise<string[]> {
  const problems = await copySound(databaseFile(dir), to, signal);
  if (problems.length > 0) return problems;
  const key = await signingKey(dir);
  const copy = new Database(to);
  try {
    copy.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)').run(BROUGHT_KEY, key.toString('base64'));
  } finally {
    copy.close();
  }
  await syncPath(to);
  return [];
}

/** Copies a database, whoever writes to it, in a process of its own, within an hour. Returns what is wrong with it. */
async function copySound(from: string, to: string, signal: AbortSignal): Promise<string[]> {
  // Only backup-process.ts answers here.
  const answer = (await runApart({ name: 'backup-process', beside: import.meta.url }, [from, to], {
    signal,
    timeoutMs: HOUR_MS,
  })) as BackupAnswer | undefined;
  if (answer?.kind === 'copied') return answer.problems;
  throw new Fault('unavailable', `the database could not be copied: ${answer?.problem ?? 'the process for it ended'}`);
}
