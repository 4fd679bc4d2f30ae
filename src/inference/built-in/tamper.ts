import type { Tamper } from '#domain';
import { type Change, isBlack } from './change.ts';
import { agreements, disagreement } from './edges.ts';
import type { Luma } from './luma.ts';

/** Looks before the picture is known well enough to say that something was done to the camera. */
const LEARN_LOOKS = 4;
/** Share of the picture that must not move while it is learnt. */
const RESTLESS = 0.1;
/** How slowly the known picture follows the seen one. */
const FOLLOW_MS = 60_000;
/** A camera that was turned and stays so has a new picture after this time. */
const ACCEPT_MOVED_MS = 600_000;
/** Consecutive looks, and time, before a suspicion is reported. */
const PATIENCE: Record<Tamper, { looks: number; ms: number }> = {
  covered: { looks: 2, ms: 500 },
  blurred: { looks: 3, ms: 2000 },
  moved: { looks: 4, ms: 4000 },
};
/** Looks without the suspicion before a report ends. */
const RELIEF_LOOKS = 2;
/** Gradient, in luma steps, that grain alone may have. */
const GRAIN = 6;
/** Mean gradient above the grain below which a picture is too empty to judge by its edges. */
const EMPTY = 0.4;

interface Seen {
  luma: Luma;
  sharpness: number;
  /** How well each part of the picture agrees with the known one; undefined where there is nothing to go by. */
  agreed: readonly (number | undefined)[];
}

/** The slowly learnt picture; `agreed` is how well its parts usually agree. */
type Known = Seen;

interface Suspicion {
  looks: number;
  sinceMs: number;
  calm: number;
  reported: boolean;
}

/**
 * Watches one camera for being covered, blurred or turned, against a slowly learnt picture. Something as large as a
 * person, noise, and slow changes of the light are none of these.
 */
export class TamperWatch {
  #known: Known | undefined;
  #looks = 0;
  #lastMs = 0;
  #suspicions = new Map<Tamper, Suspicion>();

  /** Looks at the next picture, given what changed since the one before; returns what is the matter. */
  look(luma: Luma, atMs: number, { light, amount }: Change): Tamper[] {
    const known = this.#known;
    const isAnother = light !== undefined && !isBlack(luma);
    const isRestless = this.#looks <= LEARN_LOOKS && amount > RESTLESS;
    if (!known || known.luma.values.length !== luma.values.length || isAnother || isRestless) {
      this.#learnAnew({ luma, sharpness: sharpnessOf(luma), agreed: [] }, atMs);
      return [];
    }
    const seen = { luma, sharpness: sharpnessOf(luma), agreed: agreements(known.luma, luma) };
    this.#looks += 1;
    const suspected = this.#looks > LEARN_LOOKS ? suspect(known, seen, this.#reported()) : undefined;
    for (const kind of ['covered', 'blurred', 'moved'] as const) this.#weigh(kind, kind === suspected, atMs);
    if (suspected === undefined) this.#follow(known, seen, atMs - this.#lastMs);
    this.#lastMs = atMs;
    const moved = this.#suspicions.get('moved');
    if (moved && atMs - moved.sinceMs > ACCEPT_MOVED_MS) this.#learnAnew({ ...seen, agreed: [] }, atMs);
    return this.#reported();
  }

  #learnAnew(seen: Seen, atMs: number): void {
    this.#known = seen;
    this.#looks = 1;
    this.#lastMs = atMs;
    this.#suspicions.clear();
  }

  #reported(): Tamper[] {
    return [...this.#suspicions].filter(([, { reported }]) => reported).map(([kind]) => kind);
  }

  #weigh(kind: Tamper, suspected: boolean, atMs: number): void {
    const so = this.#suspicions.get(kind);
    if (suspected) {
      const looks = (so?.looks ?? 0) + 1;
      const sinceMs = so?.sinceMs ?? atMs;
      const enough = looks >= PATIENCE[kind].looks && atMs - sinceMs >= PATIENCE[kind].ms;
      this.#suspicions.set(kind, { looks, sinceMs, calm: 0, reported: so?.reported === true || enough });
    } else if (so?.reported && so.calm + 1 < RELIEF_LOOKS) {
      this.#suspicions.set(kind, { ...so, calm: so.calm + 1 });
    } else {
      this.#suspicions.delete(kind);
    }
  }

  #follow(known: Known, seen: Seen, passedMs: number): void {
    const share = Math.max(this.#looks <= LEARN_LOOKS ? 1 / this.#looks : 0, 1 - Math.exp(-passedMs / FOLLOW_MS));
    const values = Float32Array.from(known.luma.values);
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0;
      values[i] = value + share * ((seen.luma.values[i] ?? 0) - value);
    }
    const mean = known.luma.mean + share * (seen.luma.mean - known.luma.mean);
    const sharpness = known.sharpness + share * (seen.sharpness - known.sharpness);
    const agreed = seen.agreed.map((now, i) => mixed(known.agreed[i], now, share));
    this.#known = { luma: { ...known.luma, values, mean }, sharpness, agreed };
  }
}

