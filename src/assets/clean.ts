import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '#runtime';
import type { AssetDeps } from './deps.ts';
import { UNFINISHED } from './folder.ts';
import { sweepUploads } from './uploads.ts';

/** What assets' folders are called: anything else in the directory is not ours. */
const OURS = /^(?:m|a|img)-/;

/**
 * At start: makes the directories, and removes what a crash left unfinished, folders without a row, old uploads. What
 * can't be removed stays, with a warning.
 */
export async function cleanAssets({
  store,
  assetsDir,
  uploadsDir,
  clock,
  log,
}: Pick<AssetDeps, 'store' | 'assetsDir' | 'uploadsDir' | 'clock' | 'log'>): Promise<void> {
  for (const dir of [assetsDir, uploadsDir]) await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const name of await readdir(assetsDir)) {
    if (!OURS.test(name) || (!name.endsWith(UNFINISHED) && store.assets.get(name))) continue;
    try {
      await rm(join(assetsDir, name), { recursive: true, force: true });
      log.info({ asset: name }, 'removed what a crash left of an asset');
    } catch (error) {
      log.warn({ asset: name, error: messageOf(error) }, 'what a crash left of an asset could not be removed');
    }
  }
  await sweepUploads({ store, uploadsDir }, { nowMs: clock.nowMs(), starting: true });
}
