/**
 * The inner loop of the first pass over codes, as WebAssembly: it alone has an instruction that counts bits, which makes
 * it several times as fast as JavaScript. Put together by hand, so that the build needs no other compiler.
 */
export interface Kernel {
  memory: Memory;
  /**
   * Picks those of `count` codes, of `words` × 64 bits each, that are at least so near. Shared with the query is the sum
   * over its planes k of 2^k × the number of bits that are set in both; its planes stand side by side, word by word. Near
   * is base + scale × (low × ones + step × shared − sum). At `out` stand, of each that was picked, which it is and how near
   * it is, 32 bits each; the answer is where they end. All addresses are in bytes.
   */
  pick(
    code: number,
    scales: number,
    ones: number,
    count: number,
    words: number,
    query: number,
    out: number,
    base: number,
    low: number,
    step: number,
    sum: number,
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

/** Bits for each dimension of a query. */
export const PLANES = 4;
export const PAGE_BYTES = 65_536;

const [CODE, SCALES, ONES, COUNT, WORDS, QUERY, OUT] = [0, 1, 2, 3, 4, 5, 6];
const [BASE, LOW, STEP, SUM, LEAST] = [7, 8, 9, 10, 11];
const [WORD, AT, SHARED, WHICH, BITS, NEAR] = [12, 13, 14, 15, 16, 17];
const I32 = 0x7f;
const I64 = 0x7e;
const F32 = 0x7d;
const END = 0x0b;
const ADD = 0x6a;

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const number = (value: number) => [0x41, value];
const add = (local: number, by: number) => [...get(local), ...number(by), ADD, ...set(local)];
/** Again while the local, one less each time, isn't zero. */
const times = (local: number, body: number[]) => {
  const again = [...get(local), ...number(1), 0x6b, 0x22, local, 0x0d, 0];
  return [0x03, 0x40, ...body, ...again, END];
};
const bits64 = (address: number, offset: number) => [...get(address), 0x29, 3, offset];
const float = (address: number) => [...get(address), 0x2a, 2, 0];
const count16 = (address: number) => [...get(address), 0x2f, 1, 0];
const toFloat = 0xb3;
const [PLUS, MINUS, TIMES, AT_LEAST] = [0x92, 0x93, 0x94, 0x60];

/** The bits of the plane that are set count twice as much as those of the one before it. */
const plane = (k: number) => {
  const shared = [...get(BITS), ...bits64(AT, k * 8), 0x83, 0x7b, 0xa7];
  return [...get(SHARED), ...shared, ...number(k), 0x74, ADD, ...set(SHARED)];
};
const COMPARE_WORD = [
  ...[...bits64(CODE, 0), ...set(BITS)],
  ...[0, 1, 2, 3].flatMap(plane),
  ...add(CODE, 8),
  ...add(AT, PLANES * 8),
];
const FIND_NEAR = [
  ...[...get(BASE), ...float(SCALES)],
  ...[...get(LOW), ...count16(ONES), toFloat, TIMES],
  ...[...get(STEP), ...get(SHARED), toFloat, TIMES, PLUS],
  ...[...get(SUM), MINUS, TIMES, PLUS, ...set(NEAR)],
];
const KEEP = [...[...get(OUT), ...get(WHICH), 0x36, 2, 0], ...[...get(OUT), ...get(NEAR), 0x38, 2, 4], ...add(OUT, 8)];
const PICK = [
  ...[3, 4, I32, 1, I64, 1, F32],
  ...times(COUNT, [
    ...[...number(0), ...set(SHARED), ...get(QUERY), ...set(AT), ...get(WORDS), ...set(WORD)],
    ...times(WORD, COMPARE_WORD),
    ...FIND_NEAR,
    ...[...get(NEAR), ...get(LEAST), AT_LEAST, 0x04, 0x40, ...KEEP, END],
    ...[...add(SCALES, 4), ...add(ONES, 2), ...add(WHICH, 1)],
  ]),
  ...get(OUT),
  END,
];

const name = (text: string) => [text.length, ...Buffer.from(text)];
/** Lengths here are below 16 384. */
const length = (bytes: number) => (bytes < 128 ? [bytes] : [(bytes & 0x7f) | 0x80, bytes >> 7]);
const section = (id: number, body: number[]) => [id, ...length(body.length), ...body];
const PARAMETERS = [...Array.from({ length: 7 }, () => I32), ...Array.from({ length: 5 }, () => F32)];

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
