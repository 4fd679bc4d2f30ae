import { type CodedQuery, encode } from './coding.ts';
import { BLOCK, type Kernel, PAGE_BYTES, startKernel } from './kernel.ts';

/** Codes lie in slabs of this size, in blocks as the kernel takes them, and after them the scale of each. */
const SLAB_BYTES = 32_768;
const SLABS_AT_ONCE = 64;
const SCALE_BYTES = 4;
/** The first page is for what is asked and what is answered. */
const SHARES_AT = 0;
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

interface Picked {
  which: Uint32Array;
  near: Float32Array;
}

/** Memory for codes, of a bounded size; it is taken and given back by slabs, and never leaves the process. */
export class Slabs {
  readonly #kernel: Kernel = startKernel();
  readonly #mostBytes: number;
  readonly #free: number[] = [];
  #bytes = 0;
  #asked = { low: 0, step: 0 };
  /** Every first number tells which, every second how near. */
  picked: Picked = pickedIn(this.#kernel.memory.buffer);

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** All that is taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Room for as many codes of so many words as fit; undefined when all memory is taken. */
  take(words: number): Slab | undefined {
    const capacity = Math.floor(SLAB_BYTES / (words * 8 + SCALE_BYTES) / BLOCK) * BLOCK;
    const sizes = {
      words,
      count: 0,
      ids: new Float64Array(capacity),
      starts: new Uint32Array(capacity),
      ends: new Uint32Array(capacity),
    };
    if (this.#bytes + bytesOf(sizes) > this.#mostBytes) return undefined;
    this.#bytes += bytesOf(sizes);
    const slab = { ...sizes, address: this.#free.pop() ?? this.#grown() };
    new Float32Array(this.#kernel.memory.buffer, scalesOf(slab), capacity).fill(Number.NaN);
    return slab;
  }

  give(slab: Slab): void {
    this.#bytes -= bytesOf(slab);
    this.#free.push(slab.address);
  }

  /** Makes the code of the vector in its place. */
  encode(slab: Slab, at: number, vector: Int8Array, centre: Float32Array): void {
    const code = new Uint8Array(slab.words * 8);
    const scale = encode(vector, centre, code);
    const [bytes, lane] = this.#blockOf(slab, at);
    for (let n = 0; n < code.length; n++) bytes[n * BLOCK + lane] = code[n] ?? 0;
    new DataView(this.#kernel.memory.buffer).setFloat32(scalesOf(slab) + at * SCALE_BYTES, scale, true);
  }

  /** Whether the code in its place is that of the vector. */
  has(slab: Slab, at: number, vector: Int8Array, centre: Float32Array): boolean {
    const code = new Uint8Array(slab.words * 8);
    encode(vector, centre, code);
    const [bytes, lane] = this.#blockOf(slab, at);
    return code.every((byte, n) => bytes[n * BLOCK + lane] === byte);
  }

  /** What it holds: codes, ids, starts and ends. They are valid until something is taken. */
  partsOf({ address, ids, starts, ends }: Slab): Uint8Array[] {
    const codes = new Uint8Array(this.#kernel.memory.buffer, address, SLAB_BYTES);
    return [codes, ...[ids, starts, ends].map((part) => new Uint8Array(part.buffer))];
  }

  /** A slab that holds the same; undefined when all memory is taken, or when these are not the parts of one. */
  fill(words: number, count: number, parts: readonly Uint8Array[]): Slab | undefined {
    const slab = this.take(words);
    if (!slab) return undefined;
    const own = this.partsOf(slab);
    if (count > slab.ids.length || !own.every((part, n) => part.length === parts[n]?.length)) {
      this.give(slab);
      return undefined;
    }
    for (const [n, part] of own.entries()) part.set(parts[n] ?? []);
    slab.count = count;
    return slab;
  }

  /** What `pick` compares from now on. */
  ask({ shares, low, step }: CodedQuery): void {
    new Uint8Array(this.#kernel.memory.buffer, SHARES_AT, shares.length).set(shares);
    this.#asked = { low, step };
  }

  /**
   * Those of a slab whose estimated nearness to what was asked is at least so much: how many. Which they are, and how near,
   * stands in `picked` by turns, until the next.
   */
  pick(slab: Slab, ofCentre: number, least: number): number {
    const { address, count, words } = slab;
    if (count === 0) return 0;
    const [scales, blocks] = [scalesOf(slab), Math.ceil(count / BLOCK)];
    const { low, step } = this.#asked;
    const asked = [SHARES_AT, PICKED_AT, ofCentre, low, step, least] as const;
    return (this.#kernel.pick(address, scales, blocks, words, ...asked) - PICKED_AT) / 8;
  }

  #blockOf({ address, words }: Slab, at: number): [bytes: Uint8Array, lane: number] {
    const [lane, length] = [at % BLOCK, words * 8];
    const from = address + (at - lane) * length;
    return [new Uint8Array(this.#kernel.memory.buffer, from, length * BLOCK), lane];
  }

  #grown(): number {
    const pages = (SLABS_AT_ONCE * SLAB_BYTES) / PAGE_BYTES;
    const address = this.#kernel.memory.grow(pages) * PAGE_BYTES;
    this.picked = pickedIn(this.#kernel.memory.buffer); // What was there before is detached.
    for (let n = SLABS_AT_ONCE - 1; n > 0; n--) this.#free.push(address + n * SLAB_BYTES);
    return address;
  }
}

function pickedIn(buffer: ArrayBuffer): Picked {
  const length = (PAGE_BYTES - PICKED_AT) / 4;
  return { which: new Uint32Array(buffer, PICKED_AT, length), near: new Float32Array(buffer, PICKED_AT, length) };
}

function scalesOf({ address, ids, words }: Pick<Slab, 'address' | 'ids' | 'words'>): number {
  return address + ids.length * words * 8;
}

function bytesOf({ ids, starts, ends }: Pick<Slab, 'ids' | 'starts' | 'ends'>): number {
  return SLAB_BYTES + ids.byteLength + starts.byteLength + ends.byteLength;
}
