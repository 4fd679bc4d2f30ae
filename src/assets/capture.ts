import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Asset, Job, Piece } from '#domain';
import { Fault } from '#runtime';
import type { SegmentRow } from '#store';
import type { AssetDeps, Work } from './deps.ts';
import { makeFolder, playlistOf } from './folder.ts';
import { mix } from './mix.ts';
import { recordedIn } from './recorded.ts';
import { demandShare, noRoom, roomForAssets } from './space.ts';
import { type Take, takesOf } from './stretches.ts';
import { enterWithThumbnail } from './thumbnail.ts';
import { writtenPieces } from './written-pieces.ts';

/** A video of more media than this is no use to a player. */
const LONGEST_MS = 24 * 3_600_000;
const SOUND_CODEC = 'mp4a.40.2';
/** Encoded sound, at most. */
const SOUND_BYTES_PER_MS = 20;

/** What the job of a capture session's export is given. */
interface CaptureInput {
  assetId: string;
  sessionId: string;
  /** Whose pictures it has; of an audio the first sound. */
  streamId: string;
  sounds: string[];
  name: string;
}

/**
 * Makes one asset of what a capture session recorded: pictures as they are, with the sounds of all channels mixed at the
 * times at which they were heard. What was not recorded is left out. Throws `refused` when nothing was, when it is longer
 * than a day, or without room.
 */
export async function exportCapture(job: Job, deps: AssetDeps, work: Work): Promise<{ assetId: string }> {
  const input = job.input as unknown as CaptureInput; // Written by the capture sessions themselves.
  const { store, assetsDir, clock } = deps;
  const { assetId } = input;
  if (store.assets.get(assetId)) return { assetId }; // Done before a crash.
  const takes = await recorded(input, deps);
  await demandRoom(takes, deps);
  let pieces: Piece[] = [];
  await makeFolder(assetsDir, assetId, async (dir) => {
    pieces = await mixAll(takes, { dir, assetId }, deps, work);
  });
  const asset = assetOf(input, takes, pieces, deps, clock.nowMs());
  await enterWithThumbnail(asset, pieces, deps, work.signal);
  return { assetId };
}

async function recorded({ assetId, streamId, sounds }: CaptureInput, deps: AssetDeps): Promise<Take[]> {
  const isVideo = assetId.startsWith('m-');
  const all = new Map<string, SegmentRow[]>();
  for (const id of new Set([...(isVideo ? [streamId] : []), ...sounds])) {
    all.set(id, await recordedIn(deps, id, 0, Number.MAX_SAFE_INTEGER));
  }
  const pictures = isVideo ? (all.get(streamId) ?? []).filter(({ session }) => session.width > 0) : [];
  if (isVideo && pictures.length === 0) throw nothing();
  // A camera's stream may have sound of its own.
  const heard = [...new Set([...(pictures.some(hasSound) ? [streamId] : []), ...sounds])];
  const takes = takesOf(
    pictures,
    heard.map((id) => (all.get(id) ?? []).filter(hasSound)),
  );
  const lengthMs = lengthOf(takes);
  if (lengthMs === 0) throw nothing();
  if (lengthMs > LONGEST_MS) {
    throw new Fault(
      'refused',
      'the session is longer than a day: export its streams in parts, POST /rtstream/{id}/export',
    );
  }
  return takes;
}

function nothing(): Fault {
  return new Fault('refused', 'nothing of the session was recorded: did its client send anything?');
}

/** What was recorded before the sound's codec was known may have some. */
function hasSound({ session: { codecs, width } }: SegmentRow): boolean {
  return width === 0 || /mp4a|opus|flac|ac-3/i.test(codecs ?? '');
}

async function demandRoom(takes: readonly Take[], deps: AssetDeps): Promise<void> {
  const pictures = takes.flatMap((take) => take.pictures).reduce((sum, { bytes }) => sum + bytes, 0);
  const bytes = pictures + lengthOf(takes) * SOUND_BYTES_PER_MS;
  await demandShare(deps, bytes);
  if (bytes > (await roomForAssets(deps))) throw noRoom();
}

async function mixAll(
  takes: readonly Take[],
  { dir, assetId }: { dir: string; assetId: string },
  { mediaDir }: AssetDeps,
  { progress, signal }: Work,
): Promise<Piece[]> {
  const withSound = takes.some(({ sounds }) => sounds.length > 0);
  const pieces: Piece[] = [];
  let startMs = 0;
  for (const [n, take] of takes.entries()) {
    await mix(take, { dir, n, startMs, withSound }, mediaDir, signal);
    const playlist = `${n}.m3u8`;
    for (const piece of await writtenPieces(dir, assetId, { playlist, init: `init-${n}.mp4` })) {
      pieces.push({
        ...piece,
        n: pieces.length,
        startMs: startMs + piece.startMs,
        discontinuity: n > 0 && piece.n === 0,
        recordedMs: take.startMs + piece.startMs,
      });
    }
    const last = pieces.at(-1);
    startMs = last ? last.startMs + last.durationMs : startMs;
    await rm(join(dir, playlist));
    progress(((n + 1) / takes.length) * 95);
  }
  await writeFile(join(dir, 'index.m3u8'), playlistOf(pieces));
  return pieces;
}

function assetOf(
  { assetId, sessionId, streamId, name }: CaptureInput,
  takes: readonly Take[],
  pieces: readonly Piece[],
  { store }: AssetDeps,
  nowMs: number,
): Asset {
  const session = takes[0]?.pictures[0]?.session;
  const seen = session?.codecs?.split(',').find((codec) => !/mp4a|opus|flac/i.test(codec));
  const heard = takes.some(({ sounds }) => sounds.length > 0) ? [SOUND_CODEC] : [];
  const codecs = session && seen === undefined ? [] : [...(seen === undefined ? [] : [seen]), ...heard];
  return {
    id: assetId,
    kind: assetId.startsWith('a-') ? 'audio' : 'video',
    collectionId: store.streams.get(streamId)?.collectionId ?? 'default',
    name,
    description: '',
    lengthMs: pieces.reduce((sum, { durationMs }) => sum + durationMs, 0),
    bytes: pieces.reduce((sum, { bytes }) => sum + bytes, 0),
    width: session?.width ?? 0,
    height: session?.height ?? 0,
    ...(codecs.length > 0 ? { codecs: codecs.join(',') } : {}),
    origin: { kind: 'capture', sessionId, streamId },
    createdMs: nowMs,
  };
}

function lengthOf(takes: readonly Take[]): number {
  return takes.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
}