function mixed(usual: number | undefined, now: number | undefined, share: number): number | undefined {
  return usual === undefined || now === undefined ? (now ?? usual) : usual + share * (now - usual);
}

/** What this one look suggests. What is reported already needs less to stay. */
function suspect(known: Known, seen: Seen, reported: readonly Tamper[]): Tamper | undefined {
  const stays = (kind: Tamper) => reported.includes(kind);
  const alike = likeness(blocks(known.luma), blocks(seen.luma));
  if (isBlack(seen.luma)) return known.luma.mean - seen.luma.mean > 0.1 && alike < 0.5 ? 'covered' : undefined;
  if (known.sharpness < EMPTY) return undefined;
  const sharper = seen.sharpness / known.sharpness;
  const brighter = seen.luma.mean / Math.max(0.01, known.luma.mean);
  const changed = meanDifference(known.luma, seen.luma);
  if (sharper < (stays('covered') ? 0.5 : 0.35) && alike < 0.5 && changed > 12) return 'covered';
  if (brighter < 0.6 || brighter > 1.6) return undefined;
  if (sharper < (stays('blurred') ? 0.7 : 0.5) && alike > 0.7) return 'blurred';
  if (sharper > 0.4 && sharper < 3 && disagreement(known.agreed, seen.agreed) >= (stays('moved') ? 0.5 : 0.75))
    return 'moved';
  return undefined;
}

/** Mean gradient above the grain: falls with focus and contrast. */
function sharpnessOf({ values, width }: Luma): number {
  let sum = 0;
  for (let i = width; i < values.length; i++) {
    const value = values[i] ?? 0;
    const across = i % width === 0 ? 0 : value - (values[i - 1] ?? 0);
    const down = value - (values[i - width] ?? 0);
    sum += Math.max(0, Math.sqrt(across * across + down * down) - GRAIN);
  }
  return sum / values.length;
}

function meanDifference(a: Luma, b: Luma): number {
  let sum = 0;
  for (let i = 0; i < a.values.length; i++) sum += Math.abs((a.values[i] ?? 0) - (b.values[i] ?? 0));
  return sum / a.values.length;
}

/** Means of 8 × 8 pixels: what remains of a picture that is out of focus. */
function blocks({ values, width, height }: Luma): number[] {
  const across = Math.ceil(width / 8);
  const sums = new Float64Array(across * Math.ceil(height / 8));
  const counts = new Uint32Array(sums.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const block = (y >> 3) * across + (x >> 3);
      sums[block] = (sums[block] ?? 0) + (values[i] ?? 0);
      counts[block] = (counts[block] ?? 0) + 1;
    }
  }
  return Array.from(sums, (sum, i) => sum / (counts[i] ?? 1));
}

/** Correlation, -1…1; 0 when one of them is flat. */
function likeness(a: readonly number[], b: readonly number[]): number {
  const meanA = a.reduce((sum, value) => sum + value, 0) / a.length;
  const meanB = b.reduce((sum, value) => sum + value, 0) / b.length;
  let [both, onlyA, onlyB] = [0, 0, 0];
  a.forEach((value, i) => {
    const da = value - meanA;
    const db = (b[i] ?? 0) - meanB;
    both += da * db;
    onlyA += da * da;
    onlyB += db * db;
  });
  const scale = Math.sqrt(onlyA * onlyB) / a.length;
  return scale > 1 ? both / a.length / scale : 0;
}
