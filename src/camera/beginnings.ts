/**
 * How long the beginning of a stream is looked at before it is recorded. One second suffices where it begins with a keyframe,
 * as it does with most cameras. Relays, and cameras that several clients watch, begin in mid-course: then nothing is known
 * of the picture before the next keyframe, and ffmpeg gives up.
 */
const LENGTHS_S = [1, 3, 6, 13];

/** What has been learnt of streams, over reconnects. */
const learnt = new Map<string, number>();

/** Seconds, as far as is known of the stream. */
export function beginningS(streamId: string): number {
  return learnt.get(streamId) ?? 1;
}

/** No keyframe came in that time. False when it isn't worth waiting longer for one. */
export function lengthenBeginning(streamId: string): boolean {
  const longer = LENGTHS_S.find((seconds) => seconds > beginningS(streamId));
  if (longer !== undefined) learnt.set(streamId, longer);
  return longer !== undefined;
}
