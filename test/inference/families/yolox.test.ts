import { describe, expect, it, vi } from 'vitest';
import { yolox } from '../../../src/inference/families/yolox.ts';
import { columns, hosted } from '../hosted.ts';
import { packFiles } from '../tiny-eyes.ts';
import { tinyModel } from '../tiny-onnx.ts';

// Each starts processes of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const NOTHING = { inputs: {}, outputs: {} };

/** An answer for 64 × 32 pixels and one label with these rows, each as [row, values]. */
function answer(...rows: readonly (readonly [number, readonly number[]])[]) {
  const cells = 8 * 4 + 4 * 2 + 2;
  const data = new Float32Array(cells * 6);
  for (const [row, values] of rows) data.set(values, row * 6);
  return { output: { data, dims: [1, cells, 6] } };
}

describe('a model of one label and an input that is no square', () => {
  const size = { width: 64, height: 32 };
  const picture = columns(128, 32, [255, 128, 0]);

  it('sees the picture at the top left, blue first, and grey where there is none', () => {
    const images = yolox.prepare(picture, size, NOTHING)['images'];
    expect(images?.dims).toEqual([1, 3, 32, 64]);
    const pixel = (x: number, y: number) => [0, 1, 2].map((plane) => images?.data[plane * 2048 + y * 64 + x]);
    expect(pixel(63, 15)).toEqual([0, 128, 255]);
    expect(pixel(0, 16)).toEqual([114, 114, 114]);
  });

  it('says where things are in the picture, of each stride', () => {
    const small = [0.5, 0.5, Math.log(1), Math.log(1), 1, 0.9];
    const large = [0.5, 0, Math.log(1), Math.log(0.5), 1, 0.8];
    const found = yolox.read(answer([9, small], [41, large]), picture, size, 0.3);
    // Row 9 is column 1 of line 1 at stride 8; row 41 is the second cell of stride 32. The picture fills 64 × 16.
    expect(found).toEqual([
      { label: 0, score: expect.closeTo(0.9, 5), box: { x1: 8 / 64, y1: 8 / 16, x2: 16 / 64, y2: 1 } },
      { label: 0, score: expect.closeTo(0.8, 5), box: { x1: 0.5, y1: 0, x2: 1, y2: expect.closeTo(0.5, 5) } },
    ]);
  });

  it('keeps the surest of boxes in one place, and nothing that is no number', () => {
    const row = (score: number) => [0.5, 0.5, Math.log(4), Math.log(4), 1, score];
    const found = yolox.read(answer([9, row(0.7)], [10, row(0.9)], [30, row(Number.NaN)]), picture, size, 0.3);
    expect(found.map(({ score }) => +score.toFixed(2))).toEqual([0.9]);
    const poison = yolox.read(answer([9, [0, 0, 0, 0, Number.NaN, 1]]), picture, size, 0.3);
    expect(poison).toEqual([]);
  });
});

it('runs in a process of its own; a model with other rows is refused', async () => {
  const facts = { task: 'object-detection', labels: ['person', 'car'], inputSize: { width: 32, height: 32 } };
  const pack = (weights: Buffer) => packFiles({ ...facts, family: 'yolox' }, weights);
  await using model = await hosted(pack(tinyModel()));
  const picture = columns(32, 32, [255, 255, 255]);
  const [person] = await model.ask('object-detection', { picture, minScore: 0.5 });
  const near = (value: number) => expect.closeTo(value, 5);
  expect(person).toMatchObject({ label: 0, box: { x1: near(0.25), y1: near(0.25), x2: near(0.75), y2: near(0.75) } });
  await expect(hosted(pack(tinyModel(9)))).rejects.toMatchObject({
    message: expect.stringMatching('it is no yolox: needs an output "output" \\[1,21,7\\]'),
  });
});
