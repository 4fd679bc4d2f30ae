/** What stands in memory of a camera as it is now. */
export interface LowLatencyMedia {
  segments: readonly {
    msn: number;
    startMs: number;
    durationS: number;
    parts: readonly { durationS: number; isIndependent: boolean }[];
    /** Set when it grows no more. */
    data?: unknown;
  }[];
  /** Whole seconds that no segment exceeds. */
  segmentTargetS: number;
  partTargetS: number;
  next: { msn: number; part: number };
  /** Tells one run from another. */
  run: number;
  /** How many runs there were before. */
  discontinuities: number;
}

/** How far behind the end players begin, in parts: fewer make them run dry. */
const HOLD_BACK_PARTS = 3;
/** Parts of what lies further back nobody needs any more. */
const PARTS_FOR_TARGETS = 3;

/**
 * A media playlist of low-latency HLS (RFC 8216bis): segments, their parts near the end, what comes next. Players ask for it
 * with what they want it to have, and wait. With `waits` false it is one of whole segments for players that ask now and
 * then, and keep no connection busy meanwhile. Names are relative to where it lies.
 */
export function buildLowLatencyPlaylist(media: LowLatencyMedia, waits: boolean): string {
  const { segments, segmentTargetS, partTargetS, next, run, discontinuities } = media;
  const totalS = segments.reduce((sum, { durationS }) => sum + durationS, 0);
  const holdBackS = roundedUp(partTargetS) * HOLD_BACK_PARTS;
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    `#EXT-X-TARGETDURATION:${segmentTargetS}`,
    ...(waits ? [`#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${seconds(holdBackS)}`] : []),
    ...(waits ? [`#EXT-X-PART-INF:PART-TARGET=${seconds(roundedUp(partTargetS))}`] : []),
    `#EXT-X-MEDIA-SEQUENCE:${segments[0]?.msn ?? next.msn}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuities}`,
    `#EXT-X-MAP:URI="${run}-init.mp4"`,
  ];
  let atS = 0;
  for (const { msn, startMs, durationS, parts, data } of segments) {
    if (!waits && data === undefined) continue;
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(startMs).toISOString()}`);
    const isNear = waits && totalS - atS - durationS < PARTS_FOR_TARGETS * segmentTargetS;
    for (const [n, part] of isNear ? parts.entries() : []) {
      const independent = part.isIndependent ? ',INDEPENDENT=YES' : '';
      lines.push(`#EXT-X-PART:DURATION=${seconds(part.durationS)},URI="${msn}-${n}.m4s"${independent}`);
    }
    if (data !== undefined) lines.push(`#EXTINF:${seconds(durationS)},`, `${msn}.m4s`);
    atS += durationS;
  }
  if (waits) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${next.msn}-${next.part}.m4s"`);
  return `${lines.join('\n')}\n`;
}

function seconds(value: number): string {
  return value.toFixed(3);
}

/** So that no part is longer, as they are rounded too. */
function roundedUp(value: number): number {
  return Math.ceil(value * 1000) / 1000;
}
