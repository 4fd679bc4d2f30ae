import { isGibberish, labelsFor, tellingWords } from '#domain';

const NUMBER = String.raw`(?:\d+|two|three|four|five|six|seven|eight|nine|ten)`;
const MORE = String.raw`(?:more than|at least|over|>=?|≥)\s*(${NUMBER})`;
const FEWER = String.raw`(?:fewer than|less than|at most|under|no more than|<=?|≤)\s*(${NUMBER})`;
const TWO_NUMBERS = new RegExp(`${MORE}.*\\b(?:and|but)\\s+${FEWER}|${FEWER}.*\\b(?:and|but)\\s+${MORE}`, 'i');
const FROM_TO = new RegExp(String.raw`\bbetween\s+${NUMBER}\s+and\s+${NUMBER}\s+(\p{L}+)(?:\s+(\p{L}+))?`, 'iu');
/** "there and not there", "enters and does not enter". */
const DENIED =
  /\b(\p{L}{3,}?)(?:e?s)?\s+(?:and|but)\s+(?:(?:is|are|does|do)\s+)?(?:not|n't|never|isn't|doesn't)\s+\1(?:e?s)?\b/iu;

/** "no people and more than 3 people". */
const NONE_AND_MANY = new RegExp(
  `\\bno\\s+(\\p{L}+)\\s+(?:and|but)\\s+(?:more than|at least|over)\\s+${NUMBER}\\s+\\1\\b`,
  'iu',
);

/** Why no rule at all can be made of a prompt, not even one that looks for its words; undefined when one can. */
export function nonsenseIn(prompt: string): string | undefined {
  if (TWO_NUMBERS.test(prompt)) return 'it asks for two numbers and a rule has one: make an event of each';
  const [, ...counted] = FROM_TO.exec(prompt) ?? [];
  if (!/^(?:an?|the|any|some)$/i.test(counted[0] ?? '') && counted.some((word) => labelsFor(word ?? '').length > 0))
    return 'it asks for a range of numbers and a rule has one ("at least", "at most"): make an event of each';
  const denied = DENIED.exec(prompt)?.[1] ?? NONE_AND_MANY.exec(prompt)?.[1];
  return denied === undefined ? undefined : `it asks for "${denied}" and for its contrary`;
}

/** Whether none of the words by which a prompt would be recognised is one: keys that were hit, or numbers alone. */
export function isNoise(prompt: string): boolean {
  const words = tellingWords(prompt);
  const shouted = prompt === prompt.toUpperCase();
  const abbreviations = new Set(
    shouted ? [] : (prompt.match(/\b[A-Z]{2,5}\b/g) ?? []).map((word) => word.toLowerCase()),
  );
  return words.every((word) => /^\p{N}+$/u.test(word) || (isGibberish(word) && !abbreviations.has(word)));
}
