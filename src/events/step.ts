import type { Rule } from '#domain';
import type { Fired } from './decide.ts';
import { stepParts } from './parts.ts';
import { type SceneView, stepSimple } from './simple.ts';
import type { RuleState } from './state.ts';

/**
 * One scene, or one more piece of it, seen by one rule. Pure: the same scenes give the same firings wherever the journal
 * is cut. Pieces that were seen before change nothing. Outside the time that a rule is for it is blind: what is going on
 * when that time comes begins with it. Of what it is less sure than the threshold it tells nothing, until it gets surer.
 */
export function step(
  rule: Rule,
  before: RuleState | undefined,
  scene: SceneView,
  threshold = 0,
): { state: RuleState | undefined; fired?: Fired } {
  const { subject } = rule;
  if (subject.kind === 'parts') return stepParts(rule, subject, before, scene, threshold);
  return stepSimple(rule, before, scene, threshold);
}
