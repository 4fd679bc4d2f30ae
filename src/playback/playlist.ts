import type { Piece } from '#domain';
import type { SegmentRow } from '#store';
import type { TimeRange } from './range.ts';

/** Segments of one session lie this close; a wider seam is lost video and needs a discontinuity. */
const SEAM_MS = 500;

/** One piece of media as a playlist names it. */
interface Entry {
  uri: string;
  /** Absent where the media needs none. */
  initUri?: string | undefined;
  durationMs: number;
  /** It doesn't continue the entry before it. */
  discontinuity: boolean;
  /** When it was recorded; told where a new stretch begins. */
  recordedMs?: number;
}

/** How a playlist names the pieces; `atMs` is where a piece begins in the playlist. */
export interface PieceUris<T, Part extends unknown[] = []> {
  init?(piece: T, ...part: Part): string;
  piece(piece: T, atMs: number, ...part: Part): string;
}

/**
 * An HLS media playlist over `rows` (by start). Each session brings its own init file; a change of session or a gap is
 * a discontinuity. It ends when the range is past and grows while it isn't. Playback starts where the range does, though
 * the first segment may begin before it.
 */
export function buildPlaylist(
  rows: readonly SegmentRow[],
  range: TimeRange & { nowMs: number },
  uri: PieceUris<SegmentRow>,
): string {
  let atMs = 0;
  const entries = rows.map((row, i): Entry => {
    const before = rows[i - 1];
    const joined = before?.sessionId === row.sessionId && Math.abs(row.startMs - before.endMs) <= SEAM_MS;
    const durationMs = Math.max(0, row.endMs - row.startMs);
    const beginsMs = atMs;
    atMs += durationMs;
    return {
      uri: uri.piece(row, beginsMs),
      initUri: uri.init?.(row),
      durationMs,
      discontinuity: before !== undefined && !joined,
      recordedMs: row.startMs,
    };
  });
  const first = rows[0];
  const leadMs = first ? Math.max(0, range.startMs - first.startMs) : 0;
  return playlist(entries, { leadMs, past: range.endMs <= range.nowMs });
}

/** A stretch of an asset with the pieces that overlap it. */
export interface PlayedPart {
  startMs: number;
  pieces: readonly Piece[];
}

/** An HLS media playlist over stretches of assets, one after the other. A stretch begins with its first whole piece. */
export function buildCutPlaylist(parts: readonly PlayedPart[], uri: PieceUris<Piece, [part: number]>): string {
  let atMs = 0;
  const entries = parts.flatMap(({ pieces }, part) =>
    pieces.map((piece, i): Entry => {
      const beginsMs = atMs;
      atMs += piece.durationMs;
      return {
        uri: uri.piece(piece, beginsMs, part),
        initUri: uri.init?.(piece, part),
        durationMs: piece.durationMs,
        discontinuity: i === 0 ? part > 0 : piece.discontinuity,
        ...(piece.recordedMs === undefined ? {} : { recordedMs: piece.recordedMs }),
      };
    }),
  );
  const first = parts[0];
  const leadMs = first ? Math.max(0, first.startMs - (first.pieces[0]?.startMs ?? 0)) : 0;
  return playlist(entries, { leadMs, past: true });
}

function playlist(entries: readonly Entry[], { leadMs, past }: { leadMs: number; past: boolean }): string {
  const longest = Math.max(1, ...entries.map(({ durationMs }) => Math.round(durationMs / 1000)));
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${longest}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${past ? 'VOD' : 'EVENT'}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
  ];
  if (leadMs > 0 || !past) lines.push(`#EXT-X-START:TIME-OFFSET=${(leadMs / 1000).toFixed(3)},PRECISE=YES`);
  let initUri: string | undefined;
  for (const [i, entry] of entries.entries()) {
    const begins = entry.discontinuity || i === 0;
    if (entry.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    if (entry.initUri !== undefined && entry.initUri !== initUri) lines.push(`#EXT-X-MAP:URI="${entry.initUri}"`);
    if (begins && entry.recordedMs !== undefined) {
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(entry.recordedMs).toISOString()}`);
    }
    lines.push(`#EXTINF:${(entry.durationMs / 1000).toFixed(3)},`, entry.uri);
    initUri = entry.initUri;
  }
  if (past) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}
