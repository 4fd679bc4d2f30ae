import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordedFrames } from '#camera';
import { type Asset, type Frame, newId, type Piece } from '#domain';
import { decodeImage, thumbnail } from '#inference';
import { Fault, messageOf } from '#runtime';
import type { AssetDeps } from './deps.ts';
import { enter, makeFolder } from './folder.ts';
import { demandShare } from './space.ts';

type Seen = Pick<Asset, 'width' | 'height'>;

/** The asset's picture at a time from its start, as JPEG. Throws `refused` for audio and where nothing can be decoded. */
export async function assetThumbnail(
  { store, assetsDir }: Pick<AssetDeps, 'store' | 'assetsDir'>,
  asset: Asset,
  atMs: number,
  signal: AbortSignal,
): Promise<Buffer> {
  return thumbnail(await assetFrame({ store, assetsDir }, asset, atMs, signal));
}

/** As `assetThumbnail`, as large as models look at it. */
export async function assetFrame(
  { store, assetsDir }: Pick<AssetDeps, 'store' | 'assetsDir'>,
  asset: Asset,
  atMs: number,
  signal: AbortSignal,
): Promise<Frame> {
  if (asset.width === 0) throw new Fault('refused', 'audio has no pictures');
  const within = Math.min(Math.max(0, atMs), Math.max(0, asset.lengthMs - 1));
  const piece = store.assets.pieces(asset.id, within, within + 1)[0];
  if (!piece) throw new Fault('not_found', 'time: the video has no picture there');
  const frame = await frameAt(piece, within - piece.startMs, asset, assetsDir, signal);
  return { ...frame, atMs: frame.atMs + piece.startMs };
}

/** Keeps the video's picture at a time as an image. Throws as `assetThumbnail` does, and `refused` without room. */
export async function keepThumbnail(
  deps: Pick<AssetDeps, 'store' | 'assetsDir' | 'clock'>,
  video: Asset,
  atMs: number,
  signal: AbortSignal,
): Promise<Asset> {
  const jpeg = await assetThumbnail(deps, video, atMs, signal);
  await demandShare(deps, jpeg.byteLength);
  const createdMs = deps.clock.nowMs();
  const id = newId('image', createdMs);
  await makeFolder(deps.assetsDir, id, (dir) => writeFile(join(dir, 'image.jpg'), jpeg));
  const { width, height } = await decodeImage(jpeg, 0);
  const image: Asset = {
    id,
    kind: 'image',
    collectionId: video.collectionId,
    name: video.name,
    description: '',
    lengthMs: 0,
    bytes: jpeg.byteLength,
    width,
    height,
    thumbPath: `${id}/image.jpg`,
    origin: { kind: 'thumbnail', videoId: video.id, atMs },
    createdMs,
  };
  await enter(image, [], deps);
  return image;
}

/** Writes the asset's thumbnail, then its row. Its folder goes when that fails or is cut short. Throws as `enter` does. */
export async function enterWithThumbnail(
  asset: Asset,
  pieces: readonly Piece[],
  deps: Pick<AssetDeps, 'store' | 'assetsDir' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const thumb = await writeThumbnail(asset, pieces, deps, signal);
    signal.throwIfAborted();
    await enter({ ...asset, ...thumb }, pieces, deps);
  } catch (error) {
    await rm(join(deps.assetsDir, asset.id), { recursive: true, force: true });
    throw error;
  }
}

/** Writes `thumb.jpg`; a video whose picture can't be made stays without one. */
async function writeThumbnail(
  asset: Asset,
  pieces: readonly Piece[],
  { assetsDir, log }: Pick<AssetDeps, 'assetsDir' | 'log'>,
  signal: AbortSignal,
): Promise<Pick<Asset, 'thumbPath'>> {
  const [first] = pieces;
  if (!first || asset.width === 0) return {};
  const thumbPath = `${asset.id}/thumb.jpg`;
  try {
    const jpeg = await thumbnail(await frameAt(first, 0, asset, assetsDir, signal));
    await writeFile(join(assetsDir, thumbPath), jpeg, { flush: true });
    return { thumbPath };
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ asset: asset.id, error: messageOf(error) }, 'no thumbnail could be made');
    return {};
  }
}

/** The last frame up to the time, or the first there is. */
async function frameAt(
  piece: Piece,
  atMs: number,
  { width, height }: Seen,
  assetsDir: string,
  signal: AbortSignal,
): Promise<Frame> {
  const files = [piece.initPath, piece.path].map((path) => join(assetsDir, path));
  let best: Frame | undefined;
  for await (const frame of recordedFrames({ files, width, height, every: 100 }, signal)) {
    if (best && frame.atMs > atMs) break;
    best = frame;
    if (atMs <= 0) break;
  }
  if (!best) throw new Fault('refused', 'no picture of it can be decoded');
  return best;
}
