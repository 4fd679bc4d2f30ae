import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Asset, Job, Piece } from '#domain';
import { Fault } from '#runtime';
import type { SegmentRow } from '#store';
import type { AssetDeps, Work } from './deps.ts';
import { linkOrCopy, makeFolder, playlistOf } from './folder.ts';
import { pagesRecorded, recordedIn } from './recorded.ts';
import { demandShare, isDiskFull, makeRoom, noRoom } from './space.ts';
import { enterWithThumbnail } from './thumbnail.ts';

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
 * stream is running, `invalid` when the part ends before it begins, `refused` when nothing is recorded in it or it is
 * longer than a day.
 */
export async function exportableRange(
  deps: Pick<AssetDeps, 'store'>,
  streamId: string,
  asked: { startMs?: number | undefined; endMs?: number | undefined },
): Promise<{ startMs: number; endMs: number }> {
  const { store } = deps;
  if (store.streams.get(streamId)?.wanted === 'connected') {
    throw new Fault(
      'conflict',
      'the stream is running: stop it first (PATCH …/status {"action": "stop"}), then export',
    );
  }
  const [startMs, endMs] = [asked.startMs ?? 0, asked.endMs ?? Number.MAX_SAFE_INTEGER];
  if (startMs >= endMs) throw new Fault('invalid', 'end: must be later than "start"');
  const bounds = store.segments.bounds(streamId);
  if (!bounds) throw new Fault('refused', 'there are no recordings to export: start the stream and wait a while');
  let first: SegmentRow | undefined;
  let last: SegmentRow | undefined;
  let lengthMs = 0;
  for await (const rows of pagesRecorded(deps, streamId, startMs, endMs)) {
    first ??= rows[0];
    last = rows.at(-1);
    lengthMs += rows.reduce((sum, row) => sum + row.endMs - row.startMs, 0);
  }
  if (!first || !last) {
    const [from, to] = [bounds.startMs, bounds.endMs].map((ms) => ms / 1000);
    throw new Fault('refused', `nothing was recorded from "start" to "end": the recordings are from ${from} to ${to}`);
  }
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
  const rows = await recordedIn(deps, streamId, startMs, endMs);
  await demandShare(deps, bytesOf(rows));
  let kept: Linked[] = [];
  let pieces: Piece[] = [];
  await makeFolder(assetsDir, assetId, async (dir) => {
    kept = await linkAll(rows, dir, deps, (share) => progress(share * 95), signal);
    pieces = piecesOf(kept, assetId);
    await writeFile(join(dir, 'index.m3u8'), playlistOf(pieces));
  });
  const asset = assetOf(input, kept, pieces, deps, clock.nowMs());
  await enterWithThumbnail(asset, pieces, deps, signal);
  return { assetId };
}

function assetOf(
  { assetId, streamId, startMs, endMs, name }: ExportInput,
  kept: readonly Linked[],
  pieces: readonly Piece[],
  { store }: AssetDeps,
  nowMs: number,
): Asset {
  const sessions = kept.map(({ row }) => row.session);
  const session = sessions.find(({ width }) => width > 0) ?? sessions[0];
  return {
    id: assetId,
    kind: assetId.startsWith('a-') ? 'audio' : 'video',
    collectionId: store.streams.get(streamId)?.collectionId ?? 'default',
    name,
    description: '',
    lengthMs: pieces.reduce((sum, { durationMs }) => sum + durationMs, 0),
    bytes: bytesOf(kept.map(({ row }) => row)),
    width: session?.width ?? 0,
    height: session?.height ?? 0,
    ...(session?.codecs ? { codecs: session.codecs } : {}),
    origin: { kind: 'export', streamId, startMs, endMs },
    createdMs: nowMs,
  };
}

function bytesOf(rows: readonly SegmentRow[]): number {
  return rows.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A segment of the recording, and what its files are called in the asset's folder. */
interface Linked {
  row: SegmentRow;
  name: string;
  initName: string;
}

/** Gaps are left out: the asset's time goes on where the recording does. */
function piecesOf(kept: readonly Linked[], assetId: string): Piece[] {
  let startMs = 0;
  return kept.map(({ row, name, initName }, n) => {
    const before = kept[n - 1]?.row;
    const joined = before?.sessionId === row.sessionId && Math.abs(row.startMs - before.endMs) <= SEAM_MS;
    const durationMs = Math.max(1, row.endMs - row.startMs);
    const piece: Piece = {
      n,
      startMs,
      durationMs,
      path: `${assetId}/${name}`,
      bytes: row.bytes,
      initPath: `${assetId}/${initName}`,
      discontinuity: before !== undefined && !joined,
      recordedMs: row.startMs,
    };
    startMs += durationMs;
    return piece;
  });
}

/**
 * Gives the segments' files second names in the directory. Those that retention took meanwhile are left out, as a gap is.
 * Throws `refused` when it took all of them.
 */
async function linkAll(
  rows: readonly SegmentRow[],
  dir: string,
  deps: AssetDeps,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<Linked[]> {
  const kept: Linked[] = [];
  const inits = new Map<string, string>();
  for (const [i, row] of rows.entries()) {
    signal.throwIfAborted();
    const [name, initName] = [`${String(kept.length).padStart(6, '0')}.m4s`, `init-${inits.size}.mp4`];
    if (!inits.has(row.sessionId) && (await linkOne(row.session.initPath, join(dir, initName), deps))) {
      inits.set(row.sessionId, initName);
    }
    const init = inits.get(row.sessionId);
    if (init && (await linkOne(row.path, join(dir, name), deps))) kept.push({ row, name, initName: init });
    progress((i + 1) / rows.length);
  }
  if (kept.length === 0) throw new Fault('refused', 'the recording was deleted before it could be exported');
  const lost = rows.length - kept.length;
  if (lost > 0)
    deps.log.warn({ segments: lost }, 'segments were deleted while they were exported: the video has a gap');
  return kept;
}

/** False when the file is gone. Where the file system has no second names it is copied, as long as there is room. */
async function linkOne(path: string, to: string, deps: AssetDeps): Promise<boolean> {
  try {
    await linkOrCopy(join(deps.mediaDir, path), to, async (bytes) => {
      if (bytes > (await makeRoom(deps, bytes))) throw noRoom();
    });
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw isDiskFull(error) ? noRoom(error) : error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
