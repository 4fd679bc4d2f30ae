import { COLOUR_WORDS, isGibberish, isOtherThing, isSurrounding, labelsFor, meaningfulWords } from '#domain';
import { saysAspect } from './aspects.ts';
import type { Interest } from './index-plan.ts';

/** What a part of a prompt names. */
export interface Nouns {
  interests: Interest[];
  phrases: string[];
  /** Some of it is words. */
  known: boolean;
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** What stands after one of these says where something is. */
const WHERE = set(
  'in at near on onto against by around inside outside behind under above below beside to into from towards toward ' +
    'through across along within over off between',
);
const DETERMINERS = set(
  'a an the this that these those my our your their his her its any some each every all no another',
);
/** Between a thing and what tells it from others of its kind. */
const LINKS: ReadonlyMap<string, string> = new Map(
  'with=with without=with wearing=wearing wears=wearing wear=wearing carrying=carrying carries=carrying carry=carrying holding=holding holds=holding hold=holding pushing=pushing pushes=pushing pulling=pulling dragging=dragging lifting=lifting using=using driving=driving'
    .split(' ')
    .map((pair) => pair.split('=') as [string, string]), // Each pair has its sign.
);
/** Stand before a thing and are no part of its description. */
const NO_ADJECTIVES = set(
  'and or of is are was were be been being do does did has have had can could will would should may might must not no nor ' +
    'what which who whom whose where when why how if whether then than as so while there here it they he she we you i me ' +
    'describe detect find look watch monitor track count tell say list name report show read identify recognise recognize ' +
    'check note give return notice spot see search observe mention include summarise summarize explain alert notify log ' +
    'for about only just also please many much more most few several number amount kind type sort visible present ' +
    'other same different first last next new possible potential like such between during before after until ' +
    'someone anyone something anything nothing everything everyone everybody nobody one two three four five six ' +
    'seven eight nine ten focus especially particularly including e g etc vs happens happening happen',
);
/** The picture itself, and what is said of it. */
const OF_PICTURES = set(
  'camera cameras picture pictures image images photo photos video videos frame frames footage screen scene scenes view ' +
    'feed clip clips recording recordings shot shots detail details background foreground surveillance cctv json ' +
    'object objects thing things item items list lists label labels type types kind kinds way machine machines ' +
    'description summary caption element elements key keys string strings number numbers tool tools product products ' +
    'clothes clothing wear outfit area place places line lines record records bit set app page text box boxes part parts',
);
const MOST_ADJECTIVES = 2;

/** A word, or the end of a clause. */
type Word = string | undefined;

/** The things that a text names: those with labels of detectors, and phrases for those without. */
export function nounsOf(text: string): Nouns {
  const words: Word[] = [...text.toLowerCase().matchAll(/[\p{L}\p{N}]+(?:['-][\p{L}\p{N}]+)*|[.,;:!?()\n/]/gu)].map(
    ([word]) => (/^[\p{L}\p{N}]/u.test(word) ? word.replace(/'s$/, '') : undefined),
  );
  const interests: Interest[] = [];
  const phrases: string[] = [];
  for (let at = 0; at < words.length; ) {
    const noun = nounAt(words, at);
    if (noun && (noun.interest || noun.phrase)) {
      const details = detailsOf(words, noun);
      if (noun.interest) interests.push(noun.interest);
      if (details.phrases.length === 0 && noun.phrase) phrases.push(noun.phrase);
      phrases.push(...details.phrases);
      at = details.end;
    } else at = noun?.end ?? at + 1;
  }
  return { interests, phrases, known: isWords(text) };
}

interface Noun {
  end: number;
  /** What a phrase calls it. */
  name: string;
  interest?: Interest;
  /** Without a label: with the words that describe it. */
  phrase?: string;
}

/** The thing at the position; neither interest nor phrase when it only says where something is. */
function nounAt(words: readonly Word[], at: number): Noun | undefined {
  for (const length of [3, 2, 1]) {
    const parts = words.slice(at, at + length);
    if (parts.length < length || parts.includes(undefined)) continue;
    const word = parts.join(' ');
    const labels = labelsFor(word);
    if (labels.length > 0 && !(length === 1 && COLOUR_WORDS.includes(word)))
      return {
        end: at + length,
        name: labels[0] && labels.length === 1 ? labels[0] : word,
        interest: { word, labels: [...labels] },
      };
  }
  const word = words[at];
  if (word === undefined || NO_ADJECTIVES.has(word) || saysAspect(word) || OF_PICTURES.has(word)) return undefined;
  const around = isSurrounding(word);
  if (!around && !isOtherThing(word)) return undefined;
  const end = compoundEnd(words, at);
  const adjectives = adjectivesBefore(words, at);
  const before = at - adjectives.length - 1;
  const where = placedBy(words, before);
  if (where || (around && end === at + 1 && adjectives.length === 0)) return { end, name: word };
  const name = words.slice(at, end).join(' ');
  return { end, name, phrase: [...adjectives, name].join(' ') };
}

/** "fire extinguisher": things that follow each other are one. */
function compoundEnd(words: readonly Word[], at: number): number {
  let end = at + 1;
  for (let word = words[end]; word !== undefined && isThing(word); word = words[end]) end += 1;
  return end;
}

function isThing(word: string): boolean {
  return (isOtherThing(word) || isSurrounding(word)) && !saysAspect(word) && !OF_PICTURES.has(word);
}

function adjectivesBefore(words: readonly Word[], at: number): string[] {
  const found: string[] = [];
  for (let i = at - 1; found.length < MOST_ADJECTIVES; i -= 1) {
    const word = words[i];
    if (word === undefined || isEmpty(word) || /(?:ly|\d)$/.test(word)) break;
    found.unshift(word);
  }
  return found;
}

/** Says nothing of the thing after it. */
function isEmpty(word: string): boolean {
  return (
    DETERMINERS.has(word) || WHERE.has(word) || NO_ADJECTIVES.has(word) || LINKS.has(word) || labelsFor(word).length > 0
  );
}

function placedBy(words: readonly Word[], before: number): boolean {
  let at = before;
  while (DETERMINERS.has(words[at] ?? '')) at -= 1;
  return WHERE.has(words[at] ?? '');
}

/** "a person with a safety vest", "workers wearing helmets and vests": what follows has no label of its own. */
function detailsOf(words: readonly Word[], { name, end }: Noun): { phrases: string[]; end: number } {
  const link = linkAt(words, end);
  const phrases: string[] = [];
  let reached = end;
  let next = link?.end;
  while (link && next !== undefined) {
    const what = whatAt(words, next);
    if (!what) break;
    phrases.push(`${name} ${link.word} ${what.name}`);
    reached = what.end;
    next = /^(?:and|or)$/.test(words[reached] ?? '') ? reached + 1 : undefined;
  }
  return { phrases, end: reached };
}

/** A thing without a label, with its adjectives and an article. */
function whatAt(words: readonly Word[], start: number): { name: string; end: number } | undefined {
  const article = DETERMINERS.has(words[start] ?? '');
  const from = article ? start + 1 : start;
  let at = from;
  const describes = (word: Word) => word !== undefined && !isThing(word) && !isEmpty(word);
  while (at < from + MOST_ADJECTIVES && describes(words[at])) at += 1;
  const thing = words[at] ?? '';
  if (!isThing(thing) || labelsFor(thing).length > 0) return undefined;
  const end = compoundEnd(words, at);
  const name = words.slice(from, end).join(' ');
  return { name: article || !name.endsWith('s') ? `${articleFor(name)} ${name}` : name, end };
}

const WORN = /^(?:vests?|jackets?|coats?|uniforms?|hoodies?|suits?|masks?|shirts?|helmets?|overalls|gowns?|robes?)$/;

function linkAt(words: readonly Word[], from: number): { word: string; end: number } | undefined {
  let at = from;
  while (/^(?:who|that|is|are|which|not)$/.test(words[at] ?? '')) at += 1;
  const word = LINKS.get(words[at] ?? '');
  if (word) return { word, end: at + 1 };
  const worn = words.slice(at + 1, at + 5).some((next) => WORN.test(next ?? ''));
  return words[at] === 'in' && worn ? { word: 'in', end: at + 1 } : undefined;
}

function articleFor(what: string): string {
  return /^[aeiou]/.test(what) ? 'an' : 'a';
}

/** Not only keys that were hit. */
function isWords(text: string): boolean {
  const words = meaningfulWords(text);
  return words.length === 0 || words.some((word) => /\p{L}/u.test(word) && !isGibberish(word));
}
