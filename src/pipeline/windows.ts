import type { Extraction, Frame, Window } from '#domain';
import { Fault } from '#runtime';
import { shotWindows, timeWindows } from '#sampling';

/** As near to a cut as cutting a shot needs; cameras' keyframes are seldom further apart. */
const SHOT_FRAME_EVERY_MS = 2000;

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
