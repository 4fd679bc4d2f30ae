import { mkdir, statfs } from 'node:fs/promises';
import { Fault } from '#runtime';
import type { AssetDeps } from './deps.ts';

type Places = Pick<AssetDeps, 'store' | 'assetsDir' | 'reservePercent'>;

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

/** Throws `refused` unless assets of so many bytes more may exist; linked bytes take no room but count as share. */
export async function demandShare(
  { store, assetsDir }: Pick<AssetDeps, 'store' | 'assetsDir'>,
  bytes: number,
): Promise<void> {
  await mkdir(assetsDir, { recursive: true });
  const { bsize, blocks } = await statfs(assetsDir);
  if (store.assets.totalBytes() + bytes > blocks * bsize * MOST_SHARE) throw noRoom();
}

export function noRoom(cause?: unknown): Fault {
  return new Fault(
    'refused',
    'there is no room for it: exports and uploads may take half of the disk, and recordings keep their reserve. ' +
      'Delete videos that nobody needs, or use a larger disk',
    { cause },
  );
}

export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
