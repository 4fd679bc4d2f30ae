/** Nearness is told apart no finer than this: what is as good as equal comes newest first. */
const FINENESS = 256;

type Finalist<T> = { score: number; id: number; of: T };

/** Estimates lie between these, or count as if they did. */
const [FARTHEST, NEAREST] = [-2 * FINENESS, 2 * FINENESS];

/** Keeps the nearest of very many without sorting them all. Of those as good as equal the first offered are kept. */
export class Finalists<T> {
  readonly #limit: number;
  readonly #counts = new Uint32Array(NEAREST - FARTHEST + 1);
  readonly #kept: Finalist<T>[] = [];
  /** With a better score than the least that counts. */
  #better = 0;
  #leastScore = FARTHEST;
  /** What is less near need not be offered. */
  least: number = Number.NEGATIVE_INFINITY;

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(near: number, id: number, of: T): void {
    if (near < this.least) return;
    const score = Math.min(NEAREST, Math.max(FARTHEST, Math.round(near * FINENESS)));
    this.#kept.push({ score, id, of });
    this.#count(score);
    if (this.#kept.length >= this.#limit * 4) this.#cut();
  }

  /** Ids by what they are of. */
  by(): Map<T, number[]> {
    this.#cut();
    const all = new Map<T, number[]>();
    for (const { id, of } of this.#kept) {
      const ids = all.get(of);
      if (ids) ids.push(id);
      else all.set(of, [id]);
    }
    return all;
  }

  #count(score: number): void {
    this.#counts[score - FARTHEST] = (this.#counts[score - FARTHEST] ?? 0) + 1;
    if (score > this.#leastScore) this.#better += 1;
    while (this.#better >= this.#limit) {
      this.#leastScore += 1;
      this.#better -= this.#counts[this.#leastScore - FARTHEST] ?? 0;
      this.least = (this.#leastScore - 0.5) / FINENESS;
    }
  }

  #cut(): void {
    if (this.#kept.length <= this.#limit) return;
    this.#kept.sort((a, b) => b.score - a.score || b.id - a.id).length = this.#limit;
    this.#leastScore = Math.max(this.#leastScore, (this.#kept.at(-1)?.score ?? FARTHEST) + 1);
    this.least = (this.#leastScore - 0.5) / FINENESS;
    this.#counts.fill(0);
    this.#better = 0;
    for (const { score } of this.#kept) this.#count(score);
  }
}
