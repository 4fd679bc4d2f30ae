import type { SegmentRow } from '#store';

/** Segments of one session lie this close; a wider seam is lost media. */
const SEAM_MS = 500;
/** More pieces of sound than this in one stretch, and the shortest are left out: each is an input of ffmpeg. */
const MOST_SOUNDS = 24;

export interface Stretch {
  startMs: number;
  endMs: number;
}

/** What is to be put together: a stretch of time with its pictures, if any, and the sounds heard in it. */
export interface Take extends Stretch {
  pictures: SegmentRow[];
  sounds: SegmentRow[][];
}

/** Segments that ffmpeg can read as one: of one session, without a gap. */
function runsOf(rows: readonly SegmentRow[]): SegmentRow[][] {
  const runs: SegmentRow[][] = [];
  for (const row of rows) {
    const last = runs.at(-1)?.at(-1);
    if (last?.sessionId === row.sessionId && Math.abs(row.startMs - last.endMs) <= SEAM_MS) runs.at(-1)?.push(row);
    else runs.push([row]);
  }
  return runs;
}

/** In order of time: with pictures a take for each run of them, without pictures one for each time in which sound was recorded. */
export function takesOf(pictures: readonly SegmentRow[], sounds: readonly (readonly SegmentRow[])[]): Take[] {
  const heard = sounds.flatMap(runsOf);
  const seen = runsOf(pictures).map((run) => ({ ...bounds(run), pictures: run }));
  const stretches = seen.length > 0 ? seen : merged(heard.map(bounds)).map((one) => ({ ...one, pictures: [] }));
  return stretches.map((stretch) => ({ ...stretch, sounds: during(heard, stretch) }));
}

function bounds(run: readonly SegmentRow[]): Stretch {
  return { startMs: run[0]?.startMs ?? 0, endMs: run.at(-1)?.endMs ?? 0 };
}

/** Of each run that sounds in the stretch what does. */
function during(runs: readonly SegmentRow[][], { startMs, endMs }: Stretch): SegmentRow[][] {
  const heard = runs
    .map((run) => run.filter((row) => row.startMs < endMs && row.endMs > startMs))
    .filter((run) => run.length > 0);
  const longest = [...heard].sort((a, b) => lengthOf(b) - lengthOf(a)).slice(0, MOST_SOUNDS);
  return heard.filter((run) => longest.includes(run));
}

function lengthOf(run: readonly SegmentRow[]): number {
  const { startMs, endMs } = bounds(run);
  return endMs - startMs;
}

/** What they cover together. */
function merged(stretches: readonly Stretch[]): Stretch[] {
  const whole: Stretch[] = [];
  for (const stretch of [...stretches].sort((a, b) => a.startMs - b.startMs)) {
    const last = whole.at(-1);
    if (last && stretch.startMs <= last.endMs + SEAM_MS) last.endMs = Math.max(last.endMs, stretch.endMs);
    else whole.push({ ...stretch });
  }
  return whole;
}
