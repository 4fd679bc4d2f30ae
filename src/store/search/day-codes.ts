import { type CodedQuery, lengthOf, nearnessOfCentre, wordsOf } from './coding.ts';
import type { Finalists } from './finalists.ts';
import type { KeptDay } from './kept-codes.ts';
import type { Slab, Slabs } from './slabs.ts';

/** scene_id, stream_id, index_id, start_ms, end_ms, model, embedding */
export type VectorRow = [number, string, string, number, number, string, Buffer];

/** Codes of one index and one model: their vectors are much alike. */
interface Group {
  stream: string;
  index: string;
  model: string;
  dimensions: number;
  centre: Float32Array;
  slabs: Slab[];
}

const MOST = 0xffff_ffff;
/** From so few nothing can be told about what is usual. */
const ENOUGH = 8;
/** A day that has grown so many times since its centres were found has others by now. */
const GROWN = 4;
const MANY = 64;

/** The codes of one day's vectors. */
export class DayCodes {
  /** Scenes that are to be read again before the codes are used. */
  readonly changed: Set<number> = new Set();
  readonly #startMs: number;
  readonly #slabs: Slabs;
  readonly #groups = new Map<string, Group>();
  readonly #centres: Map<string, Float32Array>;
  #count = 0;
  #firstCount = Number.POSITIVE_INFINITY;
  /** Codes since then about no centre. */
  #loose = 0;
  #last = -1;

  /** `sample` is of the vectors that are there already. */
  constructor(startMs: number, slabs: Slabs, sample: readonly VectorRow[]) {
    this.#startMs = startMs;
    this.#slabs = slabs;
    this.#centres = centresOf(sample);
  }

  /** As it was kept; undefined when memory runs out, or when it isn't what was kept. */
  static from({ groups, last }: KeptDay, startMs: number, slabs: Slabs): DayCodes | undefined {
    const day = new DayCodes(startMs, slabs, []);
    for (const { slabs: kept, centre, ...about } of groups) {
      const group: Group = { ...about, centre: centre ?? new Float32Array(about.dimensions), slabs: [] };
      const key = keyOf(about);
      day.#groups.set(key, group);
      if (centre) day.#centres.set(key, centre);
      for (const { words, count, parts } of kept) {
        const slab = words === wordsOf(about.dimensions) ? slabs.fill(words, count, parts) : undefined;
        if (!slab) {
          day.free();
          return undefined;
        }
        group.slabs.push(slab);
        day.#count += count;
      }
    }
    day.#last = last;
    day.complete();
    return day;
  }

