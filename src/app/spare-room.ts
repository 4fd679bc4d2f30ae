import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** What the database needs to open its log and to delete what takes most. */
const BYTES = 16_777_216;
const BLOCK = 1_048_576;
/** Less than this is a full disk. */
const FULL = 1_048_576;
const PLENTY = 8 * BYTES;

/**
 * Without a free byte the database can't even note what is to be deleted. So some megabytes lie in the data directory that
 * can be had by unlinking alone: they are given up on a full disk, and put back when there is plenty of room.
 */
export async function tendSpareRoom(dataDir: string): Promise<void> {
  const file = join(dataDir, 'spare-room');
  const { bsize, bavail } = await statfs(dataDir);
  const free = bsize * bavail;
  if (free < FULL) await rm(file, { force: true });
  else if (free > PLENTY && !existsSync(file)) await lay(file);
}

async function lay(file: string): Promise<void> {
  const handle = await open(`${file}.part`, 'w', 0o600);
  try {
    for (let written = 0; written < BYTES; written += BLOCK) await handle.write(randomBytes(BLOCK)); // Nothing compresses it.
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.part`, file);
}
