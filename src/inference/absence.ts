import { type Box, intersectionOverUnion } from '#domain';
import { ALIKE, likenessTo } from './gallery.ts';
import { distance, mayBe, shareWithin } from './matching.ts';
import { belongs, isAtEdge, type Sighted, type Track } from './track.ts';

/** Looks in a row without a sight of a thing, after which it is gone; more where nothing moved. Never sooner than `leastMs`. */
const MISSING = { stirred: 2, still: 6, leastMs: 1000 };
/** What another thing hides that passes, from this share on, is not gone for so long. */
const HIDDEN = { share: 0.5, mostMs: 5000 };
/** What was lost may be the same thing again: one that belongs there in its place, another one by its looks nearby. */
const COMES_BACK = { settledMs: 60_000, iou: 0.5, movingMs: 10_000, reach: 0.5 };

/** It was not seen in this look: hidden, missed or gone. */
export function miss(track: Track, passing: readonly Box[], atMs: number, stirred: (box: Box) => boolean): void {
  track.stirred = (track.missed > 0 && track.stirred) || stirred(track.box);
  const isHidden =
    track.id > 0 &&
    atMs - track.lastMs <= HIDDEN.mostMs &&
    passing.some((box) => shareWithin(track.box, box) >= HIDDEN.share);
  track.missed = isHidden ? 1 : track.missed + 1;
}

/** It has not been seen for so long that it is gone. */
export function isOver({ id, missed, stirred, lastMs }: Track, atMs: number): boolean {
  if (id === 0) return missed > 0;
  return missed >= (stirred ? MISSING.stirred : MISSING.still) && atMs - lastMs >= MISSING.leastMs;
}

/** Whether it may still come back as itself. A place that is empty while nothing moves there is really empty. */
export function mayComeBack(track: Track, atMs: number, stirred: (box: Box) => boolean): boolean {
  const awayMs = atMs - track.lastMs;
  if (belongs(track) && awayMs <= COMES_BACK.settledMs && stirred(track.box)) return true;
  return mayReappear(track) && awayMs <= COMES_BACK.movingMs;
}

/** Whether it would be known by its looks wherever it comes out again; what left over the border would come anew. */
export function mayReappear({ views, box }: Track): boolean {
  return views.length > 0 && !isAtEdge(box);
}

/** Whether what was just seen is what was lost. */
export function isAgain(track: Track, { label, box, appearance }: Sighted): boolean {
  if (!mayBe(track.label, label)) return false;
  if (track.views.length === 0) return belongs(track) && intersectionOverUnion(track.box, box) >= COMES_BACK.iou;
  if (!appearance || distance(track.box, box) > COMES_BACK.reach) return false;
  return likenessTo(track.views, appearance) >= ALIKE.same;
}
