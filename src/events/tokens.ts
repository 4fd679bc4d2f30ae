import { COMPARISONS, PHRASES } from './words.ts';

/** A prompt as words, each of which a part of the grammar may take; what nobody takes was not understood. */
export class Sentence {
  readonly words: readonly string[];
  readonly #taken: boolean[];

  constructor(prompt: string) {
    this.words = rewrite(split(prompt));
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

function split(prompt: string): string[] {
  let text = prompt.toLowerCase();
  for (const [pattern, replacement] of CONTRACTIONS) text = text.replace(pattern, replacement);
  for (const [sign, words] of COMPARISONS) text = text.replaceAll(sign, ` ${words} `);
  return (
    text
      .replace(/(\d)\s*\+/g, ' at least $1')
      .match(/\d+(?:\.\d+)?|[\p{L}][\p{L}\p{N}]*/gu)
      ?.slice() ?? []
  );
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
