import { createHash } from 'node:crypto';
import type { Rule } from '#domain';
import { stepFirst, stepRetold } from './retold.ts';
import type { RuleState } from './state.ts';
import type { Fired, SceneView } from './step.ts';
import { matchZone } from './zones.ts';

/** What happened to one index: a scene, or something said on its stream. */
export interface Happening extends SceneView {
  streamId: string;
  indexId: string;
  sceneId?: number;
  /** A slower model has told it anew. */
  isRetold?: boolean;
  /** The model that its picture was compared by. */
  comparedBy?: string;
}

/**
 * How a rule takes in what happened, whether now or long ago: what it remembers from then on, and whether it fires. It
 * doesn't for what it is less sure of than the threshold, until it gets surer.
 */
export function attend(
  rule: Rule,
  before: RuleState | undefined,
  happening: Happening,
  threshold = 0,
): { state: RuleState | undefined; fired?: Fired } {
  return (happening.isRetold ? stepRetold : stepFirst)(rule, before, happening, threshold);
}

/** The rule with the name that this camera has for the zone; without such a zone it is about the whole picture. */
export function ownRule(rule: Rule, zones: readonly { name: string }[]): Rule {
  const { zone, ...rest } = rule;
  if (zone === undefined) return rule;
  const own = matchZone(
    zone,
    zones.map(({ name }) => name),
  );
  return own === undefined ? rest : { ...rest, zone: own };
}

/** The same for the same journal entry, however often it is looked at. */
export function firingId(alertId: string, seq: number): string {
  return createHash('sha256').update(`${alertId}:${seq}`).digest('hex').slice(0, 16);
}
