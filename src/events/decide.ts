import type { RulePart, SceneObject } from '#domain';
import { explain } from './explain.ts';
import { isTrack, type Piece } from './follow.ts';
import { certainMs, lacks } from './level.ts';
import { isAboutMoving } from './moving.ts';
import { came as cameIn, hasStranger } from './newcomers.ts';
import type { Seen } from './seen.ts';
import type { Followed, RuleState } from './state.ts';

export interface Fired {
  confidence: number;
  /** One sentence: what, where, when and how sure. */
  explanation: string;
  startMs: number;
  endMs: number;
}

/** What a decision rests on besides what is seen now. */
interface Ground {
  /** What was remembered, unless it says nothing now. */
  known: RuleState | undefined;
  /** How many certainly came in this window. */
  came: number;
  threshold: number;
}

/** Two firings of an alert for the same are at least this far apart. */
export const COOLDOWN_MS = 3000;
/** How sure it is that something is not there: nothing measures it. */
export const ABSENCE_CONFIDENCE = 0.8;

/** Whether the rule fires for what is seen in the piece; the state then says that it has been told. */
export function decide(
  rule: RulePart,
  state: RuleState,
  ground: Ground,
  seen: Seen,
  piece: Piece,
): { state: RuleState; fired?: Fired } {
  const startMs = beginning(rule, state, ground, seen, piece);
  if (startMs === undefined || isTooSoon(rule, state, ground, seen, piece)) return { state };
  const when = { startMs, endMs: piece.endMs };
  const sure = sureOfNone(rule, state) ? ABSENCE_CONFIDENCE : state.confidence;
  const confidence = Math.min(1, Math.max(0, sure));
  if (confidence < ground.threshold) return { state: notYet(rule, state, ground.known) };
  const told = { ...state, told: true, firedMs: piece.endMs, followed: toldOf(rule, state, piece) };
  return { state: told, fired: { confidence, explanation: explain(rule, state, when, confidence), ...when } };
}

/** Who hasn't been told of is told of at once, however soon after another one. */
function isTooSoon(rule: RulePart, { firedMs }: RuleState, { known }: Ground, seen: Seen, { endMs }: Piece): boolean {
  if (firedMs === undefined || Math.abs(endMs - firedMs) >= COOLDOWN_MS) return false;
  if (seen.tier !== 'object') return true;
  if (rule.relation === 'enters') return !hasStranger(known?.followed ?? [], seen.objects);
  return rule.relation !== 'leaves' && rule.relation !== 'crosses' && !isAboutMoving(rule);
}

/** What it isn't sure enough of hasn't come yet: it fires when it gets surer. What has gone won't. */
function notYet({ relation }: RulePart, state: RuleState, known: RuleState | undefined): RuleState {
  const followed = known?.followed ?? [];
  if (relation === 'enters') return { ...state, level: known?.level ?? 0, followed };
  return relation === 'crosses' ? { ...state, followed } : state;
}

/** That there is none is what it fires for. */
function sureOfNone({ relation }: RulePart, { level }: RuleState): boolean {
  return relation === 'absent' || (relation === 'count' && level === 0);
}

/** When what the alert fires for began; undefined when there is nothing to fire for. */
function beginning(
  rule: RulePart,
  state: RuleState,
  { known, came }: Ground,
  seen: Seen,
  piece: Piece,
): number | undefined {
  if (rule.relation === 'crosses') return crossedMs(known, seen, piece);
  if (rule.relation === 'enters') {
    const more = known ? came > 0 || state.level > known.level : seen.n > 0 && isNew(rule, seen);
    return more ? piece.startMs : undefined;
  }
  if (rule.relation === 'leaves') return known && state.level < known.level + came ? piece.startMs : undefined;
  if (isAboutMoving(rule)) return movers(rule, state, seen).length > 0 ? piece.startMs : undefined;
  if (rule.relation === 'stays' && seen.tier === 'object') return dwellSince(rule, state);
  return since(rule, state, piece);
}

/** Somebody comes through who wasn't doing so in the window before. */
function crossedMs(known: RuleState | undefined, { objects }: Seen, { startMs }: Piece): number | undefined {
  const isNewcomer = (object: SceneObject) => !known?.followed.some((one) => isTrack(one, object));
  return objects.some(isNewcomer) ? startMs : undefined;
}

/** Where nothing was known before: whether it came in this window or was there all along. */
function isNew(rule: RulePart, { tier, objects }: Seen): boolean {
  return tier !== 'object' || objects.some((object) => cameIn(rule, object));
}

/** Those in the rule's place who have moved and have not been told. */
function movers(
  { zone, relation }: RulePart,
  { followed }: Pick<RuleState, 'followed'>,
  { objects }: Seen,
): Followed[] {
  return followed.filter((one) => {
    const object = objects.find((seen) => isTrack(one, seen));
    if (!object || one.told || !one.way?.moved) return false;
    if (zone === undefined || relation === 'approaches') return true;
    return object.zones.includes(zone) || (object.crossed?.includes(zone) ?? false);
  });
}

function since(rule: RulePart, state: RuleState, piece: Piece): number | undefined {
  const { heldSinceMs, told } = state;
  if (told || heldSinceMs === undefined || seenLess(rule, state)) return undefined;
  const atLeastMs = Math.max(rule.forMs ?? 0, lacks(rule) ? certainMs(rule) : 0);
  if (piece.endMs - heldSinceMs < atLeastMs) return undefined;
  return rule.forMs === undefined ? piece.startMs : heldSinceMs;
}

/** It may just have ended: wait until that is certain. */
function seenLess(rule: RulePart, { belowSinceMs }: RuleState): boolean {
  return belowSinceMs !== undefined && rule.forMs !== undefined;
}

/** The earliest arrival among those who have stayed long enough and have not been told. */
function dwellSince(rule: RulePart, state: RuleState): number | undefined {
  const due = state.followed.filter((one) => !one.told && hasStayed(rule, one));
  return due.length > 0 ? Math.min(...due.map(({ sinceMs }) => sinceMs)) : undefined;
}

function toldOf(rule: RulePart, { followed }: RuleState, { endMs }: Piece): Followed[] {
  const isDue = (one: Followed) =>
    isAboutMoving(rule) ? one.way?.moved === true && one.seenMs === endMs : hasStayed(rule, one);
  return followed.map((one) => (isDue(one) ? { ...one, told: true } : one));
}

function hasStayed({ forMs = 0 }: RulePart, { sinceMs, seenMs }: Followed): boolean {
  return seenMs - sinceMs >= forMs;
}
