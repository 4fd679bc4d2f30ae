import { type Box, boxArea, type Detection, intersectionOverUnion } from '#domain';
import { likenessTo } from './gallery.ts';

/** What is needed of a track to find it again. */
export interface Followed {
  label: string;
  box: Box;
  lastMs: number;
  /** How it looked, in vectors of unit length; empty where no pack tells. */
  views: readonly Float32Array[];
}

/** How much looks weigh beside places: two who pass each other stay themselves. */
const LOOKS_WEIGH = 5;
/** How alike two are where looks don't tell: as two sights of one in motion. */
const UNTOLD = 0.85;
/** Less alike than this is somebody else, even in the same place. One person's looks from second to second are 0.63 and more. */
const STRANGERS = 0.45;

/** A thing that is known is recognised in detections from this score on. */
export const ENOUGH_SCORE = 0.3;
/** Two names for one box: the better one counts. Of two boxes of one name, one is enough when the other lies in it. */
const SAME_THING = { iou: 0.75, nestedIou: 0.5, within: 0.9 };
/** Labels that detectors confuse: a thing may change between them and stays itself. */
const CONFUSED = [
  ['car', 'truck', 'bus'],
  ['cat', 'dog'],
  ['bicycle', 'motorcycle'],
];

/** Every track with every detection it could be, best pair first: overlap counts most, then nearness. */
export function pairs<T extends Followed, D extends Detection & { appearance?: Float32Array }>(
  tracks: readonly T[],
  seen: readonly D[],
  atMs: number,
): { track: T; detection: D }[] {
  return tracks
    .flatMap((track) => seen.map((detection) => ({ track, detection, cost: cost(track, detection, atMs) })))
    .filter((pair) => pair.cost < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.cost - b.cost);
}

/** Smaller is likelier; infinite when the detection can't be the track. */
function cost(track: Followed, detection: Detection & { appearance?: Float32Array }, atMs: number): number {
  if (detection.score < ENOUGH_SCORE || !mayBe(track.label, detection.label)) return Number.POSITIVE_INFINITY;
  const { appearance } = detection;
  const likeness = appearance && track.views.length > 0 ? likenessTo(track.views, appearance) : UNTOLD;
  if (likeness < STRANGERS) return Number.POSITIVE_INFINITY;
  const strange = LOOKS_WEIGH * (1 - likeness);
  const overlap = intersectionOverUnion(track.box, detection.box);
  if (overlap > 0.2) return 1 - overlap + strange;
  // Who comes in over the border grows from look to look.
  const size = Math.max(...[track.box, detection.box].map(({ x1, y1, x2, y2 }) => Math.hypot(x2 - x1, y2 - y1)));
  const away = distance(track.box, detection.box);
  const reach = Math.min(0.5, Math.max(0.1, 0.5 * size + (0.2 * (atMs - track.lastMs)) / 1000));
  return away <= reach ? 1 + away + strange : Number.POSITIVE_INFINITY;
}

/** Between the middles of two boxes, as a fraction of the picture. */
export function distance(a: Box, b: Box): number {
  return Math.hypot((a.x1 + a.x2 - b.x1 - b.x2) / 2, (a.y1 + a.y2 - b.y1 - b.y2) / 2);
}

/** Whether a detector may call one thing by both names. */
export function mayBe(a: string, b: string): boolean {
  return a === b || CONFUSED.some((group) => group.includes(a) && group.includes(b));
}

/** How much of a box lies in another one. */
export function shareWithin(inner: Box, outer: Box): number {
  const [x1, y1] = [Math.max(inner.x1, outer.x1), Math.max(inner.y1, outer.y1)];
  const [x2, y2] = [Math.min(inner.x2, outer.x2), Math.min(inner.y2, outer.y2)];
  const area = boxArea(inner);
  return area > 0 ? boxArea({ x1, y1, x2, y2 }) / area : 0;
}

/** One detection for each thing. */
export function distinct<D extends Detection>(detections: readonly D[]): D[] {
  const kept: D[] = [];
  for (const one of [...detections].sort((a, b) => b.score - a.score)) {
    if (!kept.some((other) => isSame(one, other))) kept.push(one);
  }
  return kept;
}

function isSame(one: Detection, other: Detection): boolean {
  const overlap = intersectionOverUnion(one.box, other.box);
  if (overlap > SAME_THING.iou) return true;
  if (one.label !== other.label || overlap < SAME_THING.nestedIou) return false;
  return Math.max(shareWithin(one.box, other.box), shareWithin(other.box, one.box)) >= SAME_THING.within;
}