  /** To be kept; valid until codes are added anywhere. */
  kept(tag: string): KeptDay {
    const groups = [...this.#groups].map(([key, { slabs, centre, ...about }]) => ({
      ...about,
      centre: this.#centres.has(key) ? centre : undefined,
      slabs: slabs.map((slab) => ({ words: slab.words, count: slab.count, parts: this.#slabs.partsOf(slab) })),
    }));
    return { tag, last: this.#last, groups };
  }

  /** Whether the row's code is here, as it would be made now. */
  has(row: VectorRow): boolean {
    const [id, , , startMs, endMs, , embedding] = row;
    const { slabs, centre } = this.#groupOf(row);
    for (const slab of slabs) {
      const at = slab.ids.subarray(0, slab.count).indexOf(id);
      if (at < 0) continue;
      const times = slab.starts[at] === this.#after(startMs) && slab.ends[at] === this.#after(endMs);
      return times && this.#slabs.has(slab, at, signed(embedding), centre);
    }
    return false;
  }

  get count(): number {
    return this.#count;
  }

  /** The greatest id that has been added. */
  get last(): number {
    return this.#last;
  }

  /** It has grown so much that what was usual when it was read no longer is. */
  get isOutdated(): boolean {
    return (
      this.#count > Math.max(ENOUGH, this.#firstCount * GROWN) || this.#loose > Math.max(MANY, this.#firstCount / 4)
    );
  }

  /** All that was there has been added. */
  complete(): void {
    this.#firstCount = this.#count;
    this.#loose = 0;
  }

  groups(): Iterable<Group> {
    return this.#groups.values();
  }

  /** In the order of ids. False when there is no memory left. */
  add(row: VectorRow): boolean {
    const added = this.#append(row);
    if (added) this.#last = row[0];
    return added;
  }

  #append(row: VectorRow): boolean {
    const [id, , , startMs, endMs, , embedding] = row;
    const group = this.#groupOf(row);
    const words = wordsOf(group.dimensions);
    let slab = group.slabs.at(-1);
    if (!slab || slab.count === slab.ids.length) {
      slab = this.#slabs.take(words);
      if (!slab) return false;
      group.slabs.push(slab);
    }
    const at = slab.count++;
    slab.ids[at] = id;
    slab.starts[at] = this.#after(startMs);
    slab.ends[at] = this.#after(endMs);
    this.#slabs.encode(slab, at, signed(embedding), group.centre);
    this.#count += 1;
    if (!this.#centres.has(keyOf(group))) this.#loose += 1;
    return true;
  }

  /**
   * The same scene with another vector, or another end. With another model it stands beside what it was, which nobody
   * asks for any more. False when there is no memory left.
   */
  replace(row: VectorRow): boolean {
    const [id, , , , endMs, , embedding] = row;
    const group = this.#groupOf(row);
    for (const slab of group.slabs) {
      const at = slab.ids.subarray(0, slab.count).indexOf(id);
      if (at < 0) continue;
      slab.ends[at] = this.#after(endMs);
      this.#slabs.encode(slab, at, signed(embedding), group.centre);
      return true;
    }
    return this.#append(row);
  }

  erase(streamId: string): void {
    for (const [key, group] of this.#groups) {
      if (group.stream !== streamId) continue;
      this.#free(group);
      this.#groups.delete(key);
    }
  }

  /** Offers those that may be among the finalists, the newest first. */
  scan<T>(
    group: Group,
    query: CodedQuery,
    range: { start: number | null; end: number | null },
    finalists: Finalists<T>,
    of: T,
  ): void {
    const ofCentre = nearnessOfCentre(query, group.centre);
    const from = this.#after(range.start ?? 0);
    const until = range.end === null ? MOST + 1 : range.end - this.#startMs;
    this.#slabs.ask(query);
    const { which, near } = this.#slabs.picked;
    for (const slab of group.slabs.toReversed()) {
      const count = this.#slabs.pick(slab, ofCentre, finalists.least);
      for (let at = (count - 1) * 2; at >= 0; at -= 2) {
        const i = which[at] ?? 0;
        if ((near[at + 1] ?? 0) < finalists.least) continue;
        if ((slab.starts[i] ?? 0) >= until || (slab.ends[i] ?? 0) < from) continue;
        finalists.offer(near[at + 1] ?? 0, slab.ids[i] ?? 0, of);
      }
    }
  }

  free(): void {
    for (const group of this.#groups.values()) this.#free(group);
    this.#groups.clear();
  }

  #free({ slabs }: Group): void {
    for (const slab of slabs) {
      this.#slabs.give(slab);
      this.#count -= slab.count;
    }
  }

  #groupOf(row: VectorRow): Group {
    const about = groupOf(row);
    const key = keyOf(about);
    const known = this.#groups.get(key);
    if (known) return known;
    const centre = this.#centres.get(key) ?? new Float32Array(about.dimensions);
    const group = { ...about, centre, slabs: [] };
    this.#groups.set(key, group);
    return group;
  }

  #after(atMs: number): number {
    return Math.min(MOST, Math.max(0, atMs - this.#startMs));
  }
}

/** What the vectors of each group have in common, at unit length; nothing where they are few. */
function centresOf(rows: readonly VectorRow[]): Map<string, Float32Array> {
  const groups = new Map<string, Buffer[]>();
  for (const row of rows) {
    const key = keyOf(groupOf(row));
    const group = groups.get(key);
    if (group) group.push(row[6]);
    else groups.set(key, [row[6]]);
  }
  const large = [...groups].filter(([, vectors]) => vectors.length >= ENOUGH);
  return new Map(large.map(([key, vectors]) => [key, centreOf(vectors.map(signed))]));
}

function centreOf(vectors: readonly Int8Array[]): Float32Array {
  const centre = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    const share = 1 / lengthOf(vector) / vectors.length;
    for (let i = 0; i < centre.length; i++) centre[i] = (centre[i] ?? 0) + (vector[i] ?? 0) * share;
  }
  return centre;
}

function keyOf({ index, dimensions, model }: Pick<Group, 'index' | 'dimensions' | 'model'>): string {
  return `${index} ${dimensions} ${model}`;
}

function groupOf([, stream, index, , , model, { length: dimensions }]: VectorRow) {
  return { stream, index, model, dimensions };
}

function signed(embedding: Buffer): Int8Array {
  return new Int8Array(embedding.buffer, embedding.byteOffset, embedding.length);
}
