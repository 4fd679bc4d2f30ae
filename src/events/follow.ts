import { intersectionOverUnion, type SceneObject } from '#domain';
import type { Followed, Way } from './state.ts';

/** A thing that hasn't been seen for this long is gone; until then it may have been hidden. */
const HIDDEN_MS = 10_000;
/** A new track that covers a lost one this much is the same thing. */
const SAME_PLACE = 0.5;

export interface Piece {
  startMs: number;
  endMs: number;
}

/**
 * Who is in the place and since when. `enteredMs` tells that for a thing not followed yet, `wayOf` how each has moved. After a lapse only those
 * that have been told are kept, so that a car that is still parked is not told again.
 */
export function follow(
  before: readonly Followed[],
  objects: readonly SceneObject[],
  piece: Piece,
  lapsed: boolean,
  enteredMs: (object: SceneObject) => number,
  wayOf?: (object: SceneObject, before: Way | undefined) => Way,
): Followed[] {
  const known = lapsed ? before.filter(({ told }) => told).map((one) => ({ ...one, seenMs: piece.startMs })) : before;
  const lost = known.filter((one) => !objects.some((object) => isTrack(one, object)));
  const here = objects.map((object): Followed => {
    const same = known.find((one) => isTrack(one, object)) ?? takeCovered(lost, object);
    const way = wayOf?.(object, same?.way);
    return {
      track: object.track,
      trackSinceMs: object.sinceMs,
      label: object.label,
      box: object.box,
      sinceMs: same?.sinceMs ?? enteredMs(object),
      seenMs: piece.endMs,
      // Who has turned is told of again when it comes back.
      told: (same?.told ?? false) && way?.moved !== false,
      ...(way ? { way } : {}),
    };
  });
  return [...here, ...lost.filter(({ seenMs }) => Math.abs(piece.endMs - seenMs) < HIDDEN_MS)];
}

export function isTrack(one: Followed, object: SceneObject): boolean {
  return one.track === object.track && one.trackSinceMs === object.sinceMs;
}

function takeCovered(lost: Followed[], object: SceneObject): Followed | undefined {
  const at = lost.findIndex(
    (one) => one.label === object.label && intersectionOverUnion(one.box, object.box) >= SAME_PLACE,
  );
  return at < 0 ? undefined : lost.splice(at, 1)[0];
}
