import type { Relation, RuleSubject } from '#domain';
import type { Fault } from '#runtime';
import type { Parsed } from './parse.ts';
import type { Heard } from './sound.ts';
import type { Meaning } from './words.ts';

export type Refuse = (reason: string) => Fault;

export function quoted(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(', ');
}

/** What the subject does, by the words that say so; throws what `refuse` makes of a reason. */
export function relationOf(parsed: Parsed, subject: RuleSubject, refuse: Refuse): Relation {
  const { meanings, forMs, count, negated } = parsed;
  const does = (...wanted: Meaning[]) => wanted.some((meaning) => meanings.includes(meaning));
  if (subject.kind !== 'object') return specialRelation(parsed, subject, refuse);
  if (does('switch', 'cover', 'shift'))
    throw refuse('only the lights are switched, only the camera is covered or turned');
  const leaves = does('leave') || parsed.direction === 'out';
  const enters = does('enter', 'intrude') || parsed.direction === 'in';
  const crosses = does('cross') || parsed.direction === 'through';
  if (parsed.heading !== undefined) return headed(parsed, refuse);
  if (count) {
    if (leaves || negated) throw refuse('a number can only be asked of things that are there');
    return 'count';
  }
  if (does('empty')) return negated ? 'present' : 'absent';
  const unattended = parsed.subjects.length === 0 && does('stay');
  if (unattended) return 'absent';
  if (negated) return leaves ? 'stays' : 'absent';
  if (leaves) return forMs === undefined ? 'leaves' : 'absent';
  if (forMs !== undefined || does('stay', 'loiter')) return 'stays';
  if (does('approach')) return 'approaches';
  if (enters) return 'enters';
  if (crosses) return 'crosses';
  return does('appear', 'come') ? 'appears' : 'present';
}

/** A direction says it all: whoever moves so is told of once. */
function headed({ forMs, count, negated, meanings }: Parsed, refuse: Refuse): Relation {
  if (forMs !== undefined || count || negated || meanings.includes('stay'))
    throw refuse('of what moves in a direction no number, length of time or absence can be asked');
  return 'moves';
}

function specialRelation(parsed: Parsed, subject: RuleSubject, refuse: Refuse): Relation {
  const { meanings, forMs, count, negated, direction } = parsed;
  if (parsed.size || parsed.heading) throw refuse('only a thing that is named has a size and a direction');
  if (count) throw refuse('a number can only be asked of objects');
  if (parsed.heard) return heardRelation(parsed, parsed.heard, refuse);
  if (subject.kind === 'light' || subject.kind === 'tamper') {
    if (negated) throw refuse('only a change of the light or the camera can be asked for, not its absence');
    if (subject.kind === 'light' && forMs !== undefined)
      throw refuse('only the moment at which the light changes can be told');
    return forMs === undefined ? 'appears' : 'stays';
  }
  if (meanings.includes('leave') || direction === 'out')
    throw refuse('what leaves must be named ("a person", "a car"): motion alone does not tell');
  if (negated || meanings.includes('rest') || meanings.includes('empty')) return 'absent';
  if (forMs !== undefined || meanings.includes('stay')) return 'stays';
  const comes = meanings.some(
    (meaning) => meaning === 'enter' || meaning === 'approach' || meaning === 'cross' || meaning === 'intrude',
  );
  if (comes || direction === 'in' || direction === 'through') return 'enters';
  return meanings.includes('appear') ? 'appears' : 'present';
}

const OF_SOUNDS: ReadonlySet<Meaning> = new Set(['appear', 'see', 'stay', 'rest'] as const);

function heardRelation(parsed: Parsed, { subject, silent, lasting, ended, together }: Heard, refuse: Refuse): Relation {
  const { meanings, forMs, subjects } = parsed;
  if (subjects.length > 0) throw refuse(`${quoted(subjects.map(({ word }) => word))} can't be asked for with a sound`);
  if (together) throw refuse("several sounds together can't be asked for: make an event of each");
  if (meanings.some((meaning) => !OF_SOUNDS.has(meaning))) throw refuse('a sound only begins, goes on and stops');
  if (subject.kind === 'microphone') return forMs === undefined ? 'appears' : 'stays';
  if (ended) return forMs === undefined ? 'leaves' : 'absent';
  const negated = parsed.negated || silent;
  const stops = meanings.includes('rest');
  if (negated) {
    if (stops) throw refuse('did not understand whether it is there or not');
    return 'absent';
  }
  if (stops) return forMs === undefined ? 'leaves' : 'absent';
  if (forMs !== undefined || lasting || meanings.includes('stay')) return 'stays';
  return meanings.includes('appear') ? 'appears' : 'present';
}
