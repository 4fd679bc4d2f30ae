import type { RulePart } from '#domain';
import type { Piece } from './follow.ts';
import type { Seen } from './seen.ts';
import type { RuleState } from './state.ts';

/** Fewer than before counts only after this long without them: one window, and more of them when windows are shorter. */
const CERTAIN_MS = 2000;
/** Barking and beeping have pauses: a sound, or what is said, has ended after this long without it. */
export const PAUSE_MS = 10_000;

type Level = Pick<RuleState, 'level' | 'sinceMs' | 'belowSinceMs'>;

/**
 * How many there are: up at once, down when it is certain. Whoever `came` counts beside those who were there, until it is
 * certain that one of them has gone.
 */
export function levelOf(rule: RulePart, known: RuleState | undefined, n: number, came: number, piece: Piece): Level {
  if (!known || n >= known.level + Math.max(came, 1)) return { level: n, sinceMs: piece.startMs };
  const level = known.level + came;
  const sinceMs = came > 0 ? piece.startMs : known.sinceMs;
  if (n === level) return { level, sinceMs };
  const belowSinceMs = known.belowSinceMs ?? piece.startMs;
  return piece.endMs - belowSinceMs >= certainMs(rule)
    ? { level: n, sinceMs: belowSinceMs }
    : { level, sinceMs, belowSinceMs };
}

export function certainMs({ subject }: RulePart): number {
  return subject.kind === 'sound' ? PAUSE_MS : CERTAIN_MS;
}

/** Whether what the rule asks for is so at this level. */
export function holds({ relation, count }: RulePart, level: number): boolean {
  if (relation === 'absent') return level === 0;
  if (relation !== 'count' || !count) return level > 0;
  const { op, value } = count;
  if (op === '>') return level > value;
  if (op === '>=') return level >= value;
  if (op === '<') return level < value;
  return op === '<=' ? level <= value : level === value;
}

/** Rules that a missed detection would make true. */
export function lacks({ relation, count }: RulePart): boolean {
  return relation === 'absent' || count?.op === '<' || count?.op === '<=' || count?.op === '==';
}

/** What was seen in so many of the last windows, where the rule asks for several; each piece of a scene is one. */
export function inWindows(
  { windows }: RulePart,
  known: RuleState | undefined,
  seen: Seen,
): { seen: Seen; recent?: number[] } {
  if (!windows) return { seen };
  const recent = [...(known?.recent ?? []), seen.n].slice(-windows.of);
  const n = [...recent].sort((a, b) => b - a)[windows.least - 1] ?? 0;
  if (n === 0) return { seen: { ...seen, n, objects: [] }, recent };
  const { confidence, name } = seen.n > 0 || !known ? seen : known;
  return { seen: { ...seen, n, confidence, name }, recent };
}
