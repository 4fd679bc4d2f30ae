import type { Point } from './geometry.ts';

/**
 * What an event prompt compiles to: data that a person can read, check and rehearse.
 *
 * `relation`
 * - `present`  the subject is in the picture (or in `zone`)
 * - `appears`  it wasn't, and now is
 * - `enters`   it comes into `zone` (without a zone: into the picture)
 * - `leaves`   it was, and now isn't
 * - `crosses`  it comes through `zone`, on whatever side it came in
 * - `stays`    it has been there for `forMs`
 * - `absent`   it hasn't been there for `forMs`
 * - `count`    `count` holds for the number seen at once
 * - `moves`    it moves in `direction`
 * - `approaches` it gets nearer to `zone` (without a zone: to the camera)
 */
export type Relation =
  | 'present'
  | 'appears'
  | 'enters'
  | 'leaves'
  | 'crosses'
  | 'stays'
  | 'absent'
  | 'count'
  | 'moves'
  | 'approaches';

/** In the picture; `towards` and `away` are to and from the camera. */
export type Direction = 'left' | 'right' | 'up' | 'down' | 'towards' | 'away';

export type RuleSubject =
  /** Objects with one of these detector labels; `name` is the user's word for it ("someone"). */
  | { kind: 'object'; name: string; labels: string[] }
  /** Anything that moves. */
  | { kind: 'motion' }
  | { kind: 'light'; change: 'on' | 'off' }
  | { kind: 'tamper'; tampers: ('covered' | 'blurred' | 'moved')[] }
  /** A sound of one of these classes, or any that is loud enough when there are none; `name` is for sentences. */
  | { kind: 'sound'; name: string; labels: string[] }
  /** The microphone itself. */
  | { kind: 'microphone'; troubles: ('dead' | 'clipped')[] }
  /**
   * One of these phrases is said, in nearly these words; without any, something is said. `meant`: what is denied or said
   * of others ("no help", "that would help me") doesn't count; `name` is then for sentences.
   */
  | { kind: 'speech'; words: string[]; meant?: boolean; name?: string }
  /**
   * What an index says has most of these words, or its picture looks like the sentence: for prompts that are no other rule.
   */
  | { kind: 'text'; words: string[]; sentence?: string }
  /** All of these at once, or any of them; `relation` is then `present`. */
  | { kind: 'parts'; join: 'all' | 'any'; parts: RulePart[] };

/** Minutes of the day; `to` may lie before `from`: then it is over midnight. Days of the week count from Sunday, 0. */
export interface TimeOfDay {
  fromMinute: number;
  toMinute: number;
  /** Absent: every day. The day is that on which the stretch begins. */
  days?: number[];
}

/** What is looked or listened for. */
export interface RulePart {
  subject: RuleSubject;
  relation: Relation;
  zone?: string;
  /** Where the zone is on the camera whose scenes are looked at, for what gets nearer to it. */
  area?: readonly Point[];
  /** Only things of this colour, by the name that facts have for it. */
  colour?: string;
  /** Only things that cover at least, or at most, this share of the picture, 0–1. */
  size?: { op: '>=' | '<='; share: number };
  /** Of what `moves`. */
  direction?: Direction;
  forMs?: number;
  count?: { op: '>' | '>=' | '==' | '<' | '<='; value: number };
  /** Seen counts as seen only when it was in so many of the last windows. */
  windows?: { least: number; of: number };
  /** It must not be so; only of parts that are joined. */
  not?: true;
}

export interface Rule extends Omit<RulePart, 'not'> {
  version: 2;
  /** Only then; the box's own time. */
  during?: TimeOfDay;
  /** Capabilities of packs without which the rule is weaker or mute: `object-detection`, `sound-classification`, `speech-recognition`. */
  needs: string[];
  /** One sentence: how the prompt was understood. */
  understood: string;
}

/** A rule as it was stored. One of version 1 has no parts, sizes and directions, and means what it meant. */
export function ruleFrom(json: string): Rule {
  const stored: Omit<Rule, 'version'> = JSON.parse(json);
  return { ...stored, version: 2 };
}

/** The rule, or what it is made of. */
export function partsOf(rule: Pick<Rule, 'subject' | 'relation'>): readonly RulePart[] {
  return rule.subject.kind === 'parts' ? rule.subject.parts : [rule];
}

/** About what is heard, not seen; of several parts: one of them. */
export function listens({ subject }: Pick<Rule, 'subject'>): boolean {
  if (subject.kind === 'parts') return subject.parts.some(listens);
  return subject.kind === 'sound' || subject.kind === 'speech' || subject.kind === 'microphone';
}

/**
 * Whether audio indexes tell it first, or alone: what is said, and a sound that begins or goes on. They never tell that a
 * sound has ended; indexes that see do. Of several parts: all.
 */
export function toldByAudio({ subject, relation }: Pick<Rule, 'subject' | 'relation'>): boolean {
  if (subject.kind === 'parts') return subject.parts.every((part) => toldByAudio(part) && part.not === undefined);
  if (subject.kind === 'speech') return true;
  return subject.kind === 'sound' && relation !== 'absent' && relation !== 'leaves';
}
