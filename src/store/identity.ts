import { randomBytes } from 'node:crypto';
import { link, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#runtime';

const KEY_BYTES = 32;

/**
 * The box's signing key (32 bytes, file 0600), made on first use. Two processes that start together get the same one,
 * and a crash never leaves half a key. Throws `internal` when the file has been damaged.
 */
export async function signingKey(dir: string): Promise<Buffer> {
  const file = join(dir, 'signing.key');
  const key = (await readIfThere(file)) ?? (await makeKey(file));
  if (key.length !== KEY_BYTES) {
    throw new Fault(
      'internal',
      `signing.key: has ${key.length} bytes instead of ${KEY_BYTES}: delete it to get a new one`,
    );
  }
  return key;
}

async function makeKey(file: string): Promise<Buffer> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(randomBytes(KEY_BYTES));
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  try {
    await link(draft, file); // Unlike rename it never replaces the key of a process that was quicker.
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(draft);
  }
  return readFile(file);
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
