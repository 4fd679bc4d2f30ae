import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Piece } from '#domain';

const HEAD = 16;

/** Those whose files are there, from their first box to their last. One that was cut off would hide all behind it. */
export async function wholePieces(pieces: readonly Piece[], assetsDir: string): Promise<Piece[]> {
  const inits = new Map<string, boolean>();
  const whole: Piece[] = [];
  for (const piece of pieces) {
    const { initPath, path } = piece;
    const init = inits.get(initPath) ?? (await isWhole(join(assetsDir, initPath), 'moov'));
    inits.set(initPath, init);
    if (init && (await isWhole(join(assetsDir, path), 'mdat'))) whole.push(piece);
  }
  return whole;
}

/** Reads only the heads of the boxes; the one named must be among them. */
export async function isWhole(file: string, needed: string): Promise<boolean> {
  try {
    await using handle = await open(file, 'r');
    const { size } = await handle.stat();
    let found = false;
    for (let at = 0; at < size; ) {
      const box = await boxAt(handle, at);
      if (!box || at + box.size > size) return false;
      found ||= box.type === needed;
      at += box.size;
    }
    return found;
  } catch {
    return false; // Gone, or it can't be read.
  }
}

async function boxAt(handle: FileHandle, at: number): Promise<{ type: string; size: number } | undefined> {
  const head = Buffer.alloc(HEAD);
  const { bytesRead } = await handle.read(head, 0, HEAD, at);
  if (bytesRead < 8) return undefined;
  const type = head.toString('latin1', 4, 8);
  const short = head.readUInt32BE(0);
  const size = short === 1 && bytesRead === HEAD ? Number(head.readBigUInt64BE(8)) : short;
  return size >= 8 && /^[\x20-\x7e]{4}$/.test(type) ? { type, size } : undefined;
}
