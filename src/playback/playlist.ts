import type { Piece } from '#domain';
import type { SegmentRow } from '#store';
import type { TimeRange } from './range.ts';

/** Segments of one session lie this close; a wider seam is lost video and needs a discontinuity. */
const SEAM_MS = 500;

/** One piece of media as a playlist names it. */
interface Entry {
  uri: string;
  initUri: string;
  durationMs: number;
  /** It doesn't continue the entry before it. */
  discontinuity: boolean;
  /** When it was recorded; told where a new stretch begins. */
  recordedMs?: number;
}

/**
 * An HLS media playlist over `rows` (by start). Each session brings its own init file; a change of session or a gap is
 * a discontinuity. It ends when the range is past and grows while it isn't. Playback starts where the range does, though
 * the first segment may begin before it.
 */
export function buildPlaylist(
  rows: readonly SegmentRow[],
  range: TimeRange & { nowMs: number },
  uri: { init(row: SegmentRow): string; segment(row: SegmentRow): string },
): string {
  const entries = rows.map((row, i): Entry => {
    const before = rows[i - 1];
    const joined = before?.sessionId === row.sessionId && Math.abs(row.startMs - before.endMs) <= SEAM_MS;
    return {
      uri: uri.segment(row),
      initUri: uri.init(row),
      durationMs: Math.max(0, row.endMs - row.startMs),
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
export function buildCutPlaylist(
  parts: readonly PlayedPart[],
  uri: { init(piece: Piece, part: number): string; piece(piece: Piece, part: number): string },
): string {
  const entries = parts.flatMap(({ pieces }, part) =>
    pieces.map(
      (piece, i): Entry => ({
        uri: uri.piece(piece, part),
        initUri: uri.init(piece, part),
        durationMs: piece.durationMs,
        discontinuity: i === 0 ? part > 0 : piece.discontinuity,
        ...(piece.recordedMs === undefined ? {} : { recordedMs: piece.recordedMs }),
      }),
    ),
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
  for (const entry of entries) {
    const begins = entry.discontinuity || initUri === undefined;
    if (entry.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    if (entry.initUri !== initUri) lines.push(`#EXT-X-MAP:URI="${entry.initUri}"`);
    if (begins && entry.recordedMs !== undefined) {
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(entry.recordedMs).toISOString()}`);
    }
    lines.push(`#EXTINF:${(entry.durationMs / 1000).toFixed(3)},`, entry.uri);
    initUri = entry.initUri;
  }
  if (past) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}
