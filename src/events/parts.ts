import type { Rule, RulePart, RuleSubject } from '#domain';
import { ABSENCE_CONFIDENCE, COOLDOWN_MS, type Fired } from './decide.ts';
import { what } from './explain.ts';
import { certainMs, lacks } from './level.ts';
import { FORGET_MS, type SceneView, type SimpleRule, stepSimple } from './simple.ts';
import type { PartState, RuleState, So, Source } from './state.ts';
import { notWords } from './understood.ts';

/** What comes and goes in a moment is so for this long after it. */
const LINGER_MS = 10_000;

type Joined = Extract<RuleSubject, { kind: 'parts' }>;
interface Piece {
  startMs: number;
  endMs: number;
}

/**
 * One piece of a scene, or something said, seen by a rule that has parts. Each part remembers when it was so last: as long as
 * it is, or for a while after a moment. All of them fire when there is a time at which all were so, once for each beginning
 * of such a time; any of them fires for itself. What is seen and what is heard of the same time may come in any order.
 */
export function stepParts(
  rule: Rule,
  subject: Joined,
  before: RuleState | undefined,
  scene: SceneView,
  threshold: number,
): { state: RuleState | undefined; fired?: Fired } {
  const known = before?.parts ?? [];
  const during = rule.during ? { during: rule.during } : {};
  const parts = subject.parts.map((part, i) =>
    stepPart({ ...part, ...during }, known[i] ?? { states: {} }, scene, threshold),
  );
  if (parts.every((part, i) => part === known[i])) return { state: before };
  const state: RuleState = {
    ...NOTHING,
    followed: [],
    ...(before?.firedMs === undefined ? {} : { firedMs: before.firedMs }),
    ...(before?.toldMs === undefined ? {} : { toldMs: before.toldMs }),
    sceneStartMs: scene.startMs,
    untilMs: scene.endMs,
    parts,
  };
  if (subject.join === 'all') return tellAll(subject.parts, state, parts, scene.endMs, threshold);
  return tellAny(subject.parts, state, { parts, known }, scene.endMs, threshold);
}

/** Fields of rules without parts. */
const NOTHING = {
  version: 1,
  level: 0,
  sinceMs: 0,
  told: false,
  confidence: 0,
  name: '',
  tier: 'parts',
} as const;

type Told = { state: RuleState; fired?: Fired };

function tellAll(
  rules: readonly RulePart[],
  state: RuleState,
  parts: readonly PartState[],
  endMs: number,
  threshold: number,
): Told {
  const so = rules.map((rule, i) => soOf(rule, parts[i])).filter((one) => one !== undefined);
  const fromMs = Math.max(...so.map((one) => one.fromMs));
  const toMs = Math.min(...so.map((one) => one.toMs));
  if (so.length < rules.length || fromMs > toMs || fromMs === state.toldMs) return { state };
  const confidence = Math.min(...so.map((one) => one.confidence));
  const lasting = so.every((one) => one.fromMs !== fromMs || one.toMs === endMs);
  const isTooSoon = state.firedMs !== undefined && Math.abs(endMs - state.firedMs) < COOLDOWN_MS;
  if (confidence < threshold || (lasting && isTooSoon)) return { state };
  return told({ ...state, toldMs: fromMs }, so, { startMs: fromMs, endMs: Math.max(endMs, fromMs) }, confidence);
}

/** Of what is so now: a part that was never sure enough is not told when another one comes true later. */
function tellAny(
  rules: readonly RulePart[],
  state: RuleState,
  { parts, known }: { parts: readonly PartState[]; known: readonly PartState[] },
  endMs: number,
  threshold: number,
): Told {
  const due = new Map<PartState, So>();
  for (const [i, part] of parts.entries()) {
    const so = rules[i] && soOf(rules[i], part);
    const isNew = so !== undefined && so !== (rules[i] && soOf(rules[i], known[i]));
    if (isNew && so.fromMs !== part.toldMs) due.set(part, so);
  }
  const so = [...due.values()];
  const confidence = Math.max(0, ...so.map((one) => one.confidence));
  if (so.length === 0 || confidence < threshold) return { state };
  const next = parts.map((part) => {
    const one = due.get(part);
    return one ? { ...part, toldMs: one.fromMs } : part;
  });
  const startMs = Math.min(...so.map((one) => one.fromMs));
  // What began in the same moment is told already.
  if (startMs === state.toldMs) return { state: { ...state, parts: next } };
  return told({ ...state, parts: next, toldMs: startMs }, so, { startMs, endMs: Math.max(endMs, startMs) }, confidence);
}

function told(state: RuleState, so: readonly So[], when: Piece, confidence: number): Told {
  const text = [...new Set(so.map((one) => one.text))].join(', and ');
  const explanation = `${text.charAt(0).toUpperCase()}${text.slice(1)} (confidence ${confidence.toFixed(2)}).`;
  return { state: { ...state, firedMs: when.endMs }, fired: { ...when, confidence, explanation } };
}

