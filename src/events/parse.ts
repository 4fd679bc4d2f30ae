import type { Direction, Rule, RulePart, RuleSubject } from '#domain';
import { takeColour } from './colours.ts';
import { takeHeading } from './headings.ts';
import { takePlaces, takeRemainingPlace } from './places.ts';
import { takeCount, takeDuration, takeSize, takeWindows } from './quantities.ts';
import { type Heard, takeHeard } from './sound.ts';
import { type Named, takeSpecial, takeSubjects } from './subjects.ts';
import { Sentence } from './tokens.ts';
import {
  ADVERBS,
  FILLERS,
  INWARD,
  LEAD_INS,
  LIGHTS,
  type Meaning,
  meaningOf,
  NEGATIONS,
  OUTWARD,
  THROUGH,
} from './words.ts';
import type { Place } from './zones.ts';

/** What was found in a prompt, before it is checked whether it makes a rule. */
export interface Parsed {
  forMs?: number;
  count?: NonNullable<Rule['count']>;
  places: Place[];
  subjects: Named[];
  /** Of what is named. */
  colour?: string;
  size?: NonNullable<RulePart['size']>;
  windows?: NonNullable<RulePart['windows']>;
  /** Where it moves: "to the left", "towards the camera". */
  heading?: Direction;
  special?: Exclude<RuleSubject, { kind: 'object' | 'parts' }>;
  /** It listens; `special` is then the sound, or the microphone. */
  heard?: Heard;
  meanings: Meaning[];
  /** `in`: "walks into"; `out`: "walks away"; `through`: "walks across". */
  direction?: 'in' | 'out' | 'through';
  negated: boolean;
  /** Things named are joined by "and" or by "or". */
  conjunction?: 'and' | 'or';
  /** Words that no part of the grammar took. */
  leftover: string[];
}

/**
 * Takes a prompt apart: sounds when it `mayListen`, duration, number, places, things, then what they do. Every part takes
 * its words.
 */
export function parse(prompt: string, zones: readonly string[], mayListen = true): Parsed {
  const sentence = new Sentence(prompt);
  const heard = mayListen ? takeHeard(sentence) : undefined;
  const forMs = takeDuration(sentence);
  while (LEAD_INS.has(sentence.rest()[0]?.word ?? '')) sentence.take(sentence.rest()[0]?.at ?? 0);
  const colour = heard ? undefined : takeColour(sentence);
  const size = heard ? undefined : takeSize(sentence);
  const windows = takeWindows(sentence);
  const heading = heard ? undefined : takeHeading(sentence);
  const count = takeCount(sentence);
  const places = takePlaces(sentence, zones);
  const subjects = takeSubjects(sentence);
  const direction = heard ? undefined : directionOf(sentence);
  const meanings = takeMeanings(sentence, direction !== undefined || heading !== undefined);
  const special = heard?.subject ?? takeSpecial(sentence, meanings, subjects.length > 0);
  const negated = sentence.words.some((word) => NEGATIONS.has(word));
  sentence.takeAll(NEGATIONS);
  const joined = sentence.takeAll(FILLERS);
  const nobodyNamed = subjects.length === 0 && !heard;
  if (places.length === 0) places.push(...takeRemainingPlace(sentence, zones, meanings, nobodyNamed));
  return {
    ...(forMs === undefined ? {} : { forMs }),
    ...(count === undefined ? {} : { count }),
    places,
    subjects,
    ...(colour === undefined ? {} : { colour }),
    ...(size ? { size } : {}),
    ...(windows ? { windows } : {}),
    ...(heading ? { heading } : {}),
    ...(special ? { special } : {}),
    ...(heard ? { heard } : {}),
    meanings,
    ...(direction ? { direction } : {}),
    negated,
    ...(joined.includes('or') ? { conjunction: 'or' } : joined.includes('and') ? { conjunction: 'and' } : {}),
    leftover: sentence.rest().map(({ word }) => word),
  };
}

const MOVEMENTS: ReadonlySet<Meaning | undefined> = new Set(['travel', 'come', 'run', 'move'] as const);

/** Where a movement leads, by the word after it; lights that "go off" don't move. */
function directionOf({ words }: Sentence): Parsed['direction'] {
  if (words.some((word) => LIGHTS.has(word))) return undefined;
  for (const [i, word] of words.entries()) {
    const meaning = meaningOf(word);
    if (!MOVEMENTS.has(meaning)) continue;
    const at = ADVERBS.has(words[i + 1] ?? '') ? i + 2 : i + 1;
    const next = words[at] ?? '';
    const goesIn = next === 'in' && (meaning === 'come' || at === words.length - 1);
    if (INWARD.has(next) || goesIn || (meaning === 'come' && next === 'near')) return 'in';
    if (OUTWARD.has(next)) return 'out';
    if (THROUGH.has(next)) return 'through';
  }
  return undefined;
}

/** Running and the like can't be told from walking: such a word counts only as a movement that leads somewhere. */
function takeMeanings(sentence: Sentence, leads: boolean): Meaning[] {
  const found: Meaning[] = [];
  for (const { at, word } of sentence.rest()) {
    const meaning = meaningOf(word);
    if (!meaning || (meaning === 'run' && !leads)) continue;
    found.push(meaning);
    sentence.take(at);
  }
  if (leads) sentence.takeAll(ADVERBS);
  return found;
}
