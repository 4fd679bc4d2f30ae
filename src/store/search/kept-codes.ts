import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Of one index and one model: what its codes are about, if anything was usual, and the codes themselves. */
export interface KeptGroup {
  stream: string;
  index: string;
  model: string;
  dimensions: number;
  centre: Float32Array | undefined;
  slabs: { words: number; count: number; parts: readonly Uint8Array[] }[];
}

/** The codes of one day, as they are when nothing of it has changed since `tag`. */
export interface KeptDay {
  tag: string;
  last: number;
  groups: KeptGroup[];
}

type Head = Omit<KeptDay, 'groups'> & {
  groups: (Omit<KeptGroup, 'centre' | 'slabs'> & {
    isCentred: boolean;
    slabs: { words: number; count: number; parts: number[] }[];
  })[];
};

const DIGEST_BYTES = 32;
const LENGTH_BYTES = 4;
/** Of the disk, that codes leave free: the recorder comes first. */
const LEAST_FREE = 0.05;

/**
 * Codes of past days as files, one for each, so that they need not be made anew after a start. Nothing depends on them: what
 * is damaged, of another time, or can't be written is made anew. They are not synced to disk; a digest tells what is whole.
 */
export class KeptCodes {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Undefined when there is none, or none that is whole. */
  async read(table: string): Promise<KeptDay | undefined> {
    try {
      const file = await readFile(join(this.#dir, table));
      const body = file.subarray(0, -DIGEST_BYTES);
      return digestOf(body).equals(file.subarray(-DIGEST_BYTES)) ? dayOf(body) : undefined;
    } catch {
      return undefined; // Not there, cut off, or not to be read.
    }
  }

  /** Where it can't be written, or there is little room, what was kept before stays. */
  async write(table: string, day: KeptDay): Promise<void> {
    const body = bodyOf(day);
    const making = join(this.#dir, `${table}.new`);
    try {
      await mkdir(this.#dir, { recursive: true, mode: 0o700 });
      const { bavail, blocks } = await statfs(this.#dir);
      if (bavail < blocks * LEAST_FREE) return;
      await writeFile(making, [body, digestOf(body)], { mode: 0o600 });
      await rename(making, join(this.#dir, table));
    } catch {
      await rm(making, { force: true }).catch(() => undefined);
    }
  }

  /** Those of days that are not among these. */
  async removeOthers(tables: ReadonlySet<string>): Promise<void> {
    const there = await readdir(this.#dir).catch(() => []);
    const others = there.filter((name) => !tables.has(name));
    await Promise.all(others.map((name) => rm(join(this.#dir, name), { force: true }).catch(() => undefined)));
  }
}

function digestOf(body: Uint8Array): Buffer {
  return createHash('sha256').update(body).digest();
}

function bodyOf({ groups, ...day }: KeptDay): Buffer {
  const head: Head = {
    ...day,
    groups: groups.map(({ centre, slabs, ...group }) => ({
      ...group,
      isCentred: centre !== undefined,
      slabs: slabs.map(({ parts, ...slab }) => ({ ...slab, parts: parts.map(({ byteLength }) => byteLength) })),
    })),
  };
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(text.length);
  const bytes = groups.flatMap(({ centre, slabs }) => [
    ...(centre ? [new Uint8Array(centre.buffer, centre.byteOffset, centre.byteLength)] : []),
    ...slabs.flatMap(({ parts }) => parts),
  ]);
  return Buffer.concat([length, text, ...bytes]);
}

function dayOf(body: Buffer): KeptDay {
  let at = LENGTH_BYTES + body.readUInt32LE(0);
  const take = (bytes: number) => {
    at += bytes;
    return Uint8Array.prototype.slice.call(body, at - bytes, at);
  };
  const { groups, ...day }: Head = JSON.parse(body.toString('utf8', LENGTH_BYTES, at));
  return {
    ...day,
    groups: groups.map(({ isCentred, slabs, ...group }) => ({
      ...group,
      centre: isCentred ? new Float32Array(take(group.dimensions * 4).buffer) : undefined,
      slabs: slabs.map(({ parts, ...slab }) => ({ ...slab, parts: parts.map(take) })),
    })),
  };
}
