import { expect, it } from 'vitest';
import { buildLowLatencyPlaylist } from '#playback';

const START = Date.UTC(2026, 0, 15, 12);
const part = (durationS: number, isIndependent = false) => ({ durationS, isIndependent });
const media = {
  run: 1000,
  discontinuities: 3,
  segmentTargetS: 4,
  partTargetS: 0.34561,
  next: { msn: 1002, part: 1 },
  segments: [
    {
      msn: 1001,
      startMs: START,
      durationS: 0.96,
      parts: [part(0.32, true), part(0.32), part(0.32)],
      data: Buffer.alloc(0),
    },
    { msn: 1002, startMs: START + 960, durationS: 0.32, parts: [part(0.32, true)] },
  ],
};

it('lists segments, parts near the end, and what comes next', () => {
  expect(buildLowLatencyPlaylist(media, true).split('\n')).toEqual([
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    '#EXT-X-TARGETDURATION:4',
    '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.038',
    '#EXT-X-PART-INF:PART-TARGET=0.346',
    '#EXT-X-MEDIA-SEQUENCE:1001',
    '#EXT-X-DISCONTINUITY-SEQUENCE:3',
    '#EXT-X-MAP:URI="1000-init.mp4"',
    '#EXT-X-PROGRAM-DATE-TIME:2026-01-15T12:00:00.000Z',
    '#EXT-X-PART:DURATION=0.320,URI="1001-0.m4s",INDEPENDENT=YES',
    '#EXT-X-PART:DURATION=0.320,URI="1001-1.m4s"',
    '#EXT-X-PART:DURATION=0.320,URI="1001-2.m4s"',
    '#EXTINF:0.960,',
    '1001.m4s',
    '#EXT-X-PROGRAM-DATE-TIME:2026-01-15T12:00:00.960Z',
    '#EXT-X-PART:DURATION=0.320,URI="1002-0.m4s",INDEPENDENT=YES',
    '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="1002-1.m4s"',
    '',
  ]);
});

it('lists whole segments for who does not wait', () => {
  expect(buildLowLatencyPlaylist(media, false).split('\n')).toEqual([
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    '#EXT-X-TARGETDURATION:4',
    '#EXT-X-MEDIA-SEQUENCE:1001',
    '#EXT-X-DISCONTINUITY-SEQUENCE:3',
    '#EXT-X-MAP:URI="1000-init.mp4"',
    '#EXT-X-PROGRAM-DATE-TIME:2026-01-15T12:00:00.000Z',
    '#EXTINF:0.960,',
    '1001.m4s',
    '',
  ]);
});

it('names no parts of what lies further back than three target durations', () => {
  const segments = Array.from({ length: 6 }, (_, n) => ({
    msn: 1000 + n,
    startMs: START + n * 4000,
    durationS: 4,
    parts: [part(4, true)],
    data: Buffer.alloc(0),
  }));
  const text = buildLowLatencyPlaylist({ ...media, segments, next: { msn: 1006, part: 0 } }, true);
  expect(text.match(/^#EXT-X-PART:.*$/gm)?.map((line) => /"(.+)"/.exec(line)?.[1])).toEqual([
    '1003-0.m4s',
    '1004-0.m4s',
    '1005-0.m4s',
  ]);
  expect(text.match(/^\d+\.m4s$/gm)).toHaveLength(6);
});
