/** What any picture of a camera may be called: a sentence must say more of it than these. */
const NEUTRAL = [
  'a photo',
  'a photo of a place',
  'an empty place with nothing in it',
  'a picture from a security camera',
  'a street outside',
  'a room inside',
  'a wall or a floor',
];

/** Words that say the contrary of each other; the first of the others stands for a word that is replaced. */
const CONTRARIES: readonly (readonly [words: string, others: string])[] = [
  ['messy untidy cluttered disordered disorganised disorganized chaotic', 'tidy'],
  ['tidy neat orderly organised organized', 'messy'],
  ['dirty stained muddy', 'clean'],
  ['clean spotless', 'dirty'],
  ['open opened ajar', 'closed'],
  ['closed shut', 'open'],
  ['full overflowing', 'empty'],
  ['empty bare', 'full'],
  ['crowded busy packed', 'deserted'],
  ['wet flooded', 'dry'],
  ['dry', 'wet'],
  ['broken damaged cracked smashed torn', 'intact'],
  ['intact whole', 'broken'],
  ['left', 'right'],
  ['right', 'left'],
  ['top', 'bottom'],
  ['bottom', 'top'],
  ['upper', 'lower'],
  ['lower', 'upper'],
  ['near beside', 'far from'],
  ['dark', 'bright'],
  ['bright', 'dark'],
  ['lying fallen', 'standing'],
  ['standing upright', 'lying'],
  ['missing absent', 'present'],
  ['locked', 'unlocked'],
  ['unlocked', 'locked'],
  ['without', 'with'],
];
/** Without grey and brown, of which everything has some in bad light. */
const COLOURS = ['red', 'orange', 'yellow', 'green', 'blue', 'purple', 'white', 'black'];
const CONTRARY = new Map(
  CONTRARIES.flatMap(([words, other]) => words.split(' ').map((word): [string, string] => [word, other])),
);
const DENIAL = /\b(?:is|are|was|were)(?:\s+not|n['’]t)\s+|\b(?:does|do|did|has|have)(?:\s+not|n['’]t)\s+|\bnot\s+/i;
const DENIED_STATE = /\b(is|are|was|were|looks?)(?:\s+not|n['’]t)\s+(\p{L}+)/giu;
const NONE = /\b(?:there (?:is|are) )?no\s+(?=\p{L})/iu;
/** Between two things, neither of which is enough. */
const BETWEEN =
  /^(.+?)\s+(?:(?:is|are|was|were|stands?|lies|lie|lying|standing)\s+)?(?:on|in|at|near|by|beside|under|over|above|below|behind|against|inside|outside|around|with|without)\s+(.+)$/i;

/**
 * What a picture may show instead of what the sentence says: its contrary, its parts alone, and what may be said of any
 * picture. A sentence is believed only as far as it fits better than all of these.
 */
export function contrastsOf(sentence: string): string[] {
  return [...new Set([...rivalsOf(sentence), ...NEUTRAL])];
}

/** Those of the sentence's own. */
export function rivalsOf(sentence: string): string[] {
  const rivals = [...contrariesOf(sentence), ...partsOf(sentence)];
  return [...new Set(rivals)].filter((other) => other.toLowerCase() !== sentence.toLowerCase());
}

/** "The gate is not closed" → "the gate is open": models of pictures and texts hardly read a "not". */
export function affirmative(sentence: string): string {
  return sentence.replace(DENIED_STATE, (all: string, verb: string, state: string) => {
    const contrary = CONTRARY.get(state.toLowerCase());
    return contrary === undefined ? all : `${verb} ${contrary}`;
  });
}

/** What says the contrary: another state, another side, another colour, the negation taken back. */
export function contrariesOf(sentence: string): string[] {
  const affirmed = [sentence.replace(DENIAL, (all) => (/^(?:is|are|was|were)/i.exec(all)?.[0] ?? '').concat(' '))];
  affirmed.push(sentence.replace(NONE, 'a '));
  const replaced = sentence
    .split(' ')
    .flatMap((word, at, words) =>
      othersThan(word.toLowerCase()).map((other) => [...words.slice(0, at), other, ...words.slice(at + 1)].join(' ')),
    );
  return [...affirmed.map((text) => text.replaceAll(/\s+/g, ' ').trim()), ...replaced];
}

function othersThan(word: string): string[] {
  const contrary = CONTRARY.get(word);
  if (contrary !== undefined) return [contrary];
  return COLOURS.includes(word) ? COLOURS.filter((other) => other !== word) : [];
}

/** "a forklift is near the ladder" is more than a forklift, and more than a ladder. */
function partsOf(sentence: string): string[] {
  const [, first = '', second = ''] = BETWEEN.exec(sentence) ?? [];
  return [first, second].filter((part) => part !== '');
}
