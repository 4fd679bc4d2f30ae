import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Fault } from '#runtime';

/**
 * One appliance per data directory. The lock is SQLite's exclusive lock on an empty database: the kernel lets go of it
 * when the process ends in whatever way, so no stale lock can remain.
 */
export function lockDataDir(dataDir: string): Disposable {
  const lock = new Database(join(dataDir, 'running.lock'), { timeout: 0 });
  try {
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw new Fault('conflict', `another watchpost runs on ${dataDir}: stop it, or give this one another --data-dir`, {
      cause: error,
    });
  }
  return { [Symbol.dispose]: () => lock.close() };
}

/** The same for a command that needs the directory for itself; makes it when it isn't there. */
export async function holdDataDir(dataDir: string): Promise<Disposable> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  return lockDataDir(dataDir);
}
