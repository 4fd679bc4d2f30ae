import { type Box, type Detection, intersectionOverUnion } from '#domain';

/** What is needed of a track to find it again. */
export interface Followed {
  label: string;
  box: Box;
  lastMs: number;
}

/** A thing that is known is recognised in detections from this score on. */
export const ENOUGH_SCORE = 0.3;
/** Two names for one box: the better one counts. */
const SAME_THING_IOU = 0.75;
/** Labels that detectors confuse: a thing may change between them and stays itself. */
const CONFUSED = [
  ['car', 'truck', 'bus'],
  ['cat', 'dog'],
  ['bicycle', 'motorcycle'],
];

/** Every track with every detection it could be, best pair first: overlap counts most, then nearness. */
export function pairs<T extends Followed>(
  tracks: readonly T[],
  seen: readonly Detection[],
  atMs: number,
): { track: T; detection: Detection }[] {
  return tracks
    .flatMap((track) => seen.map((detection) => ({ track, detection, cost: cost(track, detection, atMs) })))
    .filter((pair) => pair.cost < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.cost - b.cost);
}

/** Smaller is likelier; infinite when the detection can't be the track. */
function cost(track: Followed, detection: Detection, atMs: number): number {
  if (detection.score < ENOUGH_SCORE || !mayBe(track.label, detection.label)) return Number.POSITIVE_INFINITY;
  const overlap = intersectionOverUnion(track.box, detection.box);
  if (overlap > 0.2) return 1 - overlap;
  const [a, b] = [track.box, detection.box];
  const distance = Math.hypot((a.x1 + a.x2 - b.x1 - b.x2) / 2, (a.y1 + a.y2 - b.y1 - b.y2) / 2);
  const size = Math.hypot(a.x2 - a.x1, a.y2 - a.y1);
  const reach = Math.min(0.5, Math.max(0.1, 0.5 * size + (0.2 * (atMs - track.lastMs)) / 1000));
  return distance <= reach ? 1 + distance : Number.POSITIVE_INFINITY;
}

function mayBe(a: string, b: string): boolean {
  return a === b || CONFUSED.some((group) => group.includes(a) && group.includes(b));
}

/** One detection for each thing. */
export function distinct(detections: readonly Detection[]): Detection[] {
  const kept: Detection[] = [];
  for (const one of [...detections].sort((a, b) => b.score - a.score)) {
    if (!kept.some(({ box }) => intersectionOverUnion(box, one.box) > SAME_THING_IOU)) kept.push(one);
  }
  return kept;
}
