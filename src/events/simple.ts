import { lastWords, type RulePart, type SceneObject, type TimeOfDay } from '#domain';
import { decide, type Fired } from './decide.ts';
import { type Stretch, stretchOf } from './during.ts';
import { follow, type Piece } from './follow.ts';
import type { Audible } from './heard.ts';
import { holds, inWindows, levelOf, PAUSE_MS } from './level.ts';
import { isAboutMoving, wayOf } from './moving.ts';
import { newcomers } from './newcomers.ts';
import { look, type Seen } from './seen.ts';
import type { RuleState } from './state.ts';
import { type Alike, steady } from './steady.ts';

/** A scene as far as it had come at one journal entry; when it grows, the same start with a later end. Or what was said. */
export interface SceneView extends Audible {
  startMs: number;
  endMs: number;
  sceneId?: number;
}

/** A rule that has no parts, or a part, with the time that it is for. */
export interface SimpleRule extends RulePart {
  during?: TimeOfDay;
}

/** Words this far apart are not one phrase. */
const BREATH_MS = 3000;
/** After a stretch this long that nobody looked at, what was there before says nothing. */
export const FORGET_MS = 60_000;

/** One scene, or one more piece of it, seen by one rule without parts, as `step` has it. */
export function stepSimple(
  rule: SimpleRule,
  before: RuleState | undefined,
  scene: SceneView,
  threshold: number,
): { state: RuleState | undefined; fired?: Fired } {
  const goesOn = before !== undefined && before.sceneStartMs === scene.startMs;
  if (before && (isOld(before, scene) || (goesOn && scene.endMs <= before.untilMs))) return { state: before };
  const whole = { startMs: goesOn ? before.untilMs : scene.startMs, endMs: scene.endMs };
  const time = rule.during && stretchOf(rule.during, whole);
  if (rule.during && !time) return { state: before };
  const lapsed = before !== undefined && isLapsed(rule, before, scene, time);
  const alike = pictured(rule, lapsed ? undefined : before?.alike, scene, threshold);
  const looked = look(rule, scene, { said: saidJustBefore(before, scene), alike });
  if (looked === 'mute') return { state: before };
  // A detector that is away for a moment is not a thing that left.
  if (before?.tier === 'object' && looked.tier === 'motion' && !lapsed) return { state: before };
  const known = lapsed || before?.tier !== looked.tier ? undefined : before;
  const piece = time ? within(whole, time) : whole;
  const { seen, recent } = inWindows(rule, known, looked);
  const came = newcomers(rule, known, seen).length;
  const state: RuleState = {
    ...advance(rule, { known, before }, seen, came, piece),
    ...(seen.tier === 'speech' ? { said: lastWords(scene.text) } : {}),
    ...(recent ? { recent } : {}),
    ...(alike ? { alike } : {}),
    ...(scene.sceneId === undefined ? {} : { sceneId: scene.sceneId }),
    sceneStartMs: scene.startMs,
  };
  // What is told of a scene that began before the time came is what happened then.
  const late = time !== undefined && scene.startMs < time.startMs;
  return decide(rule, state, { known, came, threshold }, late ? { ...seen, objects: [] } : seen, piece);
}

/** Pictures that nobody compares any more say nothing after a while. */
function pictured(
  { subject }: RulePart,
  before: Alike | undefined,
  { similar, endMs }: SceneView,
  threshold: number,
): Alike | undefined {
  const known = before && Math.abs(endMs - before.atMs) <= FORGET_MS ? before : undefined;
  const sure = subject.kind === 'text' && subject.sentence !== undefined ? similar?.[subject.sentence] : undefined;
  return sure === undefined ? known : steady(known, sure, threshold, endMs);
}

/** A scene that comes again long after newer ones: the clock has not gone back. */
function isOld(before: RuleState, { sceneId, endMs }: SceneView): boolean {
  return sceneId !== undefined && before.sceneId !== undefined && sceneId < before.sceneId && endMs <= before.untilMs;
}

function within(piece: Piece, time: Stretch): Piece {
  return { startMs: Math.max(piece.startMs, time.startMs), endMs: Math.min(piece.endMs, time.endMs) };
}

/** Audio indexes have scenes only of what is heard: between them it was not. What was so when the rule's time ended is past. */
function isLapsed(
  { subject }: RulePart,
  before: RuleState,
  { startMs, endMs, facts }: SceneView,
  time: Stretch | undefined,
): boolean {
  if (time && time.startMs >= before.untilMs) return true;
  const isHeard = facts === undefined && subject.kind !== 'text';
  return startMs - before.untilMs > (isHeard ? PAUSE_MS : FORGET_MS) || endMs < before.untilMs - FORGET_MS;
}

function saidJustBefore(before: RuleState | undefined, { startMs }: SceneView): string | undefined {
  return before && Math.abs(startMs - before.untilMs) <= BREATH_MS ? before.said : undefined;
}

const FOLLOWING: ReadonlySet<RulePart['relation']> = new Set([
  'enters',
  'leaves',
  'crosses',
  'stays',
  'moves',
  'approaches',
] as const);

/** The level follows what is seen. `known` is `before` unless that says nothing now. */
function advance(
  rule: SimpleRule,
  { known, before }: { known: RuleState | undefined; before: RuleState | undefined },
  seen: Seen,
  came: number,
  piece: Piece,
): Omit<RuleState, 'sceneStartMs'> {
  const state = {
    version: 1,
    untilMs: piece.endMs,
    tier: seen.tier,
    told: known?.told ?? false,
    confidence: seen.n > 0 ? seen.confidence : (known?.confidence ?? seen.confidence),
    name: seen.n > 0 ? seen.name : (known?.name ?? seen.name),
    followed: followedBy(rule, { known, before }, seen, piece),
    ...(before?.firedMs === undefined ? {} : { firedMs: before.firedMs }),
    ...levelOf(rule, known, seen.n, came, piece),
  } as const;
  if (!holds(rule, state.level)) return { ...state, told: false };
  const held = known !== undefined && holds(rule, known.level) ? known.heldSinceMs : undefined;
  return { ...state, heldSinceMs: held ?? state.sinceMs };
}

function followedBy(
  rule: SimpleRule,
  { known, before }: { known: RuleState | undefined; before: RuleState | undefined },
  seen: Seen,
  piece: Piece,
): RuleState['followed'] {
  if (!FOLLOWING.has(rule.relation) || seen.tier !== 'object') return [];
  // Nothing has stayed since before the time that the rule is for.
  const firstMs = rule.during ? piece.startMs : 0;
  const enteredMs = ({ sinceMs }: SceneObject) =>
    rule.zone === undefined ? Math.max(sinceMs, firstMs) : piece.startMs;
  const way = isAboutMoving(rule) ? wayOf.bind(undefined, rule) : undefined;
  return follow(before?.followed ?? [], seen.objects, piece, known === undefined, enteredMs, way);
}
