import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Asset, AssetKind, Job, Piece } from '#domain';
import { Fault } from '#runtime';
import type { AssetDeps, Work } from './deps.ts';
import { download } from './fetch.ts';
import { linkOrCopy, makeFolder } from './folder.ts';
import { type MediaFacts, probeFile, segmentFile } from './media-file.ts';
import { noRoom, roomForAssets } from './space.ts';
import { writeThumbnail } from './thumbnail.ts';

/** What an upload's job is given. */
export interface IngestInput {
  /** The file in the uploads directory; without it `url` is downloaded. */
  uploadId?: string;
  url?: string;
  collectionId: string;
  name: string;
  description: string;
  filename: string;
}

const PREFIX: Record<AssetKind, string> = { video: 'm-', audio: 'a-', image: 'img-' };

/** Makes an asset of an uploaded or downloaded file. The file is gone afterwards, unless we were stopped. */
export async function ingest(job: Job, deps: AssetDeps, { progress, signal }: Work): Promise<{ assetId: string }> {
  const input = job.input as unknown as IngestInput; // Written by our own route.
  const { store, uploadsDir } = deps;
  const known = Object.values(PREFIX)
    .map((prefix) => prefix + seedOf(job))
    .find((id) => store.assets.get(id));
  if (known) return { assetId: known }; // Done before a crash.
  const file = join(uploadsDir, input.uploadId ?? `${job.id}.download`);
  try {
    const room = await roomForAssets(deps);
    if (input.uploadId === undefined) {
      await download(input.url ?? '', file, room, (share) => progress(share * 50), signal);
    }
    const { size } = await stat(file).catch((error: unknown) => {
      throw new Fault('refused', 'url: nothing was uploaded there; upload the file first', { cause: error });
    });
    if (size > room) throw noRoom();
    const facts = await probeFile(file);
    const asset = draftOf(job, input, facts, deps);
    const pieces = await writeMedia(asset, facts, file, deps, {
      signal,
      progress: (share) => progress(50 + share * 49),
    });
    deps.store.assets.create({ ...asset, ...(await withSizes(asset, pieces, file, deps, signal)) }, pieces);
    await rm(file, { force: true });
    return { assetId: asset.id };
  } catch (error) {
    if (!signal.aborted) await rm(file, { force: true });
    throw error;
  }
}

/** The same for every run of the job: what a crash left unfinished is then replaced, not doubled. */
function seedOf({ id, createdMs }: Job): string {
  const hex = createHash('sha256').update(id).digest('hex');
  const time = createdMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
}

function draftOf(job: Job, input: IngestInput, facts: MediaFacts, { clock }: AssetDeps): Asset {
  return {
    id: PREFIX[facts.kind] + seedOf(job),
    kind: facts.kind,
    collectionId: input.collectionId,
    name: input.name,
    description: input.description,
    lengthMs: 0,
    bytes: 0,
    width: facts.width,
    height: facts.height,
    origin: { kind: 'upload', filename: input.filename },
    createdMs: clock.nowMs(),
  };
}

async function writeMedia(
  asset: Asset,
  facts: MediaFacts,
  file: string,
  { assetsDir }: AssetDeps,
  work: { signal: AbortSignal; progress(share: number): void },
): Promise<Piece[]> {
  let pieces: Piece[] = [];
  await makeFolder(assetsDir, asset.id, async (dir) => {
    if (facts.kind === 'image') return linkOrCopy(file, join(dir, imageName(asset)));
    pieces = await segmentFile(file, facts, { dir, assetId: asset.id }, work);
    for (const piece of pieces) piece.bytes = (await stat(join(dir, piece.path.slice(asset.id.length + 1)))).size;
  });
  return pieces;
}

async function withSizes(
  asset: Asset,
  pieces: readonly Piece[],
  file: string,
  deps: AssetDeps,
  signal: AbortSignal,
): Promise<Partial<Asset>> {
  if (asset.kind === 'image') {
    return { bytes: (await stat(file)).size, thumbPath: `${asset.id}/${imageName(asset)}` };
  }
  const lengthMs = pieces.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
  return { lengthMs, bytes, ...(await writeThumbnail(asset, pieces, deps, signal)) };
}

function imageName({ origin }: Asset): string {
  const ending = origin.kind === 'upload' ? extname(origin.filename).toLowerCase() : '';
  return `image${/^\.[a-z0-9]{1,5}$/.test(ending) ? ending : '.img'}`;
}
