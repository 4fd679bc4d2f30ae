import { createHash } from 'node:crypto';
import type { AnyPack } from './pack.ts';

/**
 * What tells one content of a pack from another: the SHA-256 of its file; of several files, that of the lines "name
 * sha256". Undefined where one of them isn't stated.
 */
export function fingerprintOf({ files }: Pick<AnyPack, 'files'>): string | undefined {
  const [first] = files;
  if (!first || files.some(({ sha256 }) => sha256 === '')) return undefined;
  if (files.length === 1) return first.sha256;
  const lines = files.map(({ name, sha256 }) => `${name} ${sha256}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}
