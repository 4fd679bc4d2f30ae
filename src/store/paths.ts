import { join } from 'node:path';
import { Fault } from '#runtime';

/** The store's files in the data directory. */
export const databaseFile = (dir: string): string => join(dir, 'watchpost.db');
/** Good copies of the database, newest first. The other one is there while a copy takes its place. */
export const backupFiles = (dir: string): string[] => ['1', '2'].map((n) => join(dir, 'backups', `watchpost.${n}.db`));

/** Throws `internal` unless the path stays below the directory that it is relative to. */
export function checkRelative(path: string, field: string): void {
  const parts = path.split('/');
  if (
    path.includes('\\') ||
    path.includes('\0') ||
    parts.some((part) => part === '' || part === '.' || part === '..')
  ) {
    throw new Fault('internal', `${field}: "${path}" must be a plain relative path`);
  }
}
