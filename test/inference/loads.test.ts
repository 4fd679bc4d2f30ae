import { describe, expect, it } from 'vitest';
import { threadsFor } from '../../src/inference/loads.ts';

describe('threads of a model', () => {
  it.each([
    // cores, cameras, of a quick model, of a slow one
    [1, 0, 1, 1],
    [2, 1, 1, 1],
    [4, 1, 2, 1],
    [4, 4, 1, 1],
    [8, 2, 4, 3],
    [8, 8, 3, 2],
    [8, 16, 2, 1],
    [32, 4, 4, 4],
    [4, 64, 1, 1],
  ])('are right on %i cores beside %i cameras', (cores, cameras, quick, slow) => {
    expect([threadsFor('quick', cores, cameras), threadsFor('slow', cores, cameras)]).toEqual([quick, slow]);
  });

  it('never grow with the cameras, and leave one core where there are three or more', () => {
    for (let cores = 1; cores <= 64; cores++) {
      let before = Number.POSITIVE_INFINITY;
      for (let cameras = 0; cameras <= 64; cameras++) {
        const quick = threadsFor('quick', cores, cameras);
        const slow = threadsFor('slow', cores, cameras);
        expect(quick).toBeLessThanOrEqual(before);
        expect(quick + slow).toBeLessThanOrEqual(Math.max(2, cores - 1));
        before = quick;
      }
    }
  });
});
