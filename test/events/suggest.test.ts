import { describe, expect, it } from 'vitest';
import { suggestThreshold } from '#events';

const judged = (wrong: number[], right: number[]) => [
  ...wrong.map((confidence) => ({ confidence, verdict: 'wrong' as const })),
  ...right.map((confidence) => ({ confidence, verdict: 'right' as const })),
];

describe('a suggested threshold', () => {
  it.each([
    ['lies just above the wrong ones', [0.4, 0.42], [0.7], { threshold: 0.43, wrongLeftOut: 2, rightLeftOut: 0 }],
    ['goes by hundredths', [0.404], [], { threshold: 0.41, wrongLeftOut: 1, rightLeftOut: 0 }],
    [
      'spares a right one for one or two wrong ones',
      [0.3, 0.5, 0.5],
      [0.4],
      { threshold: 0.31, wrongLeftOut: 1, rightLeftOut: 0 },
    ],
    [
      'gives a right one away for more than three',
      [0.5, 0.5, 0.5, 0.5],
      [0.4],
      { threshold: 0.51, wrongLeftOut: 4, rightLeftOut: 1 },
    ],
    [
      'leaves those in that are surer than anything',
      [0.3, 1],
      [],
      { threshold: 0.31, wrongLeftOut: 1, rightLeftOut: 0 },
    ],
  ])('%s', (_what, wrong, right, expected) => {
    expect(suggestThreshold(judged(wrong, right))).toEqual(expected);
  });

  it.each([
    ['nothing is marked', [], []],
    ['all is right', [], [0.4, 0.9]],
    ['the wrong ones are as sure as the right ones', [0.8, 0.9], [0.5, 0.8]],
    ['the only wrong one is as sure as can be', [1], []],
  ])('is none where %s', (_what, wrong, right) => {
    expect(suggestThreshold(judged(wrong, right))).toBeUndefined();
  });

  it('never leaves out more right ones than a third of the wrong ones, and is never below one that is wrong and left out', () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    for (let n = 0; n < 500; n++) {
      const some = () => Array.from({ length: Math.floor(random() * 12) }, random);
      const all = judged(some(), some());
      const found = suggestThreshold(all);
      if (!found) continue;
      const out = all.filter(({ confidence }) => confidence < found.threshold);
      expect(found.rightLeftOut).toBe(out.filter(({ verdict }) => verdict === 'right').length);
      expect(found.wrongLeftOut).toBe(out.length - found.rightLeftOut);
      expect(found.wrongLeftOut).toBeGreaterThan(3 * found.rightLeftOut);
    }
  });
});
