import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** What the content of a file must come to: its SHA-256, or the hash by which git knows it. */
export interface Digest {
  kind: 'sha256' | 'git';
  hex: string;
}

/** SHA-256 of a file, in hex. */
export async function hashFile(file: string, signal?: AbortSignal): Promise<string> {
  return digestOf(file, { kind: 'sha256', bytes: 0 }, signal);
}

/** The hash of this kind of a file that has so many bytes, in hex. */
export async function digestOf(
  file: string,
  { kind, bytes }: { kind: Digest['kind']; bytes: number },
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash(kind === 'git' ? 'sha1' : 'sha256');
  if (kind === 'git') hash.update(`blob ${bytes}\0`);
  await pipeline(createReadStream(file), hash, signal ? { signal } : {});
  return hash.digest('hex');
}
