import { intersectionOverUnion, type RulePart, type SceneObject } from '#domain';
import { isTrack } from './follow.ts';
import type { Seen } from './seen.ts';
import type { Followed, RuleState } from './state.ts';

/** A track that covers a lost one this much is the same thing. */
const SAME_PLACE = 0.5;

/**
 * Those of whom it is certain that they came in this window, whoever left in it: they were elsewhere in the picture, or came
 * over its edge, and nobody was lost where they are. A tracker that numbers somebody anew makes no newcomer.
 */
export function newcomers(rule: RulePart, known: RuleState | undefined, { tier, objects }: Seen): SceneObject[] {
  const asks = rule.relation === 'enters' || rule.relation === 'leaves';
  if (!known || !asks || tier !== 'object') return [];
  const lost = lostOf(known.followed, objects);
  return strangers(known.followed, objects).filter(
    (object) =>
      came(rule, object) &&
      object.appeared !== 'in' &&
      !lost.some(({ box }) => intersectionOverUnion(box, object.box) > 0),
  );
}

/** Whether one of them has not been followed so far, by number or by place. */
export function hasStranger(followed: readonly Followed[], objects: readonly SceneObject[]): boolean {
  const lost = lostOf(followed, objects);
  return strangers(followed, objects).some(
    ({ label, box }) => !lost.some((one) => one.label === label && intersectionOverUnion(one.box, box) >= SAME_PLACE),
  );
}

/** Came into the rule's place in this window, as far as the tracker tells. */
export function came({ zone }: RulePart, { entered, appeared }: SceneObject): boolean {
  return zone === undefined ? appeared !== undefined : entered.includes(zone);
}

function strangers(followed: readonly Followed[], objects: readonly SceneObject[]): SceneObject[] {
  return objects.filter((object) => !followed.some((one) => isTrack(one, object)));
}

function lostOf(followed: readonly Followed[], objects: readonly SceneObject[]): Followed[] {
  return followed.filter((one) => !objects.some((object) => isTrack(one, object)));
}
