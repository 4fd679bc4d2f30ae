import type { Box } from '#domain';
import type { Alike } from './steady.ts';

/** One thing that is followed from scene to scene. */
export interface Followed {
  /** Tracks are numbered anew when a tracker starts, so the time is part of its identity. */
  track: number;
  trackSinceMs: number;
  label: string;
  box: Box;
  /** Since when it has been in the place that the rule is about. */
  sinceMs: number;
  seenMs: number;
  told: boolean;
  /** How it has moved, for rules about that. */
  way?: Way;
}

/** How far a thing has come in a direction: least and most since it turned, and whether that is far enough. */
export interface Way {
  low: number;
  high: number;
  moved: boolean;
}

/** What an alert remembers of what a model was asked. */
export interface Checking {
  /** In the time of the scenes. */
  askedMs: number;
  /** Which scene was asked about; absent when that brought nothing. */
  sceneStartMs?: number;
  waiting: boolean;
  /** What goes on was confirmed, and told. */
  confirmed: boolean;
  /** What words and pictures would have fired for meanwhile. */
  withheld?: { confidence: number; explanation: string; startMs: number; endMs: number };
}

/** What one alert remembers from scene to scene; JSON in the store. */
export interface RuleState {
  version: 1;
  /** The stretch that has been looked at last: start of its scene, and its end. */
  sceneStartMs: number;
  untilMs: number;
  /** How many there are, as far as it is certain: a smaller number counts only after a while. */
  level: number;
  /** Since when it has been this level. */
  sinceMs: number;
  /** Since when fewer have been seen. */
  belowSinceMs?: number;
  /** Since when the rule's condition holds; absent when it doesn't. */
  heldSinceMs?: number;
  /** The alert has fired for what is going on now. */
  told: boolean;
  firedMs?: number;
  /** How sure it was of what it saw last. */
  confidence: number;
  name: string;
  tier: string;
  /** The last words of the scene before, for a phrase that goes on in the next. */
  said?: string;
  followed: Followed[];
  /** Of pictures, for rules with a sentence. */
  alike?: Alike;
  /** Where a model is asked before it fires. */
  checking?: Checking;
  /** How many there were in the last windows, for rules that ask for several. */
  recent?: number[];
  /** The newest scene; older ones are no news. */
  sceneId?: number;
  /** What is remembered of each part, for rules that have several. */
  parts?: PartState[];
  /** The beginning of what was told last, for rules that have parts. */
  toldMs?: number;
  /** The same of the scenes that were told anew, for rules about words. */
  retold?: Omit<RuleState, 'retold'>;
}

/** A stretch of time in which a part was so, or was not; `text` says what. */
export interface So {
  fromMs: number;
  toMs: number;
  text: string;
  confidence: number;
  by: Source;
}

/** Scenes that see, or what is only heard. */
export type Source = 'seen' | 'heard';

/** What is remembered of one part of a rule. */
export interface PartState {
  /** Of each source by itself. */
  states: Partial<Record<Source, RuleState>>;
  /** When it was so, and when it was not, last. */
  yes?: So;
  no?: So;
  /** The beginning that was told, where each part is told by itself. */
  toldMs?: number;
}

/** A stored state; undefined when it is of another version or damaged: the rule then starts anew. */
export function readState(json: string | undefined): RuleState | undefined {
  if (json === undefined) return undefined;
  try {
    const state: unknown = JSON.parse(json);
    return isState(state) ? state : undefined;
  } catch {
    return undefined;
  }
}

function isState(value: unknown): value is RuleState {
  if (typeof value !== 'object' || value === null) return false;
  const state = value as Partial<Record<keyof RuleState, unknown>>; // Any object may be asked for any key.
  const numbers = [state.sceneStartMs, state.untilMs, state.level, state.sinceMs, state.confidence];
  return state.version === 1 && numbers.every((n) => typeof n === 'number') && Array.isArray(state.followed);
}
