/**
 * What an event prompt compiles to: data that a person can read, check and rehearse.
 *
 * `relation`
 * - `present`  the subject is in the picture (or in `zone`)
 * - `appears`  it wasn't, and now is
 * - `enters`   it comes into `zone` (without a zone: into the picture)
 * - `leaves`   it was, and now isn't
 * - `stays`    it has been there for `forMs`
 * - `absent`   it hasn't been there for `forMs`
 * - `count`    `count` holds for the number seen at once
 */
export type Relation = 'present' | 'appears' | 'enters' | 'leaves' | 'stays' | 'absent' | 'count';

export type RuleSubject =
  /** Objects with one of these detector labels; `name` is the user's word for it ("someone"). */
  | { kind: 'object'; name: string; labels: string[] }
  /** Anything that moves. */
  | { kind: 'motion' }
  | { kind: 'light'; change: 'on' | 'off' }
  | { kind: 'tamper'; tampers: ('covered' | 'blurred' | 'moved')[] }
  /** What an index says has most of these words: for prompts that are no other rule. */
  | { kind: 'text'; words: string[] };

export interface Rule {
  version: 1;
  subject: RuleSubject;
  relation: Relation;
  zone?: string;
  forMs?: number;
  count?: { op: '>' | '>=' | '==' | '<' | '<='; value: number };
  /** Capabilities of packs without which the rule is weaker or mute: `object-detection`. */
  needs: string[];
  /** One sentence: how the prompt was understood. */
  understood: string;
}
