import { expect, it, vi } from 'vitest';
import { columns, hosted } from '../hosted.ts';
import { detrFiles, type TinyDetr } from '../tiny-eyes.ts';

// Each starts processes of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const RED = columns(48, 30, [255, 0, 0]);

async function seen(facts: TinyDetr = {}, picture = RED, minScore = 0.25) {
  await using model = await hosted(detrFiles(facts));
  return await model.ask('object-detection', { picture, minScore });
}

it.each(['d_fine', 'rt_detr', 'rt_detr_v2'])('sees with a %s as it lies on the hub', async (type) => {
  const [red, ...others] = await seen({ type });
  expect(others).toEqual([]);
  expect(red).toMatchObject({ label: 0, box: { x1: 0, y1: 0, x2: 0.5, y2: 1 } });
  expect(red?.score).toBeCloseTo(1 / (1 + Math.exp(-5)), 4);
});

it('gives one place two labels when it sees both, best first, and no more than it has queries', async () => {
  const found = await seen({}, columns(48, 30, [200, 0, 255]));
  expect(found.map(({ label }) => label)).toEqual([2, 0]);
  expect(await seen({}, columns(48, 30, [255, 255, 255]))).toHaveLength(2);
  const all = await seen({}, columns(48, 30, [0, 0, 0]), 0.001);
  expect(all).toHaveLength(2);
  for (const { score } of all) expect(score).toBeCloseTo(1 / (1 + Math.exp(5)), 4);
});

it('keeps all of a box that lies within the picture', async () => {
  const found = await seen({}, RED, 0.006);
  const corner = found.find(({ box }) => box.x1 > 0.6);
  expect(corner?.box.x2 ?? 1).toBe(1);
});

it('prepares pictures as preprocessor_config.json says', async () => {
  const normalise = { do_normalize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };
  const [dark] = await seen({ preprocessor: normalise }, columns(48, 30, [191, 0, 0]));
  expect(dark?.score).toBeCloseTo(1 / (1 + Math.exp(-10 * (191 / 127.5 - 1 - 0.5))), 2);
  const [small] = await seen({ preprocessor: { do_rescale: false } }, columns(48, 30, [1, 0, 0]));
  expect(small?.score).toBeCloseTo(1 / (1 + Math.exp(-5)), 4);
});

it('has the size that the pack says, where the model takes any', async () => {
  expect(await seen({ preprocessor: { size: { height: 8, width: 32 } } })).toHaveLength(1);
});

it.each([
  ['a class for nothing', { classes: 4 }, /last class says "no object" \(softmax\)/],
  ['more classes than labels', { classes: 5 }, /5 classes apart where the pack has 3 labels/],
  ['another input', { input: 'images' }, /it is no detr: needs one input "pixel_values"/],
  ['another size', { sides: [640, 640] }, /its input is \[1,3,640,640\] where the pack says 24 × 16/],
] as const)('is refused with %s, saying so', async (_what, facts, problem) => {
  await expect(hosted(detrFiles(facts))).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(problem),
  });
});
