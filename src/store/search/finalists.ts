/** Nearness is told apart no finer than this: what is as good as equal comes newest first. */
const FINENESS = 256;

/** Estimates lie between these, or count as if they did. */
const [FARTHEST, NEAREST] = [-2 * FINENESS, 2 * FINENESS];

/** Keeps the nearest of very many without sorting them. Of those as good as equal those with the greatest ids are kept. */
export class Finalists<T> {
  readonly #limit: number;
  readonly #counts = new Uint32Array(NEAREST - FARTHEST + 1);
  readonly #scores: Int16Array;
  readonly #ids: Float64Array;
  readonly #of: T[] = [];
  #kept = 0;
  /** With a better score than the least that counts. */
  #better = 0;
  #leastScore = FARTHEST;
  /** What is less near need not be offered. */
  least: number = Number.NEGATIVE_INFINITY;

  constructor(limit: number) {
    this.#limit = limit;
    this.#scores = new Int16Array(limit * 4);
    this.#ids = new Float64Array(limit * 4);
  }

  offer(near: number, id: number, of: T): void {
    if (near < this.least) return;
    const score = Math.min(NEAREST, Math.max(FARTHEST, Math.round(near * FINENESS)));
    this.#keep(this.#kept, score, id, of);
    this.#kept += 1;
    this.#count(score);
    if (this.#kept === this.#ids.length) this.#cut();
  }

  /** Ids by what they are of. */
  by(): Map<T, number[]> {
    this.#cut();
    const all = new Map<T, number[]>();
    for (const [n, of] of this.#of.slice(0, this.#kept).entries()) {
      const [ids, id] = [all.get(of), this.#ids[n] ?? 0];
      if (ids) ids.push(id);
      else all.set(of, [id]);
    }
    return all;
  }

  #keep(at: number, score: number, id: number, of: T): void {
    this.#scores[at] = score;
    this.#ids[at] = id;
    this.#of[at] = of;
  }

  #count(score: number): void {
    this.#counts[score - FARTHEST] = this.#countOf(score) + 1;
    if (score > this.#leastScore) this.#better += 1;
    while (this.#better >= this.#limit) {
      this.#leastScore += 1;
      this.#better -= this.#countOf(this.#leastScore);
      this.least = (this.#leastScore - 0.5) / FINENESS;
    }
  }

  #cut(): void {
    if (this.#kept <= this.#limit) return;
    let [last, room] = [NEAREST, this.#limit];
    for (; room > this.#countOf(last); last--) room -= this.#countOf(last);
    const oldest = this.#newest(last, room);
    const kept = this.#kept;
    this.#kept = 0;
    for (let n = 0; n < kept; n++) {
      const [score = FARTHEST, id = 0, of] = [this.#scores[n], this.#ids[n], this.#of[n]];
      // It is there, as all are that were kept.
      if (score > last || (score === last && id >= oldest)) this.#keep(this.#kept++, score, id, of as T);
    }
    this.#recount(last + 1);
  }

  /** Of those with the score the oldest of the newest so many. */
  #newest(score: number, room: number): number {
    const ids = this.#ids.subarray(0, this.#kept).filter((_, n) => this.#scores[n] === score);
    return ids.sort()[ids.length - room] ?? 0;
  }

  #recount(leastScore: number): void {
    this.#leastScore = Math.max(this.#leastScore, leastScore);
    this.least = (this.#leastScore - 0.5) / FINENESS;
    this.#counts.fill(0);
    this.#better = 0;
    for (const score of this.#scores.subarray(0, this.#kept)) this.#count(score);
  }

  #countOf(score: number): number {
    return this.#counts[score - FARTHEST] ?? 0;
  }
}
