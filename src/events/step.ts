import { lastWords, type Rule, type SceneObject } from '#domain';
import { type Stretch, stretchOf } from './during.ts';
import { explain } from './explain.ts';
import { follow, type Piece } from './follow.ts';
import type { Audible } from './heard.ts';
import { look, type Seen } from './seen.ts';
import type { RuleState } from './state.ts';
import { type Alike, steady } from './steady.ts';

export interface Fired {
  confidence: number;
  /** One sentence: what, where, when and how sure. */
  explanation: string;
  startMs: number;
  endMs: number;
}

/** A scene as far as it had come at one journal entry; when it grows, the same start with a later end. Or what was said. */
export interface SceneView extends Audible {
  startMs: number;
  endMs: number;
}

/** Fewer than before counts only after this long without them: one window, and more of them when windows are shorter. */
const CERTAIN_MS = 2000;
/** Barking and beeping have pauses: a sound, or what is said, has ended after this long without it. */
const PAUSE_MS = 10_000;
/** Words this far apart are not one phrase. */
const BREATH_MS = 3000;
/** Two firings of an alert are at least this far apart. */
const COOLDOWN_MS = 3000;
/** After a stretch this long that nobody looked at, what was there before says nothing. */
const FORGET_MS = 60_000;
/** How sure it is that something is not there: nothing measures it. */
const ABSENCE_CONFIDENCE = 0.8;

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
  const goesOn = before !== undefined && before.sceneStartMs === scene.startMs;
  if (goesOn && scene.endMs <= before.untilMs) return { state: before };
  const whole = { startMs: goesOn ? before.untilMs : scene.startMs, endMs: scene.endMs };
  const time = rule.during && stretchOf(rule.during, whole);
  if (rule.during && !time) return { state: before };
  const lapsed = before !== undefined && isLapsed(rule, before, scene, time);
  const alike = pictured(rule, lapsed ? undefined : before?.alike, scene, threshold);
  const seen = look(rule, scene, { said: saidJustBefore(before, scene), alike });
  if (seen === 'mute') return { state: before };
  // A detector that is away for a moment is not a thing that left.
  if (before?.tier === 'object' && seen.tier === 'motion' && !lapsed) return { state: before };
  const known = lapsed || before?.tier !== seen.tier ? undefined : before;
  const piece = time ? within(whole, time) : whole;
  const said = seen.tier === 'speech' ? { said: lastWords(scene.text) } : {};
  const more = { ...said, ...(alike ? { alike } : {}), sceneStartMs: scene.startMs };
  const state = { ...advance(rule, known, before, seen, piece), ...more };
  // What is told of a scene that began before the time came is what happened then.
  const late = time !== undefined && scene.startMs < time.startMs;
  return decide(rule, state, { known, threshold }, late ? { ...seen, objects: [] } : seen, piece);
}

function pictured(
  { subject }: Rule,
  before: Alike | undefined,
  { similar }: SceneView,
  threshold: number,
): Alike | undefined {
  const sure = subject.kind === 'text' && subject.sentence !== undefined ? similar?.[subject.sentence] : undefined;
  return sure === undefined ? before : steady(before, sure, threshold);
}

function within(piece: Piece, time: Stretch): Piece {
  return { startMs: Math.max(piece.startMs, time.startMs), endMs: Math.min(piece.endMs, time.endMs) };
}

