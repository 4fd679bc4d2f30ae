/**
 * The inner loop of the first pass over codes, as WebAssembly: it alone has instructions that look up sixteen numbers at
 * once, which makes it many times as fast as JavaScript. Put together by hand, so that the build needs no other compiler.
 */
export interface Kernel {
  memory: Memory;
  /**
   * Picks those of `blocks` × 16 codes, of `words` × 64 bits each, that are at least so near. The codes of a block lie byte
   * by byte side by side. At `shares` stand, for each byte of a code, 16 numbers of 8 bits for what its lower four bits may
   * be, and 16 for its upper four; those of four bytes add up to 255 at most, those of a code to 65 535. Near is
   * base + scale × (low + step × the sum of what the code's bits look up). At `out` stand, of each that was picked, which
   * it is and how near it is, 32 bits each; the answer is where they end. A code whose scale is no number is never picked.
   * All addresses are in bytes.
   */
  pick(
    code: number,
    scales: number,
    blocks: number,
    words: number,
    shares: number,
    out: number,
    base: number,
    low: number,
    step: number,
    least: number,
  ): number;
}

interface Memory {
  readonly buffer: ArrayBuffer;
  /** By so many pages; answers how many there were. What was looked at before is detached. */
  grow(pages: number): number;
}

/** Of what every Node.js has, that which is used here; the types for Node.js leave it to browsers. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: { box: { memory: Memory } }) => { exports: Record<string, unknown> };
  Memory: new (pages: { initial: number }) => Memory;
};

/** Codes that are compared at once. */
export const BLOCK = 16;
export const PAGE_BYTES = 65_536;
/** The end of the first page: how near the codes of a block are. */
const NEAR_AT = PAGE_BYTES - BLOCK * 4;

const [CODE, SCALES, BLOCKS, WORDS, SHARES, OUT] = [0, 1, 2, 3, 4, 5];
const [BASE, LOW, STEP, LEAST] = [6, 7, 8, 9];
const [WORD, AT, WHICH, LANE, NEAR] = [10, 11, 12, 13, 14];
const [BITS, SUM, EVEN, ODD, ANY, NEARS, LOWER] = [15, 16, 17, 18, 19, 20, 21];
const [I32, F32, V128] = [0x7f, 0x7d, 0x7b];
const END = 0x0b;
const ADD = 0x6a;

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
/** Signed, as constants are written. */
const whole = (value: number): number[] =>
  value >= -64 && value < 64 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...whole(value >> 7)];
const number = (value: number) => [0x41, ...whole(value)];
const add = (local: number, by: number) => [...get(local), ...number(by), ADD, ...set(local)];
/** Again while the local, one less each time, isn't zero. */
const times = (local: number, body: number[]) => {
  const again = [...get(local), ...number(1), 0x6b, 0x22, local, 0x0d, 0];
  return [0x03, 0x40, ...body, ...again, END];
};
/** Lengths and numbers of instructions here are below 16 384. */
const length = (bytes: number) => (bytes < 128 ? [bytes] : [(bytes & 0x7f) | 0x80, bytes >> 7]);
/** An instruction on sixteen bytes at once. */
const wide = (instruction: number, ...rest: number[]) => [0xfd, ...length(instruction), ...rest];
const load = (address: number, offset: number) => [...get(address), ...wide(0x00, 0, ...length(offset))];
const constant = (byte: (at: number) => number) => wide(0x0c, ...Array.from({ length: 16 }, (_, at) => byte(at)));
const [SWIZZLE, AND, OR, IS_ANY] = [0x0e, 0x4e, 0x50, 0x53];
const [ADD_8, LEFT_16, RIGHT_16, ADD_16, MINUS_16] = [0x6e, 0x8b, 0x8d, 0x8e, 0x91];
const [LOWER_TO_32, UPPER_TO_32, TO_FLOATS] = [0xa9, 0xaa, 0xfa];
const [SPLAT, AT_LEAST, PLUS, TIMES] = [0x13, 0x46, 0xe4, 0xe6];

