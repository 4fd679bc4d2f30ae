import { setImmediate } from 'node:timers/promises';

/** Rows that are looked through at a stretch: some 10 ms on a fast box. */
export const SHORT_SLICE = 16_384;
/** The same where nothing else waits. */
export const LONG_SLICE = 4_194_304;
/** Things that are looked into at a stretch. */
const HANDFUL = 256;

/**
 * Ranges of ids from the newest to the oldest; between two of them everything else has its turn. Throws the signal's
 * reason.
 */
export async function* slices(
  first: number | null,
  last: number | null,
  rows: number,
  signal?: AbortSignal,
): AsyncGenerator<{ from: number; to: number }> {
  if (first === null || last === null) return;
  for (let to = last; to >= first; to -= rows) {
    signal?.throwIfAborted();
    yield { from: Math.max(first, to - rows + 1), to };
    await setImmediate();
  }
}

/** The things one by one; after every few hundred everything else has its turn. */
export async function* unhurried<T>(things: readonly T[]): AsyncGenerator<T> {
  for (const [n, thing] of things.entries()) {
    if (n > 0 && n % HANDFUL === 0) await setImmediate();
    yield thing;
  }
}

/** The ids by neighbourhood, as wide as one of the slices at most. */
export function neighbours(ids: readonly number[], rows: number): { from: number; to: number; ids: number[] }[] {
  const groups = new Map<number, number[]>();
  for (const id of ids) {
    const group = groups.get(Math.floor(id / rows));
    if (group) group.push(id);
    else groups.set(Math.floor(id / rows), [id]);
  }
  return [...groups.values()].map((group) => ({ from: Math.min(...group), to: Math.max(...group), ids: group }));
}
