import { describe, expect, it } from 'vitest';
import { buildPlaylist } from '#playback';
import type { SegmentRow } from '#store';

const T0 = 1_711_000_000_000;
const LATER = T0 + 3_600_000;
const uri = {
  init: (row: SegmentRow) => `i/${row.sessionId}.mp4`,
  piece: (row: SegmentRow) => `s/${row.id}.m4s`,
};

function row(id: number, fromS: number, toS: number, sessionId = 'ses-1'): SegmentRow {
  return {
    id,
    streamId: 'rts-1',
    sessionId,
    startMs: T0 + fromS * 1000,
    endMs: T0 + toS * 1000,
    path: `rts-1/${id}.m4s`,
    bytes: 1,
    session: { id: sessionId, streamId: 'rts-1', startedMs: T0, initPath: 'init.mp4', width: 640, height: 360 },
  };
}

function playlist(rows: SegmentRow[], fromS: number, toS: number, nowMs = LATER): string[] {
  const range = { startMs: T0 + fromS * 1000, endMs: T0 + toS * 1000, nowMs };
  return buildPlaylist(rows, range, uri).split('\n');
}

const count = (lines: string[], tag: string) => lines.filter((line) => line.startsWith(tag)).length;

describe('buildPlaylist', () => {
  it('writes one session as one piece that ends', () => {
    expect(playlist([row(1, 0, 4), row(2, 4, 8.04), row(3, 8.04, 12)], 0, 12)).toEqual([
      '#EXTM3U',
      '#EXT-X-VERSION:7',
      '#EXT-X-TARGETDURATION:4',
      '#EXT-X-MEDIA-SEQUENCE:0',
      '#EXT-X-PLAYLIST-TYPE:VOD',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-MAP:URI="i/ses-1.mp4"',
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(T0).toISOString()}`,
      '#EXTINF:4.000,',
      's/1.m4s',
      '#EXTINF:4.040,',
      's/2.m4s',
      '#EXTINF:3.960,',
      's/3.m4s',
      '#EXT-X-ENDLIST',
      '',
    ]);
  });

  it('marks a gap within a session and dates what follows', () => {
    const lines = playlist([row(1, 0, 4), row(2, 30, 34)], 0, 34);
    expect(count(lines, '#EXT-X-DISCONTINUITY')).toBe(1);
    expect(count(lines, '#EXT-X-MAP')).toBe(1);
    expect(lines.indexOf('#EXT-X-DISCONTINUITY')).toBeLessThan(lines.indexOf('s/2.m4s'));
    expect(lines).toContain(`#EXT-X-PROGRAM-DATE-TIME:${new Date(T0 + 30_000).toISOString()}`);
  });

  it('gives each session its own init file behind a discontinuity', () => {
    const lines = playlist([row(1, 0, 4), row(2, 4, 8, 'ses-2'), row(3, 8, 12, 'ses-2')], 0, 12);
    expect(lines.filter((line) => line.startsWith('#EXT-X-MAP'))).toEqual([
      '#EXT-X-MAP:URI="i/ses-1.mp4"',
      '#EXT-X-MAP:URI="i/ses-2.mp4"',
    ]);
    expect(lines.indexOf('#EXT-X-DISCONTINUITY')).toBe(lines.indexOf('#EXT-X-MAP:URI="i/ses-2.mp4"') - 1);
  });

  it('takes a clock set back within a session for a discontinuity', () => {
    expect(count(playlist([row(1, 0, 4), row(2, 1, 5)], 0, 5), '#EXT-X-DISCONTINUITY')).toBe(1);
  });

  it('starts playing where the range starts, within the first segment', () => {
    expect(playlist([row(1, 0, 4), row(2, 4, 8)], 2.5, 8)).toContain('#EXT-X-START:TIME-OFFSET=2.500,PRECISE=YES');
  });

  it('stays open while the range is not past, and plays from its start', () => {
    const lines = playlist([row(1, 0, 4)], 0, 60, T0 + 30_000);
    expect(lines).toContain('#EXT-X-PLAYLIST-TYPE:EVENT');
    expect(lines).toContain('#EXT-X-START:TIME-OFFSET=0.000,PRECISE=YES');
    expect(lines).not.toContain('#EXT-X-ENDLIST');
  });

  it('announces the longest segment, rounded', () => {
    expect(playlist([row(1, 0, 4), row(2, 4, 11.6)], 0, 12)).toContain('#EXT-X-TARGETDURATION:8');
  });
});