/** Audio indexes have scenes only of what is heard: between them it was not. What was so when the rule's time ended is past. */
function isLapsed(
  { subject }: Rule,
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

/** The level follows what is seen: up at once, down when it is certain. `known` is `before` unless that says nothing now. */
function advance(
  rule: Rule,
  known: RuleState | undefined,
  before: RuleState | undefined,
  seen: Seen,
  piece: Piece,
): Omit<RuleState, 'sceneStartMs'> {
  const follows = (rule.relation === 'stays' || rule.relation === 'crosses') && seen.tier === 'object';
  // Nothing has stayed since before the time that the rule is for.
  const firstMs = rule.during ? piece.startMs : 0;
  const enteredMs = ({ sinceMs }: SceneObject) =>
    rule.zone === undefined ? Math.max(sinceMs, firstMs) : piece.startMs;
  const lost = known === undefined;
  const state = {
    version: 1,
    untilMs: piece.endMs,
    tier: seen.tier,
    told: known?.told ?? false,
    confidence: seen.n > 0 ? seen.confidence : (known?.confidence ?? seen.confidence),
    name: seen.n > 0 ? seen.name : (known?.name ?? seen.name),
    followed: follows ? follow(before?.followed ?? [], seen.objects, piece, lost, enteredMs) : [],
    ...(before?.firedMs === undefined ? {} : { firedMs: before.firedMs }),
    ...levelOf(known, seen.n, piece, certainMs(rule)),
  } as const;
  if (!holds(rule, state.level)) return { ...state, told: false };
  const held = known !== undefined && holds(rule, known.level) ? known.heldSinceMs : undefined;
  return { ...state, heldSinceMs: held ?? state.sinceMs };
}

function levelOf(
  known: RuleState | undefined,
  n: number,
  piece: Piece,
  certainAfterMs: number,
): Pick<RuleState, 'level' | 'sinceMs' | 'belowSinceMs'> {
  if (!known || n > known.level) return { level: n, sinceMs: piece.startMs };
  const { level, sinceMs } = known;
  if (n === level) return { level, sinceMs };
  const belowSinceMs = known.belowSinceMs ?? piece.startMs;
  return piece.endMs - belowSinceMs >= certainAfterMs
    ? { level: n, sinceMs: belowSinceMs }
    : { level, sinceMs, belowSinceMs };
}

function certainMs({ subject }: Rule): number {
  return subject.kind === 'sound' ? PAUSE_MS : CERTAIN_MS;
}

/** Whether what the rule asks for is so at this level. */
function holds({ relation, count }: Rule, level: number): boolean {
  if (relation === 'absent') return level === 0;
  if (relation !== 'count' || !count) return level > 0;
  const { op, value } = count;
  if (op === '>') return level > value;
  if (op === '>=') return level >= value;
  if (op === '<') return level < value;
  return op === '<=' ? level <= value : level === value;
}

function decide(
  rule: Rule,
  state: RuleState,
  { known, threshold }: { known: RuleState | undefined; threshold: number },
  seen: Seen,
  piece: Piece,
): { state: RuleState; fired?: Fired } {
  const startMs =
    rule.relation === 'crosses' ? crossedMs(known, seen, piece) : beginning(rule, state, known, seen, piece);
  const tooSoon = state.firedMs !== undefined && Math.abs(piece.endMs - state.firedMs) < COOLDOWN_MS;
  if (startMs === undefined || tooSoon) return { state };
  const when = { startMs, endMs: piece.endMs };
  const sure = sureOfNone(rule, state) ? ABSENCE_CONFIDENCE : state.confidence;
  const confidence = Math.min(1, Math.max(0, sure));
  if (confidence < threshold) return { state: notYet(rule, state, known) };
  const told = { ...state, told: true, firedMs: piece.endMs, followed: toldOf(rule, state) };
  return { state: told, fired: { confidence, explanation: explain(rule, state, when, confidence), ...when } };
}

/** What it isn't sure enough of hasn't come yet: it fires when it gets surer. What has gone won't. */
function notYet({ relation }: Rule, state: RuleState, known: RuleState | undefined): RuleState {
  if (relation === 'enters') return { ...state, level: known?.level ?? 0 };
  return relation === 'crosses' ? { ...state, followed: known?.followed ?? [] } : state;
}

/** That there is none is what it fires for. */
function sureOfNone({ relation }: Rule, { level }: RuleState): boolean {
  return relation === 'absent' || (relation === 'count' && level === 0);
}

/** Somebody comes through who wasn't doing so in the window before. */
function crossedMs(known: RuleState | undefined, { objects }: Seen, { startMs }: Piece): number | undefined {
  const isNewcomer = ({ track, sinceMs }: SceneObject) =>
    !known?.followed.some((one) => one.track === track && one.trackSinceMs === sinceMs);
  return objects.some(isNewcomer) ? startMs : undefined;
}

function beginning(
  rule: Rule,
  state: RuleState,
  known: RuleState | undefined,
  seen: Seen,
  piece: Piece,
): number | undefined {
  return state.followed.length > 0 ? dwellSince(rule, state) : since(rule, state, known, seen, piece);
}

/** When what the alert fires for began; undefined when there is nothing to fire for. */
function since(
  rule: Rule,
  state: RuleState,
  known: RuleState | undefined,
  seen: Seen,
  piece: Piece,
): number | undefined {
  if (rule.relation === 'enters') {
    const more = known ? state.level > known.level : seen.n > 0 && isNew(rule, seen);
    return more ? piece.startMs : undefined;
  }
  if (rule.relation === 'leaves') return known && state.level < known.level ? piece.startMs : undefined;
  if (rule.relation === 'stays' && seen.tier === 'object') return undefined;
  const { heldSinceMs, told } = state;
  if (told || heldSinceMs === undefined || seenLess(rule, state)) return undefined;
  const atLeastMs = Math.max(rule.forMs ?? 0, lacks(rule) ? certainMs(rule) : 0);
  if (piece.endMs - heldSinceMs < atLeastMs) return undefined;
  return rule.forMs === undefined ? piece.startMs : heldSinceMs;
}

/** It may just have ended: wait until that is certain. */
function seenLess(rule: Rule, { belowSinceMs }: RuleState): boolean {
  return belowSinceMs !== undefined && rule.forMs !== undefined;
}

/** Rules that a missed detection would make true. */
function lacks({ relation, count }: Rule): boolean {
  return relation === 'absent' || count?.op === '<' || count?.op === '<=' || count?.op === '==';
}

/** Where nothing was known before: whether it came in this window or was there all along. */
function isNew({ zone }: Rule, { tier, objects }: Seen): boolean {
  const came = ({ entered, appeared }: SceneObject) =>
    zone === undefined ? appeared !== undefined : entered.includes(zone);
  return tier !== 'object' || objects.some(came);
}

/** The earliest arrival among those who have stayed long enough and have not been told. */
function dwellSince(rule: Rule, state: RuleState): number | undefined {
  const due = state.followed.filter((one) => !one.told && hasStayed(rule, one));
  return due.length > 0 ? Math.min(...due.map(({ sinceMs }) => sinceMs)) : undefined;
}

function toldOf(rule: Rule, { followed }: RuleState): RuleState['followed'] {
  return followed.map((one) => (hasStayed(rule, one) ? { ...one, told: true } : one));
}

function hasStayed(rule: Rule, { sinceMs, seenMs }: RuleState['followed'][number]): boolean {
  return seenMs - sinceMs >= (rule.forMs ?? 0);
}
