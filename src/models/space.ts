import { statfs } from 'node:fs/promises';
import { Fault } from '#runtime';

/** Bytes that may still be written where this folder is. */
export type FreeBytes = (dir: string) => Promise<number>;

/** What must stay free: recordings and the database lie on the same disk. */
const RESERVE_BYTES = 256 * 1024 * 1024;

export const freeBytes: FreeBytes = async (dir) => {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
};

/** Throws `too_large` unless so many bytes fit into the folder, with some to spare. */
export async function requireSpace(dir: string, name: string, bytes: number, free: FreeBytes): Promise<void> {
  const there = await free(dir);
  if (bytes === 0 || there >= bytes + RESERVE_BYTES) return;
  const [needs, has, reserve] = [bytes, there, RESERVE_BYTES].map(megabytes);
  throw new Fault(
    'too_large',
    `${name} needs ${needs} on the disk of ${dir}, which has ${has} free, and ${reserve} must stay free: free some space, or choose another data directory`,
  );
}

/** Whether writing failed because the disk, or the user's share of it, is full. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT'].includes(String(error.code));
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
