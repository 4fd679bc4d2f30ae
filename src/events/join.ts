import type { RulePart } from '#domain';
import { type Clause, clauseOf, eachOf } from './part.ts';
import type { Refuse } from './relations.ts';
import { meaningOf, NEGATIONS } from './words.ts';

/** The clauses of a prompt that has several, and how they belong together. */
export interface Joined {
  join: 'all' | 'any';
  clauses: Clause[];
  /** Why no rule can be all that. */
  problem?: string;
}

const CONNECTOR =
  /(?:,\s*|\s+)(and|or|while|whilst|when|whenever|if|but|as long as|unless|without)\s+(?=(?:[^"“”]*["“][^"“”]*["”])*[^"“”]*$)/i;
const MOST_CONNECTORS = 4;
const LEADS = /^(?:either|both|then|also|at the same time)\s+/i;
/** An order, not something that is heard. */
const ORDER =
  /^\s*(?:please\s+)?(?:(?:raise|sound|trigger|send|give|ring)\s+)?(?:me\s+)?(?:an?\s+|the\s+)?alarms?\s*(?:me|us)?\s*$/i;
/** "… but not a dog", "… while nobody is there". */
const THERE = /\bthere\s*[.!?]?$/i;
const BE = /\b(?:is|are|was|were|isn't|aren't|there)\b/i;

interface Segment {
  text: string;
  /** What it is joined by to the one before. */
  by: string;
}

/** Undefined when the prompt is one clause, or when a part of it is none by itself. */
export function joinedIn(prompt: string, zones: readonly string[], refuse: Refuse): Joined | undefined {
  const segments = segmentsOf(prompt);
  if (segments.length < 2 || segments.length > MOST_CONNECTORS + 1) return undefined;
  const read = new Reader(zones, refuse);
  const found = read.clauses(segments, 0, undefined) ?? [];
  if (found.length < 2) return together(prompt, zones, refuse);
  if (isOneKind(found)) return undefined;
  const ways = new Set(found.slice(1).map(({ by }) => (by === 'or' ? 'any' : 'all')));
  const clauses = shared(found);
  const join = ways.has('any') ? 'any' : 'all';
  const mixed = ways.size > 1 ? 'it joins with "or" and with "and": make an event of each' : undefined;
  const problem = mixed ?? (join === 'all' ? contraryIn(clauses) : undefined);
  return { join, clauses, ...(problem === undefined ? {} : { problem }) };
}

/** "A siren or an alarm", "covered, blurred or moved": one rule is about either. */
function isOneKind(found: readonly Found[]): boolean {
  const [first, ...rest] = found;
  const kind = first?.clause.subject.kind;
  return (
    kind !== 'object' && rest.every(({ by, clause }) => by === 'or' && clause.subject.kind === kind && !clause.not)
  );
}

function together(prompt: string, zones: readonly string[], refuse: Refuse): Joined | undefined {
  try {
    const clauses = eachOf(prompt, zones, refuse);
    return clauses.length > 1 ? { join: 'all', clauses } : undefined;
  } catch {
    return undefined; // The whole prompt says better why.
  }
}

function segmentsOf(prompt: string): Segment[] {
  const [first = '', ...rest] = prompt.split(CONNECTOR);
  const segments: Segment[] = [{ text: first, by: '' }];
  for (let i = 0; i < rest.length; i += 2)
    segments.push({ text: rest[i + 1] ?? '', by: (rest[i] ?? '').toLowerCase() });
  return segments;
}

interface Found {
  text: string;
  by: string;
  clause: Clause;
  /** It has no subject of its own. */
  borrows: boolean;
}

class Reader {
  readonly #zones: readonly string[];
  readonly #refuse: Refuse;
  readonly #known = new Map<string, Clause | undefined>();

  constructor(zones: readonly string[], refuse: Refuse) {
    this.#zones = zones;
    this.#refuse = refuse;
  }

  /** As many clauses as there can be from the segment on. */
  clauses(segments: readonly Segment[], from: number, before: Found | undefined): Found[] | undefined {
    if (from === segments.length) return [];
    let text = '';
    for (let at = from; at < segments.length; at += 1) {
      const { text: more = '', by = '' } = segments[at] ?? {};
      text = at === from ? more : `${text} ${by} ${more}`;
      const found = this.#found(text, segments[from]?.by ?? '', before);
      const rest = found && this.clauses(segments, at + 1, found);
      if (found && rest) return [found, ...rest];
    }
    return undefined;
  }

  #found(raw: string, by: string, before: Found | undefined): Found | undefined {
    const text = by === 'without' ? `no ${raw}` : raw.replace(LEADS, '');
    const own = this.#clause(text);
    if (own) return { text, by, clause: by === 'unless' ? reversed(own) : affirmed(own), borrows: false };
    const subject = by === 'or' && before && startsWithVerb(text) ? subjectOf(before.text) : undefined;
    const lent = subject === undefined ? undefined : this.#clause(`${subject} ${text}`);
    return lent && { text: `${subject} ${text}`, by, clause: affirmed(lent), borrows: true };
  }

  #clause(text: string): Clause | undefined {
    const known = this.#known.get(text);
    if (known || this.#known.has(text)) return known;
    const clause = ORDER.test(text) ? undefined : clauseOf(text, this.#zones, this.#refuse);
    this.#known.set(text, clause);
    return clause;
  }
}

/** That something isn't there is not that it is. */
function affirmed(clause: Clause): Clause {
  return clause.relation === 'absent' && clause.forMs === undefined
    ? { ...clause, relation: 'present', not: true }
    : clause;
}

function reversed(clause: Clause): Clause {
  const { not, ...own } = affirmed(clause);
  return not ? own : { ...own, not: true };
}

function startsWithVerb(text: string): boolean {
  return meaningOf(text.trim().toLowerCase().split(/\s+/)[0] ?? '') !== undefined;
}

/** What stands before the first verb. */
function subjectOf(text: string): string | undefined {
  const words = text.trim().split(/\s+/);
  const verb = words.findIndex((word, i) => i > 0 && (meaningOf(word.toLowerCase()) !== undefined || BE.test(word)));
  return verb > 0 ? words.slice(0, verb).join(' ') : undefined;
}

/** "there", and a clause without a verb, are where the one before is; a verb that stands alone has the next one's place. */
function shared(found: readonly Found[]): Clause[] {
  return found.map(({ clause, text }, i) => {
    if (clause.place) return clause;
    const next = found[i + 1];
    const place = next?.borrows
      ? next.clause.place
      : i > 0 && (THERE.test(text) || isElliptic(text))
        ? found.slice(0, i).findLast((one) => one.clause.place)?.clause.place
        : undefined;
    return place ? { ...clause, place } : clause;
  });
}

function isElliptic(text: string): boolean {
  const words = text.toLowerCase().split(/\s+/);
  return words.some((word) => NEGATIONS.has(word)) && !BE.test(text) && !words.some((word) => meaningOf(word));
}

/** What can't be so at once. */
function contraryIn(clauses: readonly Clause[]): string | undefined {
  for (const [i, one] of clauses.entries()) {
    for (const other of clauses.slice(i + 1)) {
      const [here, there] = [isThere(one), isThere(other)];
      if (here !== undefined && there === !here && keyOf(one) === keyOf(other))
        return 'it asks for something and for its contrary at once';
      if (one.subject.kind === 'light' && other.subject.kind === 'light')
        return 'the lights can\'t go on and off at once: join the two by "or"';
    }
  }
  return undefined;
}

function keyOf({ subject, colour, size, place }: Clause): string {
  return JSON.stringify([{ ...subject, name: '' }, colour, size, place?.name]);
}

const LASTING: ReadonlySet<RulePart['relation']> = new Set(['present', 'stays', 'count'] as const);

/** Whether it asks for something to be there, or not to be; undefined where it asks for a moment. */
function isThere({ not, relation, count }: Clause): boolean | undefined {
  if (relation === 'absent') return not === true;
  if (!LASTING.has(relation)) return undefined;
  const fewer = count !== undefined && (count.op === '<' || count.op === '<=');
  return fewer ? undefined : not !== true;
}
