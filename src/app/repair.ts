import { existsSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { recoverSegments } from '#camera';
import type { Config } from '#config';
import { type Clock, isFault, type Log } from '#runtime';
import { databaseProblem, Ledger, restoreDamaged, Store } from '#store';
import { lockDataDir } from './data-lock.ts';
import { unnamedFiles } from './doctor.ts';
import { makePlaces } from './places.ts';
import { adoptCameras, forgetMissing } from './restored.ts';

/**
 * Makes a data directory agree with itself: a damaged database is restored, rows without files and thumbnails without rows
 * go, segments without rows are entered. Returns what was done. Throws `conflict` while an appliance runs on it,
 * `unavailable` when the disk of the recordings isn't there.
 */
export async function repair(config: Config, clock: Clock, log: Log): Promise<string[]> {
  const { dataDir } = config;
  const places = await makePlaces(dataDir);
  using _lock = lockDataDir(dataDir);
  const report = await restoreDamaged(dataDir, clock, databaseProblem(dataDir) ?? deepProblem(dataDir));
  await using store = await Store.open(dataDir, { clock, log });
  if (report) store.backups.noteRestore(report);
  const cameras = await adoptCameras({ store, config, ...places, clock });
  await store.mediaPlace.demand(places.mediaDir); // Else all recordings would be forgotten.
  const forgotten = await forgetMissing(store, dataDir, { media: places.mediaDir, thumbs: places.thumbsDir });
  const found = await recoverSegments(places.mediaDir, (path) => store.segments.has(path));
  for (const { segment, session } of found) store.segments.addFound(segment, session);
  const disagreed = mendAgreement(store, dataDir);
  const strays = await unlinkStrays(dataDir, places.thumbsDir);
  return [
    ...(report
      ? [`restored the database from ${report.backup ?? 'what could be read of it'}; see ${report.setAside}`]
      : []),
    ...cameras.map((name) => `found the camera "${name}" again: give it its address, and start it`),
    ...said(forgotten, 'rows whose files are gone forgotten'),
    ...said(found.length, 'segments entered'),
    ...said(disagreed, 'rows brought in line'),
    ...said(strays, 'thumbnails that no scene names deleted'),
  ];
}

/** All that SQLite finds, not only what a start looks at. */
function deepProblem(dataDir: string): string | undefined {
  try {
    using ledger = Ledger.open(dataDir);
    return ledger.problems()[0];
  } catch (error) {
    if (isFault(error, 'not_found') || isFault(error, 'refused')) return undefined; // Opening the store tells.
    throw error;
  }
}

function mendAgreement(store: Store, dataDir: string): number {
  using ledger = Ledger.open(dataDir);
  const rows = ledger.disagreements().reduce((sum, disagreement) => sum + disagreement.rows, 0);
  if (rows > 0) store.mending.agree();
  return rows;
}

async function unlinkStrays(dataDir: string, thumbsDir: string): Promise<number> {
  using ledger = Ledger.open(dataDir);
  const strays = unnamedFiles(ledger, 'thumbs', thumbsDir).filter((path) => existsSync(join(thumbsDir, path)));
  for (const path of strays) await unlink(join(thumbsDir, path));
  return strays.length;
}

const said = (count: number, what: string): string[] => (count === 0 ? [] : [`${count} ${what}`]);
