import { expect, it, vi } from 'vitest';
import { deim } from '../../../src/inference/families/deim.ts';
import { columns, hosted } from '../hosted.ts';
import { deployedModel, gridModel, packFiles } from '../tiny-eyes.ts';

// Each starts processes of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const facts = {
  task: 'object-detection',
  family: 'deim',
  labels: ['person', 'car'],
  inputSize: { width: 16, height: 16 },
};

it('tells the model how large the picture is, and has its boxes as fractions', async () => {
  await using model = await hosted(packFiles(facts, deployedModel()));
  const look = (...colour: [number, number, number]) =>
    model.ask('object-detection', { picture: columns(80, 20, colour), minScore: 0.5 });
  const [blue, ...others] = await look(255, 0, 0).then(async (red) => [...red, ...(await look(0, 0, 204))]);
  expect(others).toEqual([]);
  expect(blue).toMatchObject({ label: 1, box: { x1: 0.5, y1: 0, x2: 1, y2: 1 } });
  expect(blue?.score).toBeCloseTo(0.8, 4);
});

it('leaves out what is no number', () => {
  const tensor = (...data: number[]) => ({ data: Float32Array.from(data), dims: [1, data.length] });
  const labels = { data: BigInt64Array.of(0n, 1n, 1n), dims: [1, 3] };
  const boxes = tensor(0, 0, 5, 5, 0, 0, 20, 5, 0, 0, 5, 5);
  const picture = columns(10, 10, [0, 0, 0]);
  const found = deim.read({ labels, boxes, scores: tensor(Number.NaN, 0.5, 0.7) }, picture, picture, 0.3);
  expect(found.map(({ score, box }) => [+score.toFixed(1), box.x2])).toEqual([
    [0.7, 0.5],
    [0.5, 1],
  ]);
});

it('is refused when the model takes pictures of another size than the pack says', async () => {
  const wide = { ...facts, inputSize: { width: 32, height: 16 } };
  await expect(hosted(packFiles(wide, deployedModel()))).rejects.toMatchObject({
    message: expect.stringMatching(/its input is \[1,3,16,16\] where the pack says 32 × 16/),
  });
});

it('is refused when the model is something else', async () => {
  await expect(hosted(packFiles(facts, gridModel()))).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching('it is no deim: needs an input "images"'),
  });
});
