import { type CodedQuery, encode } from './coding.ts';
import { type Kernel, PAGE_BYTES, startKernel } from './kernel.ts';

/** Codes lie side by side in slabs of this size, and after them what belongs to each. */
const SLAB_BYTES = 32_768;
const SLABS_AT_ONCE = 64;
const SCALE_BYTES = 4;
const ONES_BYTES = 2;
/** The first page is for what is asked and what is answered. */
const QUERY_AT = 0;
const PICKED_AT = PAGE_BYTES / 2;

/** Codes of vectors that are alike in kind, in the order in which they were stored. */
export interface Slab {
  address: number;
  /** 64 bits each, that a code takes. */
  words: number;
  count: number;
  ids: Float64Array;
  /** Milliseconds after the start of the day; a scene that goes on for weeks counts as one without end. */
  starts: Uint32Array;
  ends: Uint32Array;
}

/** Memory for codes, of a bounded size; it is taken and given back by slabs, and never leaves the process. */
export class Slabs {
  readonly #kernel: Kernel = startKernel();
  readonly #mostBytes: number;
  readonly #free: number[] = [];
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** All that is taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Room for as many codes of so many words as fit; undefined when all memory is taken. */
  take(words: number): Slab | undefined {
    const capacity = Math.floor(SLAB_BYTES / (words * 8 + SCALE_BYTES + ONES_BYTES));
    const slab = {
      words,
      count: 0,
      ids: new Float64Array(capacity),
      starts: new Uint32Array(capacity),
      ends: new Uint32Array(capacity),
    };
    if (this.#bytes + bytesOf(slab) > this.#mostBytes) return undefined;
    this.#bytes += bytesOf(slab);
    return { ...slab, address: this.#free.pop() ?? this.#grown() };
  }

  give(slab: Slab): void {
    this.#bytes -= bytesOf(slab);
    this.#free.push(slab.address);
  }

  /** Makes the code of the vector in its place. */
  encode(slab: Slab, at: number, vector: Int8Array, centre: Float32Array): void {
    const { buffer } = this.#kernel.memory;
    const bits = new Uint8Array(buffer, slab.address + at * slab.words * 8, slab.words * 8);
    const { scale, ones } = encode(vector, centre, bits.fill(0));
    const view = new DataView(buffer);
    view.setFloat32(scalesOf(slab) + at * SCALE_BYTES, scale, true);
    view.setUint16(onesOf(slab) + at * ONES_BYTES, ones, true);
  }

  /** Those of a slab whose estimated nearness is at least so much: which, and how near. Overwritten by the next. */
  pick(slab: Slab, query: CodedQuery, ofCentre: number, least: number): { which: Uint32Array; near: Float32Array } {
    const { memory } = this.#kernel;
    const { planes, low, step, sum } = query;
    new Uint8Array(memory.buffer, QUERY_AT, planes.length).set(planes);
    const { address, count, words } = slab;
    const [scales, ones] = [scalesOf(slab), onesOf(slab)];
    const asked = [ofCentre, 2 * low, 2 * step, sum, least] as const;
    const end =
      count === 0 ? PICKED_AT : this.#kernel.pick(address, scales, ones, count, words, QUERY_AT, PICKED_AT, ...asked);
    const length = (end - PICKED_AT) / 4;
    return {
      which: new Uint32Array(memory.buffer, PICKED_AT, length),
      near: new Float32Array(memory.buffer, PICKED_AT, length),
    };
  }

  #grown(): number {
    const pages = (SLABS_AT_ONCE * SLAB_BYTES) / PAGE_BYTES;
    const address = this.#kernel.memory.grow(pages) * PAGE_BYTES;
    for (let n = SLABS_AT_ONCE - 1; n > 0; n--) this.#free.push(address + n * SLAB_BYTES);
    return address;
  }
}

function scalesOf({ address, ids, words }: Slab): number {
  return address + ids.length * words * 8;
}

function onesOf(slab: Slab): number {
  return scalesOf(slab) + slab.ids.length * SCALE_BYTES;
}

function bytesOf({ ids, starts, ends }: Pick<Slab, 'ids' | 'starts' | 'ends'>): number {
  return SLAB_BYTES + ids.byteLength + starts.byteLength + ends.byteLength;
}
