import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ledger, NamedFile, Root } from '#store';

/** Looked for at once. */
const AT_ONCE = 32;
const INIT = /\/init\.mp4$/;

/** What became of files that rows name; paths are relative to their root. */
export interface NamedFiles {
  count: number;
  gone: string[];
  /** Of those that are gone: without it no segment of its session plays. */
  goneInits: string[];
  /** They are there and have another length than when they were written. */
  changed: string[];
  /** The disk or the rights don't let anybody tell: nothing may be deleted for it. */
  unknown: string[];
}

/** Looks at every file that a row names, and lets everything else have its turn meanwhile. */
export async function lookForNamed(ledger: Ledger, root: Root, dir: string): Promise<NamedFiles> {
  const found: NamedFiles = { count: 0, gone: [], goneInits: [], changed: [], unknown: [] };
  for (const files of ledger.pagesOf(root, AT_ONCE)) {
    found.count += files.length;
    await Promise.all(files.map((file) => lookFor(file, dir, found)));
  }
  return found;
}

async function lookFor({ path, bytes }: NamedFile, dir: string, found: NamedFiles): Promise<void> {
  const file = await statOf(join(dir, path));
  if (file === 'unknown') found.unknown.push(path);
  else if (file === 'gone') (INIT.test(path) && bytes === null ? found.goneInits : found.gone).push(path);
  else if (bytes !== null && file.size !== bytes) found.changed.push(path);
}

async function statOf(file: string): Promise<Stats | 'gone' | 'unknown'> {
  try {
    return await stat(file);
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
    return isGone ? 'gone' : 'unknown';
  }
}
