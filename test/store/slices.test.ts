import { describe, expect, it } from 'vitest';
import { neighbours, slices, unhurried } from '../../src/store/slices.ts';
import { countTurns } from './fixture.ts';

const SLICE = 16_384;

describe('slices', () => {
  it('go from the newest id to the oldest, each id once', async () => {
    const taken = await all(slices(10, 40_000, SLICE));
    expect(taken[0]).toEqual({ from: 40_000 - SLICE + 1, to: 40_000 });
    expect(taken.at(-1)?.from).toBe(10);
    for (const [n, { to }] of taken.slice(1).entries()) expect(to).toBe((taken[n]?.from ?? 0) - 1);
    expect(await all(slices(5, 5, SLICE))).toEqual([{ from: 5, to: 5 }]);
    expect(await all(slices(null, null, SLICE))).toEqual([]);
  });

  it('let others have their turn between two of them, and after a few hundred things', async () => {
    using turns = countTurns();
    await all(slices(1, SLICE * 5, SLICE));
    expect(turns.count).toBeGreaterThanOrEqual(5);
    const before = turns.count;
    expect(await all(unhurried([1, 2, 3]))).toEqual([1, 2, 3]);
    expect(turns.count).toBe(before);
    await all(unhurried(Array.from({ length: 1025 }, (_, n) => n)));
    expect(turns.count).toBeGreaterThanOrEqual(before + 4);
  });

  it('keep ids apart that are far from each other', () => {
    expect(neighbours([3, SLICE * 9, 1, SLICE * 9 + 5], SLICE)).toEqual([
      { from: 1, to: 3, ids: [3, 1] },
      { from: SLICE * 9, to: SLICE * 9 + 5, ids: [SLICE * 9, SLICE * 9 + 5] },
    ]);
    expect(neighbours([], SLICE)).toEqual([]);
  });
});

async function all<T>(things: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const thing of things) taken.push(thing);
  return taken;
}
