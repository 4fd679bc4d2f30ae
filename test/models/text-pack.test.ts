/** Packs that write, in the layout of the hub's chat models. */
import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ModelLibrary } from '#models';
import { createLog } from '#runtime';
import { writeWriter } from '../inference/tiny-writer.ts';

const SAYS = { says: [' the', ' gate', '<|end|>'] };
let dir: string;
let source: string;
let models: ModelLibrary;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'wp-text-'));
  source = await writeWriter(join(dir, 'smol'), SAYS);
  models = await ModelLibrary.open(join(dir, 'models'), createLog('silent'));
});
afterEach(() => rm(dir, { recursive: true }));

it('are imported, found again and verified, the smallest precision of them alone', async () => {
  await copyFile(join(source, 'onnx/model.onnx'), join(source, 'onnx/model_q4.onnx'));
  await writeFile(join(source, 'onnx/model_q4.onnx_data'), 'outside');
  const imported = await models.importPack(source);
  expect(imported).toMatchObject({ name: 'smol', task: 'text-generation', precision: 'q4', contextTokens: 512 });
  const again = await ModelLibrary.open(join(dir, 'models'), createLog('silent'));
  const [pack] = again.forTask('text-generation');
  expect(pack).toMatchObject({ name: 'smol', outside: 1 });
  expect(pack?.files.map(({ name }) => name)).toEqual([
    'onnx/model_q4.onnx',
    'onnx/model_q4.onnx_data',
    'config.json',
    'generation_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
  expect(await again.verify('smol')).toEqual({ ok: true });
  await writeFile(join(dir, 'models/smol/onnx/model_q4.onnx_data'), 'changed');
  expect(await again.verify('smol')).toMatchObject({
    ok: false,
    problem: expect.stringContaining('model_q4.onnx_data'),
  });
});

it.each(['onnx/model.onnx', 'tokenizer.json', 'generation_config.json'])(
  'are refused without %s, or with half of it, naming it',
  async (file) => {
    const whole = await readFile(join(source, file));
    await truncate(join(source, file), Math.floor(whole.length / 2));
    await expect(models.importPack(source)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining(file),
    });
    await rm(join(source, file));
    await expect(models.importPack(source)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining(file),
    });
    expect(models.list()).toEqual([]);
  },
);
