import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#runtime';
import type { Connection } from '../connection.ts';
import { syncPath } from '../file-system.ts';

const KEY_BYTES = 32;
/** In `meta`, and only in a copy that was made to be taken elsewhere: with it, what is sealed in the copy can be read. */
export const BROUGHT_KEY = 'signing_key';

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
      `signing.key: has ${key.length} bytes instead of ${KEY_BYTES}: put it back from a copy; without one delete it, and set the addresses of cameras again`,
    );
  }
  return key;
}

/** Puts the key that a database brought along in the place of the one that is there. Done again after a crash. */
export async function takeBroughtKey(dir: string, { sql }: Connection): Promise<void> {
  const brought = sql.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck().get(BROUGHT_KEY);
  if (brought === undefined) return;
  const draft = await draftOf(join(dir, 'signing.key'), Buffer.from(brought, 'base64'));
  await rename(draft, join(dir, 'signing.key'));
  await syncPath(dir);
  sql.prepare('DELETE FROM meta WHERE name = ?').run(BROUGHT_KEY);
}

async function draftOf(file: string, key: Buffer): Promise<string> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(key);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return draft;
}

async function makeKey(file: string): Promise<Buffer> {
  const draft = await draftOf(file, randomBytes(KEY_BYTES));
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
