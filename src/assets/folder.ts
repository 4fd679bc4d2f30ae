import { constants, copyFile, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Asset, Piece } from '#domain';
import { Fault, isFault } from '#runtime';
import type { AssetDeps } from './deps.ts';

/** How the folder is called until it is complete. */
export const UNFINISHED = '.part';

/**
 * Makes an asset's folder: `fill` writes into a folder of another name, which takes the right one when everything in it
 * is on disk. Nothing is left when it fails.
 */
export async function makeFolder(assetsDir: string, id: string, fill: (dir: string) => Promise<void>): Promise<void> {
  const [draft, final] = [join(assetsDir, id + UNFINISHED), join(assetsDir, id)];
  await rm(draft, { recursive: true, force: true });
  await rm(final, { recursive: true, force: true }); // Left by a crash before its row was written.
  await mkdir(draft, { recursive: true });
  try {
    await fill(draft);
    for (const name of await readdir(draft)) await syncOwn(join(draft, name));
    await sync(draft);
    await rename(draft, final);
    await sync(assetsDir);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/** A file with a second name is the recorder's, who has written it long ago; a day's would take minutes to sync. */
async function syncOwn(file: string): Promise<void> {
  if ((await stat(file)).nlink === 1) await sync(file);
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A second name for the file where the file system has that, else a copy, unless `mayCopy` throws. */
export async function linkOrCopy(from: string, to: string, mayCopy: (bytes: number) => Promise<void>): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!isUnable(error)) throw error;
    await mayCopy((await stat(from)).size);
    await copyFile(from, to, constants.COPYFILE_EXCL); // Never into what may be the recording itself.
  }
}

/** Another file system, one without links, a file with too many. */
function isUnable(error: unknown): boolean {
  const codes: unknown[] = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];
  return error instanceof Error && 'code' in error && codes.includes(error.code);
}

/**
 * Writes the asset's row. Its folder goes when that fails: nothing would ever name it. Throws `refused` when its
 * collection has been deleted.
 */
export async function enter(
  asset: Asset,
  pieces: readonly Piece[],
  { store, assetsDir }: Pick<AssetDeps, 'store' | 'assetsDir'>,
): Promise<void> {
  try {
    store.assets.create(asset, pieces);
  } catch (error) {
    await rm(join(assetsDir, asset.id), { recursive: true, force: true });
    if (!isFault(error, 'not_found')) throw error;
    throw new Fault('refused', 'the collection it was for was deleted meanwhile', { cause: error });
  }
}

/** The folder's own playlist, with names relative to it. */
export function playlistOf(pieces: readonly Piece[]): string {
  const longest = Math.max(1, ...pieces.map(({ durationMs }) => Math.ceil(durationMs / 1000)));
  const lines = ['#EXTM3U', '#EXT-X-VERSION:7', `#EXT-X-TARGETDURATION:${longest}`, '#EXT-X-PLAYLIST-TYPE:VOD'];
  let init: string | undefined;
  for (const piece of pieces) {
    if (piece.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    if (piece.initPath !== init) lines.push(`#EXT-X-MAP:URI="${nameOf(piece.initPath)}"`);
    init = piece.initPath;
    lines.push(`#EXTINF:${(piece.durationMs / 1000).toFixed(3)},`, nameOf(piece.path));
  }
  return `${[...lines, '#EXT-X-ENDLIST'].join('\n')}\n`;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Stretches of pieces that ffmpeg can read as one: same init file, no gap. */
export function runsOf(pieces: readonly Piece[]): Piece[][] {
  const runs: Piece[][] = [];
  for (const piece of pieces) {
    const run = runs.at(-1);
    if (run && !piece.discontinuity && run[0]?.initPath === piece.initPath) run.push(piece);
    else runs.push([piece]);
  }
  return runs;
}
