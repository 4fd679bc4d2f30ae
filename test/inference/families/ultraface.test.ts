import { expect, it, vi } from 'vitest';
import { ultraface } from '../../../src/inference/families/ultraface.ts';
import { columns, hosted } from '../hosted.ts';
import { faceModel, packFiles } from '../tiny-eyes.ts';

// Each starts processes of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const files = (scores?: string) => packFiles({ task: 'face-detection' }, faceModel(scores));

it('sees faces where and as the model says, red first', async () => {
  await using model = await hosted(files());
  const seen = async (r: number, g: number, b: number) =>
    model.ask('face-detection', { picture: columns(50, 40, [r, g, b]), minScore: 0.7 });
  const [red, ...others] = await seen(255, 0, 0);
  expect(others).toEqual([]);
  expect(red?.score).toBeCloseTo(1, 5);
  expect(red?.box.x1).toBe(0);
  expect(red?.box.x2).toBeCloseTo(0.3, 5);
  const [blue] = await seen(0, 0, 230);
  expect(blue?.score).toBeCloseTo((230 - 127) / 128, 3);
  expect(blue?.box.x2).toBe(1);
  expect(await seen(0, 200, 0)).toEqual([]);
});

it('keeps the surer of two faces in one place', () => {
  const scores = Float32Array.of(0.1, 0.9, 0.2, 0.8, 0.2, 0.8, Number.NaN, Number.NaN);
  const boxes = Float32Array.of(0, 0, 0.5, 0.5, 0.05, 0, 0.5, 0.5, 0.6, 0.6, 0.9, 0.9, 0, 0, 1, 1);
  const found = ultraface.read(scores, boxes, 0.5);
  expect(found.map(({ box }) => +box.x1.toFixed(2))).toEqual([0, 0.6]);
});

it('is refused when its outputs are called otherwise, saying so', async () => {
  await expect(hosted(files('confidences'))).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching('it is no UltraFace: needs an output "scores"'),
  });
});
