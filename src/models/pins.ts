import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { Fault, isFault } from '#runtime';
import { lockPack } from './lock.ts';
import { check, parseJson, sha256Hex } from './manifest.ts';

/** What was fetched for a pack: the next pull fetches the same. */
const Pin = z.object({
  /** The repository and the revision that the catalogue asked for, or the address of a single file. */
  from: z.string(),
  /** What that revision was then, where the hub told. */
  commit: z.string().optional(),
  files: z.array(z.object({ name: z.string(), bytes: z.int().positive(), sha256: sha256Hex })).min(1),
});
export type Pin = z.infer<typeof Pin>;

const Pins = z.object({ packs: z.record(z.string(), Pin) });
type Pins = z.infer<typeof Pins>;

const FILE = 'models.lock.json';
const WAIT_MS = 50;
const MOST_WAITS = 100;

/** Undefined when the pack was never pulled here. Throws `invalid` when the lock file can't be understood. */
export async function pinOf(dir: string, name: string): Promise<Pin | undefined> {
  return (await readPins(dir)).packs[name];
}

/** Replaces what is recorded of this pack, in one step; several processes may do so at once. */
export async function setPin(dir: string, name: string, pin: Pin): Promise<void> {
  using _lock = await lockFile(dir);
  const { packs } = await readPins(dir);
  const sorted = Object.entries({ ...packs, [name]: pin }).sort(([a], [b]) => a.localeCompare(b));
  const aside = join(dir, `.${FILE}.new`);
  await writeFile(aside, `${JSON.stringify({ packs: Object.fromEntries(sorted) }, null, 2)}\n`);
  await rename(aside, join(dir, FILE));
}

async function readPins(dir: string): Promise<Pins> {
  const file = join(dir, FILE);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return { packs: {} };
  try {
    return check(Pins, parseJson(text, file), file);
  } catch (error) {
    if (!isFault(error)) throw error;
    throw new Fault('invalid', `${error.message}; put it right, or delete it to fetch what there is now`);
  }
}

async function lockFile(dir: string): Promise<Disposable> {
  for (let waits = 0; ; waits++) {
    try {
      return lockPack(dir, FILE);
    } catch (error) {
      if (waits === MOST_WAITS || !isFault(error)) throw error;
      await delay(WAIT_MS);
    }
  }
}
