import { expect, it } from 'vitest';
import { type BoxMeasures, daysOf, remedyOf, tiersOf } from '../../src/cli/capacity.ts';

const box: BoxMeasures = {
  cores: 4,
  memoryFreeBytes: 4e9,
  diskBytesPerS: 50e6,
  roomBytes: 864e9,
  keyframeMs: 20,
  packs: [{ name: 'a detector', task: 'object-detection', medianMs: 100 }],
  packsBytes: 0.2e9,
};
const camera = { bitsPerSecond: 4e6, keyframeIntervalS: 2 };
const mini = (measures: Partial<BoxMeasures>, load = camera) => {
  const [tier] = tiersOf({ ...box, ...measures }, load);
  return tier && { cameras: tier.cameras, limit: tier.limit };
};

it('bears as many cameras as what comes to its end first', () => {
  // 5 pictures of 100 ms in 10 s, half of the time.
  expect(mini({})).toEqual({ cameras: 10, limit: 'models' });
  expect(mini({ memoryFreeBytes: 0.5e9 })).toEqual({ cameras: 3, limit: 'memory' });
  expect(mini({ diskBytesPerS: 4e6 })).toEqual({ cameras: 4, limit: 'disk' });
  // A hundredth of a core for recording, as much for a keyframe of 20 ms each 2 s, of a quarter of one core.
  expect(mini({ cores: 1, packs: [] })).toEqual({ cameras: 12, limit: 'decoding' });
  expect(mini({ memoryFreeBytes: 0.1e9 })).toEqual({ cameras: 0, limit: 'memory' });
});

it('bears fewer cameras whose keyframes are rare, and says what to change', () => {
  const rare = { ...camera, keyframeIntervalS: 10 };
  expect(mini({ cores: 1, packs: [] }, rare)).toEqual({ cameras: 3, limit: 'decoding' });
  expect(remedyOf('decoding', rare)).toContain('I-frame interval');
  expect(remedyOf('decoding', camera)).toContain('substream');
});

it('says how late alerts come, later with a full box', () => {
  const [full] = tiersOf(box, camera);
  const [few] = tiersOf({ ...box, memoryFreeBytes: 0.3e9 }, camera);
  expect([full?.alertDelayS, few?.alertDelayS]).toEqual([17, 12.5]);
});

it('says how far recordings reach back', () => {
  // 43.2 GB a day.
  expect(daysOf(box, camera, 1)).toBe(20);
  expect(daysOf(box, camera, 4)).toBe(5);
  expect(daysOf({ ...box, roomBytes: 4.32e9 }, camera, 2)).toBe(0.05);
  expect(daysOf({ ...box, roomBytes: 0 }, camera, 4)).toBe(0);
});
