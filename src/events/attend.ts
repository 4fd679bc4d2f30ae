import { createHash } from 'node:crypto';
import type { Rule, RulePart, Zone } from '#domain';
import type { Fired } from './decide.ts';
import { stepFirst, stepRetold } from './retold.ts';
import type { SceneView } from './simple.ts';
import type { RuleState } from './state.ts';
import { matchZone } from './zones.ts';

/** What happened to one index: a scene, or something said on its stream. */
export interface Happening extends SceneView {
  streamId: string;
  indexId: string;
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

/** The rule with the names that this camera has for its zones; without such a zone it is about the whole picture. */
export function ownRule(rule: Rule, zones: readonly Zone[]): Rule {
  if (rule.subject.kind !== 'parts') return ownPart(rule, zones);
  const parts = rule.subject.parts.map((part) => ownPart(part, zones));
  return { ...rule, subject: { ...rule.subject, parts } };
}

function ownPart<Part extends RulePart>(part: Part, zones: readonly Zone[]): Part {
  if (part.zone === undefined) return part;
  const name = matchZone(
    part.zone,
    zones.map((zone) => zone.name),
  );
  const own = zones.find((zone) => zone.name === name);
  const { zone: _zone, ...rest } = part;
  // Without the zone it is still such a part.
  if (!own) return rest as Part;
  return { ...part, zone: own.name, ...(part.relation === 'approaches' ? { area: own.polygon } : {}) };
}

/** The same for the same journal entry, however often it is looked at. */
export function firingId(alertId: string, seq: number): string {
  return createHash('sha256').update(`${alertId}:${seq}`).digest('hex').slice(0, 16);
}
