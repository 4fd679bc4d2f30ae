import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#runtime';
import type { AssetDeps } from './deps.ts';

export type Places = Pick<AssetDeps, 'store' | 'assetsDir' | 'reservePercent'>;

/** Of the whole disk: recordings must find room beside them. */
const MOST_SHARE = 0.5;

/**
 * Bytes that may still be written for assets: the recordings' reserve stays free, and all assets together take at most
 * half of the disk.
 */
export async function roomForAssets({ store, assetsDir, reservePercent }: Places): Promise<number> {
  await mkdir(assetsDir, { recursive: true });
  const { bsize, blocks, bavail } = await statfs(assetsDir);
  const share = blocks * bsize * MOST_SHARE - store.assets.totalBytes();
  return Math.max(0, Math.min(share, (bavail - (blocks * reservePercent) / 100) * bsize));
}

/** As `roomForAssets`, after what was rendered gave way for so many bytes: all that it takes, or nothing. */
export async function makeRoom(places: Places, bytes: number): Promise<number> {
  const { store, assetsDir } = places;
  for (;;) {
    const room = await roomForAssets(places);
    if (room >= bytes || room + store.renders.totalBytes() < bytes) return room;
    const first = store.renders.firstToGo();
    if (!first) return room;
    store.assets.delete(first.id);
    await rm(join(assetsDir, first.id), { recursive: true, force: true }); // The room is needed now.
  }
}

/** Throws `refused` unless assets of so many bytes more may exist; linked bytes take no room but count as share. */
export async function demandShare(
  { store, assetsDir }: Pick<AssetDeps, 'store' | 'assetsDir'>,
  bytes: number,
): Promise<void> {
  await mkdir(assetsDir, { recursive: true });
  const { bsize, blocks } = await statfs(assetsDir);
  const most = blocks * bsize * MOST_SHARE - bytes;
  if (store.assets.totalBytes() - store.renders.totalBytes() > most) throw noRoom();
  for (let first = store.renders.firstToGo(); first && store.assets.totalBytes() > most; ) {
    store.assets.delete(first.id);
    first = store.renders.firstToGo();
  }
}

export function noRoom(cause?: unknown): Fault {
  return new Fault(
    'refused',
    'there is no room for it: exports, uploads and renders may take half of the disk, and recordings keep their reserve. ' +
      'Delete videos that nobody needs, or use a larger disk',
    { cause },
  );
}

export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
