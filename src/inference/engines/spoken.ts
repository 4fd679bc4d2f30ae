import { LogitsProcessor, type Tensor } from '@huggingface/transformers';

/** Notes how sure the model is of each token that it writes. */
export class Spoken extends LogitsProcessor {
  /** Where in the sequence the first of them stands. */
  begin = 0;
  #scores: { all: Float32Array; logSum: number }[] = [];
  #chosen: number[] = [];

  override _call(ids: bigint[][], logits: Tensor): Tensor {
    const [sequence = []] = ids;
    if (this.begin === 0) this.begin = sequence.length;
    this.#note(sequence.at(-1));
    // Logits are floats: the library made them so.
    const all = logits.data as Float32Array;
    const largest = largestOf(all);
    let sum = 0;
    for (const score of all) if (score > largest - 16) sum += Math.exp(score - largest);
    this.#scores.push({ all, logSum: largest + Math.log(sum) });
    return logits;
  }

  sum(sequence: readonly number[]): { mean: number; tokens: number } {
    this.#note(sequence.at(-1));
    const tokens = this.#chosen.length;
    return { tokens, mean: tokens === 0 ? 0 : this.#chosen.reduce((sum, one) => sum + one, 0) / tokens };
  }

  /** The token that was chosen by the scores seen last: only one vocabulary of scores is kept at a time. */
  #note(token: bigint | number | undefined): void {
    const scores = this.#scores.pop();
    if (!scores || token === undefined) return;
    const score = (scores.all[Number(token)] ?? 0) - scores.logSum;
    // What another rule forbade after we looked has no score any more.
    if (Number.isFinite(score)) this.#chosen.push(score);
  }
}

/** Throws when there is none: what such a model says is worth nothing. */
export function largestOf(scores: Float32Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const score of scores) {
    if (score > largest) largest = score;
    else if (Number.isNaN(score)) throw new Error("the model's answer is not a number");
  }
  if (Number.isFinite(largest)) return largest;
  throw new Error("the model's answer is not a number");
}
