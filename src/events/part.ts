import { type RulePart, type RuleSubject, singular } from '#domain';
import { type Parsed, parse } from './parse.ts';
import { quoted, type Refuse, relationOf } from './relations.ts';
import { type Spoken, speechIn } from './speech.ts';
import type { Named } from './subjects.ts';
import type { Meaning } from './words.ts';
import type { Place } from './zones.ts';

/** "stays", "loiters", "is parked" without a time. */
const DEFAULT_STAY_MS = 60_000;

/** A rule without parts, or a part, and the place that it names. */
export interface Clause extends RulePart {
  place?: Place;
}

/** What a prompt, or a clause of it, stands for by itself; throws what `refuse` makes of the reason why it stands for nothing. */
export function partOf(text: string, zones: readonly string[], refuse: Refuse): Clause {
  const spoken = speechIn(text, zones);
  if (spoken) return ofSpoken(spoken);
  const parsed = parse(text, zones);
  try {
    return ofParsed(parsed, refuse);
  } catch (error) {
    if (!parsed.heard) throw error;
    // What sounds like a sound may have been something to see ("alarm me when …").
    return orElse(error, () => ofParsed(parse(text, zones, false), refuse));
  }
}

/** What the text stands for when it says both of what and what; undefined when it doesn't. */
export function clauseOf(text: string, zones: readonly string[], refuse: Refuse): Clause | undefined {
  try {
    const spoken = speechIn(text, zones);
    if (spoken) return ofSpoken(spoken);
    const parsed = parse(text, zones);
    // One word is no clause.
    if (!/\S\s+\S/.test(text.trim())) return undefined;
    if (parsed.leftover.length > 0) return parsed.heard ? partOf(text, zones, refuse) : undefined;
    const clause = ofParsed(parsed, refuse);
    return clause.subject.kind !== 'object' || isWhole(parsed, text) ? clause : undefined;
  } catch {
    return undefined;
  }
}

function ofSpoken({ subject, place }: Spoken): Clause {
  return { subject, relation: 'present', ...(place ? { place } : {}) };
}

const BE = /\b(?:is|are|was|were|isn't|aren't|there)\b/i;

function isWhole({ subjects, meanings, negated, places }: Parsed, text: string): boolean {
  return subjects.length > 0 && (meanings.length > 0 || negated || places.length > 0 || BE.test(text));
}

/** "A person and a dog are in the yard": each of them, where nothing but that keeps them from being one. */
export function eachOf(text: string, zones: readonly string[], refuse: Refuse): Clause[] {
  const parsed = parse(text, zones);
  const { subjects, conjunction } = parsed;
  if (conjunction !== 'and' || subjects.length < 2 || subjects.every(({ word }) => isPlural(word))) return [];
  return subjects.map((named) => ofParsed({ ...parsed, subjects: [named] }, refuse));
}

function orElse(error: unknown, attempt: () => Clause): Clause {
  try {
    return attempt();
  } catch {
    throw error;
  }
}

function ofParsed(parsed: Parsed, refuse: Refuse): Clause {
  const { colour, size, windows, heading } = parsed;
  if (parsed.leftover.length > 0) throw refuse(`did not understand ${quoted(parsed.leftover)}`);
  const subject = parsed.special ?? objectOf(parsed, refuse);
  const relation = relationOf(parsed, subject, refuse);
  if (colour !== undefined && subject.kind !== 'object') throw refuse('only a thing that is named has a colour');
  const place = placeOf(parsed, refuse);
  const lasting = relation === 'stays' || (relation === 'count' && parsed.meanings.some((m) => m === 'stay'));
  const forMs = parsed.forMs ?? (lasting ? DEFAULT_STAY_MS : undefined);
  // To come through the whole picture is to come into it.
  const through = relation === 'crosses' && place === undefined;
  return {
    subject,
    relation: through ? 'enters' : relation,
    ...(forMs === undefined ? {} : { forMs }),
    ...(colour === undefined ? {} : { colour }),
    ...(size ? { size } : {}),
    ...(windows ? { windows } : {}),
    ...(heading ? { direction: heading } : {}),
    ...(relation === 'count' && parsed.count ? { count: parsed.count } : {}),
    ...(place ? { place } : {}),
  };
}

function objectOf(parsed: Parsed, refuse: Refuse): RuleSubject {
  const named = parsed.subjects.length > 0 ? parsed.subjects : impliedPerson(parsed.meanings);
  if (named.length === 0) throw refuse('it does not say what to look for');
  if (named.length > 1 && parsed.conjunction === 'and' && !named.every(({ word }) => isPlural(word)))
    throw refuse(`${quoted(named.map(({ word }) => word))} together can't be asked for: make an event of each`);
  if (named.length > 1 && !parsed.conjunction)
    throw refuse(`did not understand how ${quoted(named.map(({ word }) => word))} belong together`);
  return {
    kind: 'object',
    name: [...new Set(named.map(({ word }) => nameOf(word)))].join(' or '),
    labels: [...new Set(named.flatMap(({ labels }) => labels))],
  };
}

const ABOUT_PEOPLE: ReadonlySet<Meaning> = new Set(['intrude', 'loiter', 'empty', 'stay'] as const);

/** Only people intrude and loiter; a desk that is empty or unattended lacks a person. */
function impliedPerson(meanings: readonly Meaning[]): Named[] {
  const implied = meanings.some((meaning) => ABOUT_PEOPLE.has(meaning));
  return implied ? [{ word: 'person', labels: ['person'] }] : [];
}

function isPlural(word: string): boolean {
  return singular(word) !== word || /^(?:people|men|women|children)$/.test(word);
}

function nameOf(word: string): string {
  return /^(?:people|anyone|anybody|somebody)$/.test(word) ? 'person' : singular(word);
}

function placeOf({ places }: Parsed, refuse: Refuse): Place | undefined {
  const known = places.filter((place) => place.known);
  const candidates = known.length > 0 ? known : places;
  if (candidates.length > 1)
    throw refuse(`${quoted(candidates.map(({ name }) => name))} are several places and a rule has one`);
  return candidates[0];
}
