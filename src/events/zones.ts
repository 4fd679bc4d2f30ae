import { nearlyTheSame, singular } from '#domain';

export interface Place {
  name: string;
  /** False when no zone of that name is known. */
  known: boolean;
}

/** Words that say "a place" without saying which: "the loading area" is the zone "loading". */
const GENERIC = new Set(['the', 'area', 'zone', 'region', 'spot', 'place', 'of']);
const ARTICLES = new Set(['a', 'an', 'my', 'our']);

/** The zone whose name is the phrase, but for case, plurals, articles, spaces, words such as "area" and one slip of the keyboard. */
export function sameZone(phrase: string, zones: readonly string[]): string | undefined {
  const wanted = wordsOf(phrase);
  if (wanted.length === 0) return undefined;
  const known = zones.map((name) => ({ name, words: wordsOf(name) }));
  const same =
    known.find(({ words }) => words.join('') === wanted.join('')) ??
    known.find(
      ({ words }) => words.length === wanted.length && words.every((word, i) => nearlyTheSame(word, wanted[i] ?? '')),
    );
  return same?.name;
}

const NEAR = String.raw`\b(?:in|at|on|near|by|inside|into|within|onto|through|across|outside)\s+(?:(?:the|a|my|our)\s+)?`;

/** The text without "in the yard", for the first zone that it names so; what is left would be nothing: all of it. */
export function withoutZone(text: string, zones: readonly string[]): { text: string; zone?: string } {
  for (const zone of zones) {
    const name = zone.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s+/g, '\\s+');
    const rest = text.replace(new RegExp(`${NEAR}${name}(?:\\s+(?:zone|area))?(?![\\p{L}\\p{N}])`, 'iu'), ' ');
    if (rest !== text && /\p{L}/u.test(rest)) return { text: rest, zone };
  }
  return { text };
}

/** `sameZone`, else the only zone whose words contain the phrase's or the other way round ("the loading dock" → "loading"). */
export function matchZone(phrase: string, zones: readonly string[]): string | undefined {
  const same = sameZone(phrase, zones);
  if (same !== undefined) return same;
  const wanted = wordsOf(phrase);
  const near = zones.filter((name) => {
    const words = wordsOf(name);
    return words.length > 0 && wanted.length > 0 && (within(words, wanted) || within(wanted, words));
  });
  return near.length === 1 ? near[0] : undefined;
}

function wordsOf(phrase: string): string[] {
  const all = phrase.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const words = ARTICLES.has(all[0] ?? '') ? all.slice(1) : [...all];
  const telling = words.filter((word) => !GENERIC.has(word));
  return (telling.length > 0 ? telling : words).map((word) => (word.length > 3 ? stem(word) : word));
}

function stem(word: string): string {
  const one = singular(word);
  return one === word ? word.replace(/(?<!s)s$/, '') : one;
}

function within(part: readonly string[], whole: readonly string[]): boolean {
  return part.every((word) => whole.some((other) => nearlyTheSame(word, other)));
}
