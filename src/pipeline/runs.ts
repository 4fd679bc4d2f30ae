import type { SegmentRow } from '#store';

/** Segments whose times are this near to each other adjoin. */
const ADJOINING_MS = 200;

/** What ffmpeg can read as one: segments of one session, without a gap. */
export function runsOf(segments: readonly SegmentRow[]): SegmentRow[][] {
  const runs: SegmentRow[][] = [];
  for (const segment of segments) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    const follows = before?.sessionId === segment.sessionId && Math.abs(segment.startMs - before.endMs) <= ADJOINING_MS;
    if (run && follows) run.push(segment);
    else runs.push([segment]);
  }
  return runs;
}
