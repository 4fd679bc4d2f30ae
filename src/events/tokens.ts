import { labelsFor, rootOf } from '#domain';
import { COMPARISONS, PHRASES } from './phrases.ts';

/** A prompt as words, each of which a part of the grammar may take; what nobody takes was not understood. */
export class Sentence {
  readonly words: readonly string[];
  /** What each of them has in common with its other forms. */
  readonly roots: readonly string[];
  readonly #taken: boolean[];

  constructor(prompt: string) {
    this.words = rewrite(split(prompt));
    this.roots = this.words.map((word) => rootOf(word));
    this.#taken = this.words.map(() => false);
  }

  /** The word at the position when nobody has taken it. */
  free(i: number): string | undefined {
    return this.#taken[i] ? undefined : this.words[i];
  }

  take(from: number, to: number = from + 1): void {
    this.#taken.fill(true, from, to);
  }

  /** Takes every free word of the set and returns them. */
  takeAll(words: ReadonlySet<string>): string[] {
    const hits = this.rest().filter(({ word }) => words.has(word));
    for (const { at } of hits) this.take(at);
    return hits.map(({ word }) => word);
  }

  /** Positions and words that are still free, in order. */
  rest(): { at: number; word: string }[] {
    return this.words.flatMap((word, at) => (this.#taken[at] ? [] : [{ at, word }]));
  }

  /** The free words from the position on joined until one is taken; at most `length` words. */
  phrase(from: number, length: number): string | undefined {
    const words = Array.from({ length }, (_, i) => this.free(from + i));
    return words.includes(undefined) ? undefined : words.join(' ');
  }
}

const CONTRACTIONS: readonly (readonly [RegExp, string])[] = [
  [/[’`´]/g, "'"],
  [/\bcan't\b/g, 'can not'],
  [/\bwon't\b/g, 'will not'],
  [/n't\b/g, ' not'],
  [/\b(there|it|that|who|what|someone|somebody|anyone|anybody|nobody|one)'s\b/g, '$1 is'],
  [/'re\b/g, ' are'],
  [/'(?:s|ve|d|ll|m)?(?=\s|$)/g, ' '],
];

/** Whom to tell is no part of what to look for. */
const ADDRESSEE =
  /\b(notify|alert|tell|warn|inform|message|email|text|call)\s+(?:the\s+|my\s+|our\s+)?(?:owners?|staff|team|security|users?|guards?|managers?|everyone|admins?|police|operators?)\s+(?=when|if|that|about|as soon|once|of)/g;
/** "the neighbour's cat" is a cat. */
const OWNER = /(?<=\b(?:the|my|our|your|his|her|a|an)\s+)\p{L}+['’]s?\s+(\p{L}+)/gu;
/** "someone left a bag" is about the bag. */
const LEFT_BEHIND =
  /\b(?:someone|somebody|anyone|anybody|people|(?:a|the) (?:person|man|woman|visitor|customer|passenger))\s+(?:has |have |had )?(?:left|leaves|leave|forgets?|forgot|abandons?|abandoned|drops?|dropped)\s+(?:behind\s+)?(?:an?|his|her|their|some|any|the)\s+((?:\p{L}+\s?){1,3})/gu;

function split(prompt: string): string[] {
  let text = prompt
    .toLowerCase()
    .replace(ADDRESSEE, '$1 me ')
    .replace(OWNER, (all: string, owned: string) => (labelsFor(owned).length > 0 ? owned : all))
    .replace(LEFT_BEHIND, (all: string, named: string) => leftBehind(named) ?? all);
  for (const [pattern, replacement] of CONTRACTIONS) text = text.replace(pattern, replacement);
  for (const [sign, words] of COMPARISONS) text = text.replaceAll(sign, ` ${words} `);
  return (
    text
      .replace(/(\d)\s*\+/g, ' at least $1')
      .match(/\d+(?:\.\d+)?|[\p{L}][\p{L}\p{N}]*/gu)
      ?.slice() ?? []
  );
}

/** The thing that comes first, if it is one that can be left behind. */
function leftBehind(words: string): string | undefined {
  const parts = words.trim().split(' ');
  for (const [from, to] of [
    [0, 2],
    [0, 1],
    [1, 3],
    [1, 2],
  ] as const) {
    const labels = labelsFor(parts.slice(from, to).join(' '));
    if (labels.length === 0 || labels.includes('person')) continue;
    return [...parts.slice(0, to), 'is abandoned', ...parts.slice(to), ''].join(' ');
  }
  return undefined;
}

function rewrite(words: string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < words.length; ) {
    const hit = PHRASES.find(([from]) => from.every((word, k) => words[i + k] === word));
    if (hit) out.push(...hit[1]);
    else out.push(words[i] ?? '');
    i += hit ? hit[0].length : 1;
  }
  return out;
}
