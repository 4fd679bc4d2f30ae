import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Asset, Job, Piece } from '#domain';
import { Fault } from '#runtime';
import type { SegmentRow } from '#store';
import type { AssetDeps, Work } from './deps.ts';
import { linkOrCopy, makeFolder, playlistOf } from './folder.ts';
import { demandShare } from './space.ts';
import { writeThumbnail } from './thumbnail.ts';

/** A video of more media than this is no use to a player. */
const LONGEST_MS = 24 * 3_600_000;
/** Segments of one session lie this close; a wider seam is lost video. */
const SEAM_MS = 500;

/** What an export's job is given. */
export interface ExportInput {
  assetId: string;
  streamId: string;
  startMs: number;
  endMs: number;
  name: string;
}

/**
 * The stretch of a stream's recording to export: all of it, or the part that was asked for. Throws `conflict` while the
 * stream is running, `refused` when nothing is recorded or it is longer than a day.
 */
export function exportableRange(
  { store }: Pick<AssetDeps, 'store'>,
  streamId: string,
  asked: { startMs?: number | undefined; endMs?: number | undefined },
): { startMs: number; endMs: number } {
  if (store.streams.get(streamId)?.wanted === 'connected') {
    throw new Fault(
      'conflict',
      'the stream is running: stop it first (PATCH …/status {"action": "stop"}), then export',
    );
  }
  const bounds = store.segments.bounds(streamId);
  const [startMs, endMs] = [asked.startMs ?? 0, asked.endMs ?? Number.MAX_SAFE_INTEGER];
  const rows = bounds
    ? store.segments.inRange(streamId, Math.max(startMs, bounds.startMs), Math.min(endMs, bounds.endMs))
    : [];
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last)
    throw new Fault('refused', 'there are no recordings to export: start the stream and wait a while');
  const lengthMs = rows.reduce((sum, row) => sum + row.endMs - row.startMs, 0);
  if (lengthMs > LONGEST_MS) {
    const days = (lengthMs / LONGEST_MS).toFixed(1);
    throw new Fault(
      'refused',
      `the recording is ${days} days long and an export holds one: give "start" and "end" (Unix seconds)`,
    );
  }
  return { startMs: first.startMs, endMs: last.endMs };
}

/** Makes the asset out of the recording: its files get second names, so that it takes no time and no room. */
export async function exportRecording(
  job: Job,
  deps: AssetDeps,
  { progress, signal }: Work,
): Promise<{ assetId: string }> {
  const input = job.input as unknown as ExportInput; // Written by our own route.
  const { store, assetsDir, clock } = deps;
  const { assetId, streamId, startMs, endMs } = input;
  if (store.assets.get(assetId)) return { assetId }; // Done before a crash.
  const rows = store.segments.inRange(streamId, startMs, endMs);
  const [first] = rows;
  if (!first) throw new Fault('refused', 'the recording was deleted before it could be exported');
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  await demandShare(deps, bytes);
  const pieces = piecesOf(rows, assetId);
  await makeFolder(assetsDir, assetId, async (dir) => {
    await linkAll(rows, pieces, dir, deps, (share) => progress(share * 95), signal);
    await writeFile(join(dir, 'index.m3u8'), playlistOf(pieces));
  });
  const asset = assetOf(input, rows, pieces, deps, clock.nowMs());
  store.assets.create({ ...asset, ...(await writeThumbnail(asset, pieces, deps, signal)) }, pieces);
  return { assetId };
}

function assetOf(
  { assetId, streamId, startMs, endMs, name }: ExportInput,
  rows: readonly SegmentRow[],
  pieces: readonly Piece[],
  { store }: AssetDeps,
  nowMs: number,
): Asset {
  const session = rows[0]?.session;
  const isAudio = assetId.startsWith('a-');
  return {
    id: assetId,
    kind: isAudio ? 'audio' : 'video',
    collectionId: store.streams.get(streamId)?.collectionId ?? 'default',
    name,
    description: '',
    lengthMs: pieces.reduce((sum, { durationMs }) => sum + durationMs, 0),
    bytes: rows.reduce((sum, row) => sum + row.bytes, 0),
    width: session?.width ?? 0,
    height: session?.height ?? 0,
    ...(session?.codecs ? { codecs: session.codecs } : {}),
    origin: { kind: 'export', streamId, startMs, endMs },
    createdMs: nowMs,
  };
}

/** Gaps are left out: the asset's time goes on where the recording does. */
function piecesOf(rows: readonly SegmentRow[], assetId: string): Piece[] {
  const sessions = [...new Set(rows.map(({ sessionId }) => sessionId))];
  let startMs = 0;
  return rows.map((row, n) => {
    const before = rows[n - 1];
    const joined = before?.sessionId === row.sessionId && Math.abs(row.startMs - before.endMs) <= SEAM_MS;
    const durationMs = Math.max(1, row.endMs - row.startMs);
    const piece: Piece = {
      n,
      startMs,
      durationMs,
      path: `${assetId}/${String(n).padStart(6, '0')}.m4s`,
      bytes: row.bytes,
      initPath: `${assetId}/init-${sessions.indexOf(row.sessionId)}.mp4`,
      discontinuity: before !== undefined && !joined,
      recordedMs: row.startMs,
    };
    startMs += durationMs;
    return piece;
  });
}

async function linkAll(
  rows: readonly SegmentRow[],
  pieces: readonly Piece[],
  dir: string,
  { mediaDir }: AssetDeps,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const linked = new Set<string>();
  const once = async (from: string, to: string) => {
    const name = to.slice(to.lastIndexOf('/') + 1);
    if (linked.has(name)) return;
    linked.add(name);
    await linkOrCopy(join(mediaDir, from), join(dir, name)).catch((error: unknown) => {
      throw new Fault(
        'refused',
        'a part of the recording is gone: retention deleted it meanwhile; export a later part',
        {
          cause: error,
        },
      );
    });
  };
  for (const [i, row] of rows.entries()) {
    signal.throwIfAborted();
    const piece = pieces[i];
    if (!piece) continue;
    await once(row.session.initPath, piece.initPath);
    await once(row.path, piece.path);
    progress((i + 1) / rows.length);
  }
}
