import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelLibrary } from '#models';
import { detrFiles, type Files, type TinyDetr } from '../inference/tiny-eyes.ts';
import { writeFiles } from './hub-layout.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-detector-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function imported(facts: TinyDetr = {}, changes: Record<string, Buffer | string | undefined> = {}) {
  const all = Object.entries({ ...detrFiles(facts), ...changes });
  const files: Files = Object.fromEntries(
    all.flatMap(([name, content]) => (content === undefined ? [] : [[name, content]])),
  );
  const models = await ModelLibrary.open(join(dir, 'models'), pino({ level: 'silent' }));
  const pack = await models.importPack(await writeFiles(join(dir, 'dfine-tiny'), files));
  return { models, pack };
}

describe('a detector as it lies on the hub', () => {
  it('is taken as it is: size, labels as COCO calls them, numbers of its pictures', async () => {
    const { models, pack } = await imported();
    expect(pack).toMatchObject({
      name: 'dfine-tiny',
      task: 'object-detection',
      family: 'detr',
      inputSize: { width: 24, height: 16 },
      labels: ['person', 'motorcycle', 'tv'],
      pixels: { scale: 1 / 255, mean: [0, 0, 0], deviation: [1, 1, 1] },
    });
    expect(pack.file).toBe(join(pack.dir, 'onnx/model.onnx'));
    expect(await models.verify(pack.name)).toEqual({ ok: true });
    expect(models.forTask('object-detection')).toEqual([pack]);
    await models.refresh();
    expect(models.get(pack.name)).toEqual(pack);
  });

  it('takes whole floats before coarse ones, and only those', async () => {
    const weights = detrFiles()['onnx/model.onnx'] ?? '';
    const { pack } = await imported({}, { 'onnx/model_quantized.onnx': weights, 'onnx/model_fp16.onnx': weights });
    expect(await readdir(join(pack.dir, 'onnx'))).toEqual(['model.onnx']);
    const coarse = await imported({}, { 'onnx/model.onnx': undefined, 'onnx/model_int8.onnx': weights });
    expect(coarse.pack.file).toMatch(/model\.onnx$|model_int8\.onnx$/);
  });

  it.each([
    ['detr', ['DetrForObjectDetection'], /is of a "detr"; supported are d_fine, rt_detr, rt_detr_v2/],
    ['yolos', ['YolosForObjectDetection'], /is of a "yolos"; supported are d_fine/],
    ['table-transformer', ['TableTransformerForObjectDetection'], /"no object" by a class of its own/],
  ])('is refused when it is a %s', async (type, architectures, problem) => {
    await expect(imported({ type, architectures })).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(problem),
    });
  });

  it.each([
    ['no pictures’ numbers', { 'preprocessor_config.json': undefined }, /preprocessor_config\.json can't be read/],
    ['no weights', { 'onnx/model.onnx': undefined }, /onnx\/model\.onnx is missing/],
    ['half its weights', { 'onnx/model.onnx': Buffer.from('half') }, /no ONNX model|truncated/],
    ['a deviation of nothing', { 'preprocessor_config.json': '{"size":640,"image_std":[0,1,1]}' }, /image_std/],
  ])('is refused with %s', async (_what, changes, problem) => {
    await expect(imported({}, changes)).rejects.toMatchObject({ message: expect.stringMatching(problem) });
  });

  it('is refused when its scores share one', async () => {
    expect((await imported({ config: { use_focal_loss: true } })).pack).toMatchObject({ family: 'detr' });
    await expect(imported({ config: { use_focal_loss: false } })).rejects.toMatchObject({
      message: expect.stringMatching(/config\.json: use_focal_loss: only models trained with focal loss/),
    });
  });

  it('is refused when a label is missing', async () => {
    const names = { '0': 'person', '2': 'car', '3': 'bus' };
    await expect(imported({ names })).rejects.toMatchObject({ message: expect.stringMatching(/id2label has no 1/) });
  });
});
