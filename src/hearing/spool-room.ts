import { statfs } from 'node:fs/promises';

/**
 * Bytes that speech may still take of the disk that holds `dir`. Half of the recordings' reserve: recordings are deleted
 * until the reserve is free, so what is free lies around it.
 */
export async function spoolRoom(dir: string, reservePercent: number): Promise<number> {
  const { bsize, blocks, bavail } = await statfs(dir);
  return Math.max(0, (bavail - (blocks * reservePercent) / 200) * bsize);
}
