import { type Box, intersectionOverUnion, type SceneFacts, type SceneObject } from '#domain';

/** What a window is about; the next one that is about the same is the same scene. */
export interface Substance {
  told: string;
  /** Where things were when the scene began. */
  boxes: Pick<SceneObject, 'track' | 'box'>[];
}

/** A phrase counts as seen from here on. */
const ALIKE = 0.5;
/** What covers no more of where it was has moved, or come nearer: that is news. */
const MOVED_IOU = 0.6;

/** Whether it is another scene than the one that began with `before`. */
export function differs(now: Substance, before: Substance): boolean {
  return now.told !== before.told || now.boxes.some(({ track, box }) => hasMoved(box, placeOf(before, track)));
}

function placeOf({ boxes }: Substance, track: number): Box | undefined {
  return boxes.find((one) => one.track === track)?.box;
}

function hasMoved(box: Box, from: Box | undefined): boolean {
  return from !== undefined && intersectionOverUnion(from, box) < MOVED_IOU;
}

/** Two windows with the same are one scene: who is where, what happened; not by how much or how bright. */
export function substanceOf(facts: SceneFacts): Substance {
  const { objects, gone, counts, motion, light, tamper, packs, faces, texts, likenesses } = facts;
  const things = objects.map(({ label, track, zones, entered, appeared, crossed }) => ({
    label,
    track,
    zones: [...zones].sort(),
    entered,
    appeared,
    crossed,
  }));
  const moves = motion.regions.length > 0;
  const closer = {
    faces: faces?.length,
    read: texts?.map(({ text }) => text).sort(),
    alike: likenesses?.filter(({ score }) => score >= ALIKE).map(({ phrase }) => phrase),
  };
  const pixels = { moves, zones: motion.zones, change: light.change, tamper };
  return {
    told: JSON.stringify({ things, gone, counts, ...pixels, packs, ...closer }),
    boxes: objects.map(({ track, box }) => ({ track, box })),
  };
}
