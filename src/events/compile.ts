import { type Rule, type RulePart, type RuleSubject, tellingWords } from '#domain';
import { Fault, isFault } from '#runtime';
import { affirmative } from './contrasts.ts';
import { type Joined, joinedIn } from './join.ts';
import { isNoise, nonsenseIn } from './nonsense.ts';
import { partOf } from './part.ts';
import { quoted } from './relations.ts';
import { takeTimes } from './times.ts';
import { understood } from './understood.ts';
import { DETERMINERS, LEAD_INS } from './words.ts';
import { type Place, withoutZone } from './zones.ts';

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
    const words = tellingWords(affirmative(text)).slice(0, MOST_TELLING_WORDS);
    if (!isFault(error, 'invalid') || words.length === 0 || problem || isContrary(rest, context.zones)) throw error;
    if (isNoise(rest)) throw refusal(`no word of it is known: ${quoted(words)}`, context.zones);
    const place = zone === undefined ? undefined : { name: zone, known: true };
    const subject = { kind: 'text', words, sentence: affirmative(sentenceOf(text)) } as const;
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
  const { zones } = context;
  const refuse = (reason: string) => refusal(reason, zones);
  if (prompt.length > LONGEST_PROMPT) throw refuse(`it is longer than ${LONGEST_PROMPT} characters`);
  const { rest, during, problem } = takeTimes(prompt);
  const contrary = nonsenseIn(rest) ?? problem;
  if (contrary !== undefined) throw refuse(contrary);
  const joined = joinedIn(rest, zones, refuse);
  if (joined?.problem !== undefined) throw refuse(joined.problem);
  if (joined) return ofParts(joined, during);
  const { place, ...draft } = partOf(rest, zones, refuse);
  return complete({ version: 2, ...draft }, place, during);
}

function ofParts({ join, clauses }: Joined, during: Rule['during']): Rule {
  const parts = clauses.map(({ place, not, ...part }) => ({
    ...located(part, place),
    ...(not ? { not } : {}),
  }));
  const subject = { kind: 'parts', join, parts } as const;
  const rule = { version: 2, subject, relation: 'present', ...(during ? { during } : {}) } as const;
  const places = clauses.map(({ place }) => place);
  const needs = [...new Set(parts.flatMap((part) => needsOf(part.subject)))];
  return { ...rule, needs, understood: understood(rule, places) };
}

function complete(
  draft: Omit<Rule, 'needs' | 'understood' | 'zone' | 'during'>,
  place: Place | undefined,
  during: Rule['during'],
): Rule {
  const rule = { ...draft, ...located(draft, place), ...(during ? { during } : {}) };
  return { ...rule, needs: needsOf(draft.subject), understood: understood(rule, [place]) };
}

/** Lights, the camera and its microphone have no part that is in a place. */
function located<Part extends RulePart>(part: Part, place: Place | undefined): Part {
  const hasPlace = part.subject.kind === 'object' || part.subject.kind === 'motion';
  return place && hasPlace ? { ...part, zone: place.name } : part;
}

function isContrary(text: string, zones: readonly string[]): boolean {
  const refuse = (reason: string) => refusal(reason, zones);
  return nonsenseIn(text) !== undefined || joinedIn(text, zones, refuse)?.problem !== undefined;
}

function needsOf(subject: RuleSubject): string[] {
  if (subject.kind === 'object') return ['object-detection'];
  if (subject.kind === 'speech') return ['speech-recognition'];
  return subject.kind === 'sound' && subject.labels.length > 0 ? ['sound-classification'] : [];
}

function refusal(reason: string, zones: readonly string[]): Fault {
  const place = zones[0] ?? 'loading zone';
  return new Fault(
    'invalid',
    `prompt: ${reason}. A rule says what to look for (a person, a vehicle, an animal or another known object, motion, ` +
      'the lights, the camera itself, a sound, something said) and what it does (enters, leaves, appears, stays for a time, is absent, how many). ' +
      `These work: "someone enters the ${place}", "a car stays for more than 30 seconds", "the camera is covered"`,
  );
}
