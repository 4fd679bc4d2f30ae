import type { SegmentRow } from '#store';
import type { TimeRange } from './range.ts';

/** Segments of one session lie this close; a wider seam is lost video and needs a discontinuity. */
const SEAM_MS = 500;

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
  const past = range.endMs <= range.nowMs;
  const longest = Math.max(1, ...rows.map((row) => Math.round(seconds(row))));
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${longest}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${past ? 'VOD' : 'EVENT'}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
  ];
  const first = rows[0];
  const leadS = first ? Math.max(0, range.startMs - first.startMs) / 1000 : 0;
  if (leadS > 0 || !past) lines.push(`#EXT-X-START:TIME-OFFSET=${leadS.toFixed(3)},PRECISE=YES`);
  let previous: SegmentRow | undefined;
  for (const row of rows) {
    lines.push(...segmentLines(row, previous, uri));
    previous = row;
  }
  if (past) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

function segmentLines(
  row: SegmentRow,
  previous: SegmentRow | undefined,
  uri: { init(row: SegmentRow): string; segment(row: SegmentRow): string },
): string[] {
  const lines: string[] = [];
  const sameSession = previous?.sessionId === row.sessionId;
  const joined = sameSession && previous && Math.abs(row.startMs - previous.endMs) <= SEAM_MS;
  if (previous && !joined) lines.push('#EXT-X-DISCONTINUITY');
  if (!sameSession) lines.push(`#EXT-X-MAP:URI="${uri.init(row)}"`);
  if (!joined) lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(row.startMs).toISOString()}`);
  lines.push(`#EXTINF:${seconds(row).toFixed(3)},`, uri.segment(row));
  return lines;
}

function seconds(row: SegmentRow): number {
  return Math.max(0, row.endMs - row.startMs) / 1000;
}
