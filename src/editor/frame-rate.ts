import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AssetDeps } from '#assets';
import { frameRate } from '#camera';
import type { Asset } from '#domain';

export type MediaAccess = Pick<AssetDeps, 'store' | 'assetsDir'>;

/** What is drawn without a video in it. */
const USUAL = 25;
const LEAST = 10;
const MOST = 30;
/** The index of a piece's frames lies within. */
const HEAD_BYTES = 128 * 1024;

/** Frames per second for what is made of these: as many as the fastest video has, from 10 to 30; 25 without a video. */
export async function frameRateOf(assets: readonly Asset[], access: MediaAccess): Promise<number> {
  const rates: number[] = [];
  for (const asset of assets) {
    const rate = asset.kind === 'video' ? await rateOf(asset, access) : undefined;
    if (rate !== undefined) rates.push(rate);
  }
  return rates.length === 0 ? USUAL : Math.min(MOST, Math.max(LEAST, Math.round(Math.max(...rates))));
}

/** By its first piece; undefined when that can't be read. */
async function rateOf({ id }: Asset, { store, assetsDir }: MediaAccess): Promise<number | undefined> {
  const piece = store.assets.piece(id, 0);
  if (!piece) return undefined;
  try {
    const init = await readFile(join(assetsDir, piece.initPath));
    await using handle = await open(join(assetsDir, piece.path));
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return frameRate(init, buffer.subarray(0, bytesRead));
  } catch {
    return undefined; // The render will say what is wrong with it.
  }
}
