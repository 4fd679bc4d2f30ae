/** Nearness is told apart no finer than this: what is as good as equal comes newest first. */
const FINENESS = 256;

type Finalist<T> = { score: number; id: number; of: T };

/** Keeps the nearest of very many without sorting them all. Of those as good as equal the first offered are kept. */
export class Finalists<T> {
  readonly #limit: number;
  readonly #kept: Finalist<T>[] = [];
  /** What is less near need not be offered. */
  least: number = Number.NEGATIVE_INFINITY;

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(near: number, id: number, of: T): void {
    if (near < this.least) return;
    this.#kept.push({ score: Math.round(near * FINENESS), id, of });
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

  #cut(): void {
    if (this.#kept.length <= this.#limit) return;
    this.#kept.sort((a, b) => b.score - a.score || b.id - a.id).length = this.#limit;
    const worst = this.#kept.at(-1);
    if (worst) this.least = Math.max(this.least, (worst.score + 0.5) / FINENESS);
  }
}
