import { describe, expect, it } from 'vitest';
import { bearings, type TimedPack } from '../../src/cli/bearing.ts';

const pack = (task: TimedPack['task'], medianMs: number): TimedPack => ({ name: `a ${task}`, task, medianMs });
const cameras = (packs: TimedPack[]) => bearings(packs).map((one) => `${one.tier} ${one.cameras}`);

describe('what a box can bear', () => {
  it('is half of its time over what a window of each camera takes', () => {
    // 5 frames of 50 ms in 10 s: 20 cameras in half the time.
    expect(cameras([pack('object-detection', 50)])).toEqual(['mini 20', 'basic 20', 'pro 20', 'ultra 20']);
  });

  it('is less with every pack that is asked too, and least where each window is told', () => {
    const packs = [pack('object-detection', 50), pack('image-text', 150), pack('image-to-text', 4000)];
    expect(cameras(packs)).toEqual(['mini 20', 'basic 12', 'pro 12', 'ultra 1']);
    expect(bearings(packs).map(({ mostly }) => mostly)).toEqual([
      'a object-detection',
      'a object-detection',
      'a object-detection',
      'a image-to-text',
    ]);
  });

  it('is no camera where a model takes longer than there is', () => {
    expect(cameras([pack('object-detection', 20), pack('image-to-text', 9000)])[3]).toBe('ultra 0');
  });

  it('is what pixels alone allow without packs, and says which are missing', () => {
    const [mini, basic, pro] = bearings([]);
    expect(mini).toEqual({ tier: 'mini', cameras: 64, mostly: '', without: ['object-detection'] });
    expect(basic?.without).toContain('image-text');
    expect(basic?.without).not.toContain('image-to-text');
    expect(pro?.without).toContain('image-to-text');
  });
});
