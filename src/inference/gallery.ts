/**
 * Likeness as cosine: from `same` on two are one, below `apart` they are two. Measured with person-reid-0248 on six people
 * seen from behind who come, stand and go, whole in the picture: one and the same later on 0.89 and more, at first sight
 * 0.76 and more; two in black 0.75 at most, all others 0.6.
 */
export const ALIKE = { same: 0.8, apart: 0.65 };
/** Individuals remembered; the one that was seen least recently is forgotten for a new one. */
const MOST_KNOWN = 200;
/** Views of each: from the front, from behind, in another light. */
const MOST_VIEWS = 8;
/** A view this like another one tells nothing new. */
const FAMILIAR = 0.93;

interface Individual {
  who: number;
  views: Float32Array[];
  lastMs: number;
}

/**
 * Who was seen on one stream, by their looks alone: the same number whenever the same individual comes again. Kept in
 * memory only and bounded; forgotten when the stream's eye closes. Whoever looks neither like someone known nor unlike
 * all of them has no number until more views of them tell.
 */
export class Gallery {
  #known: Individual[] = [];
  #nextWho = 1;

  /** Numbers given so far that are still remembered. */
  get size(): number {
    return this.#known.length;
  }

  /**
   * The number of whom these views of one visit show, a new one when it is nobody known; undefined when that can't be
   * told yet. It is none of those `others` who are in the picture at the same time. When it was looked at `long` enough,
   * somebody who isn't clearly known is new.
   */
  know(
    views: readonly Float32Array[],
    atMs: number,
    others: ReadonlySet<number> = new Set(),
    long = false,
  ): number | undefined {
    if (views.length === 0) return undefined;
    let best: Individual | undefined;
    let bestLikeness = -1;
    for (const one of this.#known) {
      if (others.has(one.who)) continue;
      const likeness = meanLikeness(one.views, views);
      if (likeness > bestLikeness) [best, bestLikeness] = [one, likeness];
    }
    if (best && bestLikeness >= ALIKE.same) return this.#again(best, views, atMs);
    if (best && bestLikeness >= ALIKE.apart && !long) return undefined;
    return this.#meet(views, atMs);
  }

  /** One more view of somebody whose number is known from their track; an odd one is not remembered. */
  remember(who: number, view: Float32Array, atMs: number): void {
    const one = this.#known.find((known) => known.who === who);
    if (one && likenessTo(one.views, view) >= ALIKE.apart) this.#again(one, [view], atMs);
  }

  #again(one: Individual, views: readonly Float32Array[], atMs: number): number {
    for (const view of views) addView(one.views, view, MOST_VIEWS);
    one.lastMs = Math.max(one.lastMs, atMs);
    return one.who;
  }

  #meet(views: readonly Float32Array[], atMs: number): number {
    if (this.#known.length >= MOST_KNOWN) {
      const oldest = this.#known.reduce((a, b) => (b.lastMs < a.lastMs ? b : a));
      this.#known = this.#known.filter((one) => one !== oldest);
    }
    const one: Individual = { who: this.#nextWho++, views: [], lastMs: atMs };
    for (const view of views) addView(one.views, view, MOST_VIEWS);
    this.#known.push(one);
    return one.who;
  }
}

/** The nearest of the views; -1 when there is none. Vectors of different packs are never alike. */
export function likenessTo(views: readonly Float32Array[], look: Float32Array): number {
  let best = -1;
  for (const view of views) best = Math.max(best, cosine(view, look));
  return best;
}

/** Keeps views that differ from each other, the newest last. */
export function addView(views: Float32Array[], view: Float32Array, most: number): void {
  const familiar = views.findIndex((known) => cosine(known, view) >= FAMILIAR);
  if (familiar >= 0) views.splice(familiar, 1);
  views.push(view);
  // The first one stays: it is what this individual was known by.
  if (views.length > most) views.splice(1, 1);
}

function meanLikeness(known: readonly Float32Array[], views: readonly Float32Array[]): number {
  return views.reduce((sum, view) => sum + likenessTo(known, view), 0) / views.length;
}

/** Both of unit length. */
function cosine(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return -1;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
