import type { Extraction, Frame, Window } from '#domain';
import type { Heard } from '#hearing';
import { type Clock, Fault } from '#runtime';
import { shotWindows, timeWindows } from '#sampling';
import { punctual } from './punctual.ts';

/** As near to a cut as cutting a shot needs; cameras' keyframes are seldom further apart. */
const SHOT_FRAME_EVERY_MS = 2000;

/** What is heard is known only so long after. */
const HEARD_AFTER_MS = 600;
/** Who has heard nothing for so long isn't waited for. */
const DEAF_AFTER_MS = 3000;

/** Where frames come from as they are taken. */
export interface LiveSource {
  clock: Clock;
  /** What the camera hears; absent where nobody listens. */
  heard?: Pick<Heard, 'untilMs'> | undefined;
  /** A frame came so late that its window was over. */
  frameDropped?: () => void;
}

/** Cuts frames as `windowsOf`, while they arrive: windows of time are handed on when they are over, not a picture later. */
export function liveWindows(
  frames: AsyncIterable<Frame>,
  streamId: string,
  extraction: Extraction,
  { clock, heard, frameDropped }: LiveSource,
): AsyncIterable<Window> {
  if (extraction.type !== 'time') return windowsOf(frames, streamId, extraction);
  const listens = (atMs: number) => heard !== undefined && Math.abs(atMs - heard.untilMs) < DEAF_AFTER_MS;
  const lagMs = (atMs: number) => (listens(atMs) ? HEARD_AFTER_MS : 0);
  const timely = punctual(frames, extraction.seconds * 1000, clock, lagMs);
  const onLate = frameDropped ? { onLate: frameDropped } : {};
  return timeWindows(timely, { streamId, ...extraction, zones: [], ...onLate });
}

/** Cuts frames as the index wants its windows, without zones. */
export function windowsOf(
  frames: AsyncIterable<Frame>,
  streamId: string,
  extraction: Extraction,
): AsyncIterable<Window> {
  if (extraction.type === 'time') return timeWindows(frames, { streamId, ...extraction, zones: [] });
  if (extraction.type === 'transcript') throw new Fault('internal', 'an audio index has no windows of frames');
  const { threshold, frameCount, longestSeconds } = extraction;
  return shotWindows(frames, { streamId, threshold, frameCount, longestMs: longestSeconds * 1000, zones: [] });
}

/** How far apart the index may have its frames; Infinity when it looks at none. */
export function frameEveryMs(extraction: Extraction): number {
  if (extraction.type === 'time') return (extraction.seconds * 1000) / extraction.frameCount;
  return extraction.type === 'shot' ? SHOT_FRAME_EVERY_MS : Infinity;
}