function soOf({ not }: RulePart, part: PartState | undefined): So | undefined {
  return not ? part?.no : part?.yes;
}

/** The same state when the scene says nothing of the part. */
function stepPart(rule: SimpleRule, before: PartState, scene: SceneView, threshold: number): PartState {
  const by: Source = scene.facts ? 'seen' : 'heard';
  const own = before.states[by];
  // Of what must not be there little is enough.
  const { state, fired } = stepSimple(rule, own, scene, rule.not ? 0 : threshold);
  if (!state || state === own) return before;
  const goesOn = own?.sceneStartMs === state.sceneStartMs && own.untilMs <= state.untilMs;
  const piece = { startMs: goesOn ? own.untilMs : scene.startMs, endMs: state.untilMs };
  const after = { ...before, states: { ...before.states, [by]: state } };
  const yes = isMoment(rule) ? moment(rule, state, fired, by) : lasting(rule, state, piece, by);
  if (yes) return { ...after, ...affirmed(before, yes) };
  const isStill = before.yes !== undefined && piece.endMs <= before.yes.toMs && piece.startMs >= before.yes.fromMs;
  return isStill ? after : { ...after, no: denied(rule, before, piece, by) };
}

const MOMENTS: ReadonlySet<RulePart['relation']> = new Set([
  'appears',
  'enters',
  'leaves',
  'crosses',
  'moves',
  'approaches',
] as const);

/** It happens; what is covered, and what is heard, goes on. */
function isMoment({ subject, relation }: RulePart): boolean {
  if (subject.kind === 'light') return true;
  return MOMENTS.has(relation) && subject.kind !== 'tamper' && !isHeard(subject);
}

function isHeard({ kind }: RuleSubject): boolean {
  return kind === 'sound' || kind === 'speech' || kind === 'microphone';
}

function moment(rule: RulePart, state: RuleState, fired: Fired | undefined, by: Source): So | undefined {
  if (!fired) return undefined;
  const { startMs, endMs, confidence } = fired;
  return { fromMs: startMs, toMs: endMs + LINGER_MS, text: what(rule, state, fired), confidence, by };
}

function lasting(rule: SimpleRule, state: RuleState, piece: Piece, by: Source): So | undefined {
  const fromMs = since(rule, state);
  if (fromMs === undefined || fromMs > piece.endMs) return undefined;
  // Where nothing tells of silence it lasts a while.
  const lingers = by === 'heard' ? LINGER_MS : 0;
  const text = what(rule, state, { startMs: fromMs, endMs: piece.endMs });
  const confidence = rule.relation === 'absent' || state.level === 0 ? ABSENCE_CONFIDENCE : state.confidence;
  return { fromMs, toMs: piece.endMs + lingers, text, confidence, by };
}

/** Since when it is so, as the rule asks; undefined when it isn't. */
function since(rule: RulePart, state: RuleState): number | undefined {
  const forMs = rule.forMs ?? 0;
  if (rule.relation === 'stays' && state.tier === 'object') {
    const stayed = state.followed.filter(({ sinceMs, seenMs }) => seenMs - sinceMs >= forMs);
    return stayed.length > 0 ? Math.min(...stayed.map(({ sinceMs }) => sinceMs)) + forMs : undefined;
  }
  if (state.heldSinceMs === undefined) return undefined;
  return state.heldSinceMs + Math.max(forMs, lacks(rule) ? certainMs(rule) : 0);
}

/** What the other source has told already only lasts longer; it was not so at most until then. */
function affirmed({ yes: known, no }: PartState, yes: So): Pick<PartState, 'yes' | 'no'> {
  const isSame = known && known.by !== yes.by && yes.fromMs <= known.toMs && yes.toMs >= known.fromMs;
  const merged = isSame ? { ...known, toMs: Math.max(known.toMs, yes.toMs) } : yes;
  if (!no || no.toMs <= merged.fromMs) return { yes: merged, ...(no ? { no } : {}) };
  return { yes: merged, no: { ...no, fromMs: Math.min(no.fromMs, merged.fromMs), toMs: merged.fromMs } };
}

function denied(rule: RulePart, { yes, no }: PartState, piece: Piece, by: Source): So {
  const sinceYes = yes && yes.toMs > piece.startMs && yes.toMs <= piece.endMs ? yes.toMs : piece.startMs;
  const goesOn =
    no &&
    (!yes || yes.fromMs < no.fromMs) &&
    Math.abs(piece.startMs - no.toMs) <= FORGET_MS &&
    no.fromMs <= piece.endMs;
  const fromMs = goesOn ? no.fromMs : sinceYes;
  return { fromMs, toMs: piece.endMs, text: notWords(rule), confidence: ABSENCE_CONFIDENCE, by };
}
