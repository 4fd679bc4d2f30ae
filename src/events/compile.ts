import { type Relation, type Rule, type RuleSubject, singular, tellingWords } from '#domain';
import { Fault, isFault } from '#runtime';
import { isNoise, nonsenseIn } from './nonsense.ts';
import { type Parsed, parse } from './parse.ts';
import type { Heard } from './sound.ts';
import { speechIn } from './speech.ts';
import type { Named } from './subjects.ts';
import { takeTimes } from './times.ts';
import { understood } from './understood.ts';
import { DETERMINERS, LEAD_INS, type Meaning } from './words.ts';
import { type Place, withoutZone } from './zones.ts';

/** "stays", "loiters", "is parked" without a time. */
const DEFAULT_STAY_MS = 60_000;
const LONGEST_PROMPT = 500;

/** More words than this and a description never has most of them. */
const MOST_TELLING_WORDS = 12;

/**
 * The rule for any prompt: the one that it stands for, or else one that looks for its words in what an index says.
 * Throws `invalid` when there is no word in it to look for, or when it contradicts itself.
 */
export function ruleFor(prompt: string, context: { zones: readonly string[] }): Rule {
  try {
    return compileRule(prompt, context);
  } catch (error) {
    const { rest, during, problem } = takeTimes(prompt);
    const { text, zone } = withoutZone(rest, context.zones);
    const words = tellingWords(text).slice(0, MOST_TELLING_WORDS);
    if (!isFault(error, 'invalid') || words.length === 0 || problem || nonsenseIn(rest)) throw error;
    if (isNoise(rest)) throw refusal(`no word of it is known: ${quoted(words)}`, context.zones);
    const place = zone === undefined ? undefined : { name: zone, known: true };
    const subject = { kind: 'text', words, sentence: sentenceOf(text) } as const;
    return complete({ version: 2, subject, relation: 'present' }, place, during);
  }
}

/** What the prompt says is to be seen, without the order to look for it. */
function sentenceOf(prompt: string): string {
  const words = prompt
    .trim()
    .replace(/[\s.!?]+$/, '')
    .split(/\s+/);
  const bare = (word: string) => word.toLowerCase().replace(/[,:]$/, '');
  let from = 0;
  while (LEAD_INS.has(bare(words[from] ?? ''))) from += 1;
  if (from > 0 && DETERMINERS.has(bare(words[from - 1] ?? ''))) from -= 1;
  return words.slice(from < words.length ? from : 0).join(' ');
}

/**
 * The rule that a plain-English prompt stands for. A place that is no known zone is kept by name: cameras that have
 * such a zone watch it, others the whole picture. Throws `invalid` saying which words were not understood, what is
 * needed and three prompts that work.
 */
export function compileRule(prompt: string, context: { zones: readonly string[] }): Rule {
  const refuse = (reason: string) => refusal(reason, context.zones);
  if (prompt.length > LONGEST_PROMPT) throw refuse(`it is longer than ${LONGEST_PROMPT} characters`);
  const { rest, during, problem } = takeTimes(prompt);
  const contrary = nonsenseIn(rest) ?? problem;
  if (contrary !== undefined) throw refuse(contrary);
  const spoken = speechIn(rest, context.zones);
  if (spoken) return complete({ version: 2, subject: spoken.subject, relation: 'present' }, spoken.place, during);
  const parsed = parse(rest, context.zones);
  try {
    return ruleOf(parsed, during, refuse);
  } catch (error) {
    if (!parsed.heard) throw error;
    // What sounds like a sound may have been something to see ("alarm me when …").
    return orElse(error, () => ruleOf(parse(rest, context.zones, false), during, refuse));
  }
}

function orElse(error: unknown, attempt: () => Rule): Rule {
  try {
    return attempt();
  } catch {
    throw error;
  }
}

function ruleOf(parsed: Parsed, during: Rule['during'], refuse: Refuse): Rule {
  if (parsed.leftover.length > 0) throw refuse(`did not understand ${quoted(parsed.leftover)}`);
  const subject = parsed.special ?? objectOf(parsed, refuse);
  const relation = relationOf(parsed, subject, refuse);
  if (parsed.colour !== undefined && subject.kind !== 'object') throw refuse('only a thing that is named has a colour');
  const place = placeOf(parsed, refuse);
  const lasting = relation === 'stays' || (relation === 'count' && parsed.meanings.some((m) => m === 'stay'));
  const forMs = parsed.forMs ?? (lasting ? DEFAULT_STAY_MS : undefined);
  const rule = {
    version: 2,
    subject,
    relation,
    ...(forMs === undefined ? {} : { forMs }),
    ...(parsed.colour === undefined ? {} : { colour: parsed.colour }),
    ...(relation === 'count' && parsed.count ? { count: parsed.count } : {}),
  } as const;
  // To come through the whole picture is to come into it.
  const through = relation === 'crosses' && place === undefined;
  return complete(through ? { ...rule, relation: 'enters' } : rule, place, during);
}

/** Lights, the camera and its microphone have no part that is in a place. */
function complete(
  draft: Omit<Rule, 'needs' | 'understood' | 'zone' | 'during'>,
  place: Place | undefined,
  during: Rule['during'],
): Rule {
  const hasPlace = draft.subject.kind === 'object' || draft.subject.kind === 'motion';
  const rule = { ...draft, ...(place && hasPlace ? { zone: place.name } : {}), ...(during ? { during } : {}) };
  return { ...rule, needs: needsOf(draft.subject), understood: understood(rule, place ? [place] : []) };
}

function needsOf(subject: RuleSubject): string[] {
  if (subject.kind === 'object') return ['object-detection'];
  if (subject.kind === 'speech') return ['speech-recognition'];
  return subject.kind === 'sound' && subject.labels.length > 0 ? ['sound-classification'] : [];
}

type Refuse = (reason: string) => Fault;

function refusal(reason: string, zones: readonly string[]): Fault {
  const place = zones[0] ?? 'loading zone';
  return new Fault(
    'invalid',
    `prompt: ${reason}. A rule says what to look for (a person, a vehicle, an animal or another known object, motion, ` +
      'the lights, the camera itself, a sound, something said) and what it does (enters, leaves, appears, stays for a time, is absent, how many). ' +
      `These work: "someone enters the ${place}", "a car stays for more than 30 seconds", "the camera is covered"`,
  );
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(', ');
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

function relationOf(parsed: Parsed, subject: RuleSubject, refuse: Refuse): Relation {
  const { meanings, forMs, count, negated } = parsed;
  const does = (...wanted: Meaning[]) => wanted.some((meaning) => meanings.includes(meaning));
  if (subject.kind !== 'object') return specialRelation(parsed, subject, refuse);
  if (does('switch', 'cover', 'shift'))
    throw refuse('only the lights are switched, only the camera is covered or turned');
  const leaves = does('leave') || parsed.direction === 'out';
  const enters = does('enter', 'intrude') || parsed.direction === 'in';
  const crosses = does('cross') || parsed.direction === 'through';
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
  if (enters) return 'enters';
  if (crosses) return 'crosses';
  return does('appear', 'come') ? 'appears' : 'present';
}

function specialRelation(parsed: Parsed, subject: RuleSubject, refuse: Refuse): Relation {
  const { meanings, forMs, count, negated, direction } = parsed;
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
  const comes = meanings.some((meaning) => meaning === 'enter' || meaning === 'cross' || meaning === 'intrude');
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
