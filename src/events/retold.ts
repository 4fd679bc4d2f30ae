import type { Rule } from '#domain';
import type { Fired } from './decide.ts';
import type { SceneView } from './simple.ts';
import type { RuleState } from './state.ts';
import { step } from './step.ts';

/** Longer ago what one has said no longer speaks for the other. */
const SAME_MS = 60_000;

/**
 * A scene that a slower model has told anew, seen by a rule about words; other rules have decided by what was measured.
 * What is told anew is followed on its own, beside the first descriptions, of which it comes late and not of each. What
 * one of the two has fired for the other doesn't fire for again.
 */
export function stepRetold(
  rule: Rule,
  before: RuleState | undefined,
  scene: SceneView,
  threshold: number,
): { state: RuleState | undefined; fired?: Fired } {
  if (rule.subject.kind !== 'text' || !before) return { state: before };
  const { retold, ...first } = before;
  // They are told anew in any order.
  const { sceneId: _sceneId, ...view } = scene;
  const { state, fired } = step(rule, retold, view, threshold);
  const next = state ? { ...first, retold: withoutRetold(state) } : before;
  return fired && !speaksFor(first, scene) ? { state: next, fired } : { state: next };
}

/** A scene as it was told first, or goes on. */
export function stepFirst(
  rule: Rule,
  before: RuleState | undefined,
  scene: SceneView,
  threshold: number,
): { state: RuleState | undefined; fired?: Fired } {
  const { state, fired } = step(rule, before, scene, threshold);
  const { retold } = before ?? {};
  const next = state && retold ? { ...state, retold } : state;
  return fired && !(retold && speaksFor(retold, scene)) ? { state: next, fired } : { state: next };
}

function speaksFor({ told, untilMs }: RuleState['retold'] & {}, { startMs, endMs }: SceneView): boolean {
  return told && startMs - untilMs <= SAME_MS && untilMs - endMs <= SAME_MS;
}

function withoutRetold({ retold: _retold, ...state }: RuleState): NonNullable<RuleState['retold']> {
  return state;
}
