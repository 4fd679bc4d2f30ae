import { createHash } from 'node:crypto';
import { copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Asset, AssetKind, Job, Piece } from '#domain';
import { Fault } from '#runtime';
import type { AssetDeps, Work } from './deps.ts';
import { download } from './fetch.ts';
import { makeFolder } from './folder.ts';
import { imageEnding, type MediaFacts, probeFile } from './probe-file.ts';
import { RoomWatch } from './room-watch.ts';
import { segmentFile } from './segment-file.ts';
import { makeRoom, noRoom, roomForAssets } from './space.ts';
import { enterWithThumbnail } from './thumbnail.ts';
import { removeUpload } from './uploads.ts';

/** What an upload's job is given. */
export interface IngestInput {
  /** The file in the uploads directory; without it `url` is downloaded. */
  uploadId?: string;
  url?: string;
  collectionId: string;
  name: string;
  description: string;
  filename: string;
  /** `audio` makes audio of a video that has sound. Else what it is, the file says. */
  mediaType?: AssetKind;
}

const PREFIX: Record<AssetKind, string> = { video: 'm-', audio: 'a-', image: 'img-' };

/** Makes an asset of an uploaded or downloaded file. The file is gone afterwards, unless we were stopped. */
export async function ingest(job: Job, deps: AssetDeps, { progress, signal }: Work): Promise<{ assetId: string }> {
  const input = job.input as unknown as IngestInput; // Written by our own route.
  const { store, uploadsDir } = deps;
  const name = input.uploadId ?? `${job.id}.download`;
  try {
    const known = Object.values(PREFIX)
      .map((prefix) => prefix + seedOf(job))
      .find((id) => store.assets.get(id));
    const assetId = known ?? (await takeIn(job, input, name, deps, { progress, signal })); // Done before a crash, or now.
    await removeUpload(name, uploadsDir);
    return { assetId };
  } catch (error) {
    if (!signal.aborted) await removeUpload(name, uploadsDir);
    throw error;
  }
}

async function takeIn(
  job: Job,
  input: IngestInput,
  name: string,
  deps: AssetDeps,
  { progress, signal }: Work,
): Promise<string> {
  const file = join(deps.uploadsDir, name);
  if (input.uploadId === undefined) {
    await download(input.url ?? '', name, deps, (share) => progress(share * 50), signal);
  }
  const { size } = await stat(file).catch((error: unknown) => {
    throw new Fault('refused', 'url: nothing was uploaded there; upload the file first', { cause: error });
  });
  if (size > (await makeRoom(deps, size))) throw noRoom();
  const facts = await factsOf(file, input, signal);
  const asset = draftOf(job, input, facts, deps);
  using watch = new RoomWatch(deps, signal);
  const done = await writeMedia(asset, facts, file, deps, {
    signal: watch.signal,
    progress: (share) => {
      watch.look();
      progress(50 + share * 49);
    },
  });
  await enterWithThumbnail({ ...asset, ...done.sizes }, done.pieces, deps, signal);
  return asset.id;
}

async function factsOf(file: string, { mediaType }: IngestInput, signal: AbortSignal): Promise<MediaFacts> {
  const facts = await probeFile(file, signal);
  const onlySound = mediaType === 'audio' && facts.kind === 'video' && facts.audioCodec !== undefined;
  return onlySound ? { ...facts, kind: 'audio', width: 0, height: 0 } : facts;
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
  deps: AssetDeps,
  work: { signal: AbortSignal; progress: (share: number) => void },
): Promise<{ pieces: Piece[]; sizes: Partial<Asset> }> {
  const { id } = asset;
  let pieces: Piece[] = [];
  let sizes: Partial<Asset> = {};
  await makeFolder(deps.assetsDir, id, async (dir) => {
    if (facts.kind === 'image') {
      const image = `image.${imageEnding(facts)}`;
      await copyFile(file, join(dir, image));
      sizes = { bytes: (await stat(file)).size, thumbPath: `${id}/${image}` };
      return;
    }
    const room = await roomForAssets(deps);
    const { width, height, ...done } = await segmentFile(file, facts, { dir, assetId: id }, work);
    pieces = done.pieces;
    const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    if (bytes > room) throw noRoom();
    sizes = { bytes, width, height, lengthMs: pieces.reduce((sum, { durationMs }) => sum + durationMs, 0) };
  });
  return { pieces, sizes };
}