const ZERO = constant(() => 0);
const four = (local: number) => [...get(local), ...wide(SPLAT)];
const lowerBits = [...get(LOWER), ...wide(AND)];
/** What one byte of each code looks up. */
const lookUp = (n: number) => [
  ...[...load(CODE, n * BLOCK), ...set(BITS)],
  ...[...load(AT, n * 32), ...get(BITS), ...lowerBits, ...wide(SWIZZLE)],
  ...[...load(AT, n * 32 + 16), ...get(BITS), ...number(4), ...wide(RIGHT_16), ...lowerBits, ...wide(SWIZZLE)],
  ...wide(ADD_8),
];
/** What four bytes of each code add: to EVEN and ODD, of every other code, in 16 bits. */
const addFour = (n: number) => [
  ...[...lookUp(n), ...[1, 2, 3].flatMap((more) => [...lookUp(n + more), ...wide(ADD_8)]), ...set(SUM)],
  ...[...get(EVEN), ...get(SUM), ...wide(ADD_16), ...set(EVEN)],
  ...[...get(ODD), ...get(SUM), ...number(8), ...wide(RIGHT_16), ...wide(ADD_16), ...set(ODD)],
];
const COMPARE_WORD = [...addFour(0), ...addFour(4), ...add(CODE, 8 * BLOCK), ...add(AT, 8 * 32)];
/** EVEN has what is ODD in its upper halves, too. */
const TAKE_APART = [...get(EVEN), ...get(ODD), ...number(8), ...wide(LEFT_16), ...wide(MINUS_16), ...set(EVEN)];
/** Sums of the first eight codes, or of the last, in their order. */
const eight = (from: number) => [
  ...[...get(EVEN), ...get(ODD)],
  ...wide(0x0d, ...Array.from({ length: 16 }, (_, at) => from + (at >> 2) * 2 + (at & 1) + (at & 2) * 8)),
];
const findNear = (quarter: number) => [
  ...[...four(BASE), ...load(SCALES, quarter * 16), ...four(LOW), ...four(STEP)],
  ...[...eight(quarter < 2 ? 0 : 8), ...wide(quarter % 2 === 0 ? LOWER_TO_32 : UPPER_TO_32), ...wide(TO_FLOATS)],
  ...[...wide(TIMES), ...wide(PLUS), ...wide(TIMES), ...wide(PLUS), ...set(NEARS)],
  ...[...number(NEAR_AT), ...get(NEARS), ...wide(0x0b, 0, ...length(quarter * 16))],
  ...[...get(ANY), ...get(NEARS), ...four(LEAST), ...wide(AT_LEAST), ...wide(OR), ...set(ANY)],
];
const KEEP = [...[...get(OUT), ...get(WHICH), 0x36, 2, 0], ...[...get(OUT), ...get(NEAR), 0x38, 2, 4], ...add(OUT, 8)];
const KEEP_SOME = [
  ...[...number(BLOCK), ...set(LANE), ...number(NEAR_AT), ...set(AT)],
  ...times(LANE, [
    ...[...get(AT), 0x2a, 2, 0, ...set(NEAR), ...get(NEAR), ...get(LEAST), 0x60, 0x04, 0x40, ...KEEP, END],
    ...[...add(AT, 4), ...add(WHICH, 1)],
  ]),
];
const PICK = [
  ...[3, 4, I32, 1, F32, 7, V128],
  ...[...constant(() => 0x0f), ...set(LOWER)],
  ...times(BLOCKS, [
    ...[...ZERO, ...set(EVEN), ...ZERO, ...set(ODD), ...ZERO, ...set(ANY)],
    ...[...get(SHARES), ...set(AT), ...get(WORDS), ...set(WORD)],
    ...times(WORD, COMPARE_WORD),
    ...TAKE_APART,
    ...[0, 1, 2, 3].flatMap(findNear),
    ...[...get(ANY), ...wide(IS_ANY), 0x04, 0x40, ...KEEP_SOME, 0x05, ...add(WHICH, BLOCK), END],
    ...add(SCALES, BLOCK * 4),
  ]),
  ...get(OUT),
  END,
];

const name = (text: string) => [text.length, ...Buffer.from(text)];
const section = (id: number, body: number[]) => [id, ...length(body.length), ...body];
const PARAMETERS = [...Array.from({ length: 6 }, () => I32), ...Array.from({ length: 4 }, () => F32)];

const MODULE = new WebAssembly.Module(
  Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, PARAMETERS.length, ...PARAMETERS, 1, I32]),
    ...section(2, [1, ...name('box'), ...name('memory'), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('pick'), 0, 0]),
    ...section(10, [1, ...length(PICK.length), ...PICK]),
  ]),
);

/** With a memory of its own, of one page. */
export function startKernel(): Kernel {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(MODULE, { box: { memory } });
  // As the module above declares it.
  return { memory, pick: exports['pick'] as Kernel['pick'] };
}
