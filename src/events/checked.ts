import type { Question, Rule } from '#domain';
import { attend, type Happening } from './attend.ts';
import type { Fired } from './decide.ts';
import { look } from './seen.ts';
import type { Checking, RuleState } from './state.ts';

/** Less than this and nobody need look. */
const CANDIDATE = 0.25;
/** How often a model is asked for one alert. */
const EVERY_MS = 30_000;
/** A question whose answer hasn't come by then won't get one. */
const LOST_MS = 600_000;
/** After a stretch this long that nobody looked at, what was confirmed before says nothing. */
const FORGET_MS = 60_000;
/** How sure a model's yes is: it doesn't say. */
const YES_CONFIDENCE = 0.9;
const LONGEST_REASON = 200;

/**
 * As `attend`, where a model decides: it fires for nothing by itself, and says what to ask instead. A scene is worth a
 * question when words and pictures don't rule it out; without a model that compares pictures every new scene is.
 */
export function attendChecked(
  rule: Rule,
  before: RuleState | undefined,
  happening: Happening,
  threshold = 0,
): { state: RuleState | undefined; fired?: Fired; asks?: Pick<Question, 'likeness'> } {
  const { state, fired } = attend(rule, before, happening, threshold);
  // What was only heard can't be looked at.
  if (!happening.facts || happening.sceneId === undefined)
    return { state: state && { ...state, ...known(before) }, ...(fired ? { fired } : {}) };
  if (!state || state === before) return { state };
  const likeness = likenessOf(rule, happening);
  const checking = remembered(before, happening, state);
  const withheld = fired && !checking.confirmed ? { withheld: fired } : {};
  if (!isCandidate(checking, likeness, happening) || !mayAsk(checking, happening))
    return { state: { ...state, checking: { ...checking, ...withheld } } };
  const askedMs = happening.isRetold ? Math.max(checking.askedMs, happening.endMs) : happening.endMs;
  const asking = { ...checking, ...withheld, askedMs, sceneStartMs: happening.startMs, waiting: true };
  return { state: { ...state, checking: asking }, asks: likeness === undefined ? {} : { likeness } };
}

/**
 * As `attend`, while nobody is asked: there is nobody to ask, or nobody to tell. What it fires for is as good as confirmed:
 * it is not told later.
 */
export function attendUnasked(
  rule: Rule,
  before: RuleState | undefined,
  happening: Happening,
  threshold = 0,
): { state: RuleState | undefined; fired?: Fired } {
  const { state, fired } = attend(rule, before, happening, threshold);
  if (!state || state === before) return { state };
  const checking = remembered(before, happening, state);
  if (!fired) return { state: { ...state, checking } };
  return { state: { ...state, checking: { ...checking, confirmed: true } }, fired };
}

/** The question has become void: its alert was disarmed, or its scene is gone. */
export function withoutQuestion(before: RuleState | undefined): RuleState | undefined {
  if (!before?.checking?.waiting) return before;
  const { withheld: _withheld, ...checking } = before.checking;
  return { ...before, checking: { ...checking, waiting: false } };
}

/** What the model said, or that it said nothing in time: then words and pictures decide. */
export function attendAnswer(
  rule: Rule,
  before: RuleState | undefined,
  { startMs, endMs, likeness, answer }: Question,
  threshold = 0,
): { state: RuleState | undefined; fired?: Fired } {
  if (!before?.checking?.waiting || !answer) return { state: before };
  const { verdict } = answer;
  const { withheld, sceneStartMs, ...checking } = before.checking;
  // A scene that nobody could say anything of may be asked about again.
  const asked = verdict?.confirmed === undefined || sceneStartMs === undefined ? {} : { sceneStartMs };
  const settled = { ...checking, ...asked, waiting: false };
  if (verdict?.confirmed === false) return { state: { ...before, checking: { ...settled, confirmed: false } } };
  const confidence = Math.max(YES_CONFIDENCE, likeness ?? 0);
  const fired = verdict?.confirmed
    ? { confidence, explanation: confirmedBy(rule, verdict, confidence), startMs, endMs }
    : withheld;
  if (!fired || settled.confirmed || fired.confidence < threshold) return { state: { ...before, checking: settled } };
  return { state: { ...before, checking: { ...settled, confirmed: true } }, fired };
}

function known(before: RuleState | undefined): Pick<RuleState, 'checking'> {
  return before?.checking ? { checking: before.checking } : {};
}

/**
 * What was confirmed is over when nobody looked for long, or when pictures have stopped to look like it; so is what was
 * withheld, unless a question about it waits. What is told anew is of an earlier time.
 */
function remembered(before: RuleState | undefined, { startMs, isRetold }: Happening, { alike }: RuleState): Checking {
  const { checking, untilMs = 0, sceneStartMs } = before ?? {};
  if (!checking) return { askedMs: Number.MIN_SAFE_INTEGER, waiting: false, confirmed: false };
  // A scene that goes on has been looked at all along.
  const isApart = startMs !== sceneStartMs && Math.abs(startMs - untilMs) > FORGET_MS;
  const isOver = isApart || (alike !== undefined && alike.score < CANDIDATE);
  if (!isOver || isRetold) return checking;
  const { withheld, ...rest } = checking;
  return { ...rest, ...(withheld && checking.waiting ? { withheld } : {}), confirmed: false };
}

/** What was told anew was worth a question when it was new, unless its new words say more. */
function isCandidate({ confirmed }: Checking, likeness: number | undefined, { isRetold }: Happening): boolean {
  return isRetold ? likeness !== undefined && !confirmed : (likeness ?? 1) >= CANDIDATE;
}

function mayAsk({ askedMs, sceneStartMs, waiting }: Checking, { startMs, endMs }: Happening): boolean {
  const agoMs = Math.abs(endMs - askedMs);
  return waiting ? agoMs > LOST_MS : agoMs >= EVERY_MS && startMs !== sceneStartMs;
}

/** Of words and of the picture the surer; undefined when neither says anything. */
function likenessOf(rule: Rule, happening: Happening): number | undefined {
  const { subject } = rule;
  const told = look(rule, happening);
  const words = told !== 'mute' && told.n > 0 ? told.confidence : undefined;
  const picture = subject.kind === 'text' ? happening.similar?.[subject.sentence ?? ''] : undefined;
  return words === undefined ? picture : Math.max(words, picture ?? 0);
}

function confirmedBy({ subject }: Rule, { by, text }: { by: string; text: string }, confidence: number): string {
  const sentence = subject.kind === 'text' ? (subject.sentence ?? subject.words.join(' ')) : '';
  const reason = text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON).trimEnd()}…` : text;
  return `${by} looked at the picture for "${sentence}" and says: ${reason} (confidence ${confidence.toFixed(2)}).`;
}
