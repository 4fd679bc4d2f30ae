import { Fault } from '#runtime';

/** Unix milliseconds; the end is not part of the range. */
export interface TimeRange {
  startMs: number;
  endMs: number;
}

const LEAST_MS = 1000;
const DEFAULT_MS = 60_000;
/** A day of 4-second segments is some 20 000 rows: more would hold up everything else while a playlist is written. */
const LONGEST_MS = 24 * 3_600_000;

/**
 * What to play when `asked` is wanted and `recorded` is there: clipped to the recording (but open towards the future
 * when the end is still to come), at least a second long. Without a start it is the minute before the end; without an
 * end it goes up to the recording's.
 * Throws `not_found` when the two don't meet, `invalid` when the range is reversed or longer than a day.
 */
export function playableRange(
  asked: { startMs?: number | undefined; endMs?: number | undefined },
  recorded: TimeRange | undefined,
  nowMs: number,
): TimeRange {
  const wantedEnd = asked.endMs ?? Math.max(recorded?.endMs ?? nowMs, (asked.startMs ?? 0) + LEAST_MS);
  const wantedStart = asked.startMs ?? wantedEnd - DEFAULT_MS;
  if (wantedEnd < wantedStart) throw new Fault('invalid', 'end: must not be before start (both are Unix seconds)');
  const wanted = { startMs: wantedStart, endMs: Math.max(wantedEnd, wantedStart + LEAST_MS) };
  if (!recorded || wanted.endMs <= recorded.startMs || wanted.startMs >= recorded.endMs) throw nothingRecorded(wanted);
  const startMs = Math.max(wanted.startMs, recorded.startMs);
  const lastMs = wanted.endMs > nowMs ? wanted.endMs : Math.min(wanted.endMs, recorded.endMs);
  const endMs = Math.max(lastMs, startMs + LEAST_MS);
  if (endMs - startMs > LONGEST_MS) {
    throw new Fault('invalid', 'end: the range is longer than 24 hours; ask for it in pieces of a day or less');
  }
  return { startMs, endMs };
}

/** The `not_found` of a range that holds no recording. */
export function nothingRecorded({ startMs, endMs }: TimeRange): Fault {
  const time = (ms: number) => (Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : String(ms / 1000));
  return new Fault('not_found', `nothing is recorded between ${time(startMs)} and ${time(endMs)}`);
}
