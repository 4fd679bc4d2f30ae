import { expect, it, vi } from 'vitest';
import { fastestdet } from '../../../src/inference/families/fastestdet.ts';
import { columns, hosted } from '../hosted.ts';
import { gridModel, packFiles } from '../tiny-eyes.ts';

// Each starts processes of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const facts = { task: 'object-detection', labels: ['person', 'car'], inputSize: { width: 32, height: 32 } };
const named = { ...facts, name: 'fastestdet-tiny' };

it('decodes its grid; blue comes first', async () => {
  await using model = await hosted(packFiles(named, gridModel()));
  const look = (...colour: [number, number, number]) =>
    model.ask('object-detection', { picture: columns(80, 20, colour), minScore: 0.5 });
  expect(await look(255, 0, 0)).toEqual([]);
  const [car, ...others] = await look(0, 0, 127.5);
  expect(others).toEqual([]);
  expect(car?.label).toBe(1);
  expect(car?.score).toBeCloseTo((127 / 255) ** 0.6, 3);
  // Cell (1, 1) of 2 × 2, half a cell to the right and half a cell up; both sides half of the picture.
  const near = (value: number) => expect.closeTo(value, 5);
  expect(car?.box).toEqual({ x1: near(0.5), y1: near(0), x2: near(1), y2: near(0.5) });
});

it('keeps the surer of two cells that see one thing', () => {
  const cells = 4;
  const data = new Float32Array(7 * cells);
  data.fill(20, 3 * cells, 5 * cells);
  data.set([0.9, 0.8, Number.NaN, 0.1], 0);
  data.fill(1, 5 * cells, 6 * cells);
  const size = { width: 32, height: 32 };
  const found = fastestdet.read({ out: { data, dims: [1, 7, 2, 2] } }, columns(8, 8, [0, 0, 0]), size, 0.3);
  expect(found.map(({ score }) => score)).toEqual([expect.closeTo(0.9 ** 0.6, 5)]);
});

it.each([
  ['has other classes', packFiles(named, gridModel(3)), /needs one output \[1,7,2,2\]/],
  ['is of another size', packFiles({ ...named, inputSize: { width: 64, height: 32 } }, gridModel()), /\[1,3,32,64\]/],
])('is refused when it %s', async (_what, pack, problem) => {
  await expect(hosted(pack)).rejects.toMatchObject({ kind: 'invalid', message: expect.stringMatching(problem) });
});
