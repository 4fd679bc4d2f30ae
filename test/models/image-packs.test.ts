/** Packs that know pictures and texts, in the layout of the hub's CLIP, SigLIP, SmolVLM and Florence-2 models. */
import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelLibrary } from '#models';
import { createLog } from '#runtime';
import { clipFiles } from '../inference/tiny-clip.ts';
import { vlmFiles } from '../inference/tiny-vlm.ts';
import { withExternalData, writeFiles } from './hub-layout.ts';

const LAYOUTS = {
  clip: clipFiles(),
  'siglip in one piece': clipFiles({ family: 'siglip', whole: true }),
  smolvlm: vlmFiles({ family: 'smolvlm' }),
  'florence-2': vlmFiles({ family: 'florence2' }),
};

let dir: string;
let models: ModelLibrary;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'wp-image-packs-'));
  models = await ModelLibrary.open(join(dir, 'models'), createLog('silent'));
});
afterEach(() => rm(dir, { recursive: true }));

const folder = (files: Record<string, Buffer | string>) => writeFiles(join(dir, 'tiny'), files);
const file = (name: string) => join(dir, 'tiny', name);
const edit = async (name: string, change: object) => {
  const json: object = JSON.parse(await readFile(file(name), 'utf8'));
  await writeFile(file(name), JSON.stringify({ ...json, ...change }));
};

describe.each(Object.entries(LAYOUTS))('%s', (_name, files) => {
  const needed = Object.keys(files).filter((name) => name !== 'generation_config.json');

  it('is imported, found again and verified', async () => {
    const imported = await models.importPack(await folder(files));
    const again = await ModelLibrary.open(join(dir, 'models'), createLog('silent'));
    const pack = again.get('tiny');
    expect(pack).toMatchObject({ ...imported, files: pack?.files });
    expect(pack?.files.map(({ name }) => name).sort()).toEqual(Object.keys(files).sort());
    expect(await again.verify('tiny')).toEqual({ ok: true });
  });

  it.each(needed)('is refused without %s, or with half of it, naming it', async (name) => {
    await folder(files);
    await truncate(file(name), Math.floor((await readFile(file(name))).length / 2));
    const refused = { kind: 'invalid', message: expect.stringContaining(name) };
    await expect(models.importPack(join(dir, 'tiny'))).rejects.toMatchObject(refused);
    await rm(file(name));
    // Without config.json nothing says that it is of the hub; without weights, that they should be in one piece.
    const missed = { 'config.json': 'model.json', 'onnx/model.onnx': 'onnx/vision_model.onnx' }[name] ?? name;
    const said = { kind: 'invalid', message: expect.stringContaining(missed) };
    await expect(models.importPack(join(dir, 'tiny'))).rejects.toMatchObject(said);
    expect(models.list()).toEqual([]);
  });
});

describe('CLIP and SigLIP', () => {
  it('say what the model learnt, what it reads and how large its pictures are', async () => {
    await folder(clipFiles({ logitScale: 100 }));
    const pack = await models.importPack(join(dir, 'tiny'));
    expect(pack).toMatchObject({
      task: 'image-text',
      family: 'clip',
      precision: { text: 'fp32', vision: 'fp32' },
      inputSize: { width: 8, height: 8 },
      contextTokens: 8,
      sureness: { scale: expect.closeTo(100, 3), bias: -1 },
    });
  });

  it('know by themselves what their makers chose, where config.json leaves it out', async () => {
    await folder(clipFiles({ family: 'siglip' }));
    await edit('config.json', { text_config: undefined });
    await edit('preprocessor_config.json', { size: { height: 224, width: 224 } });
    const pack = await models.importPack(join(dir, 'tiny'));
    expect(pack).toMatchObject({ contextTokens: 64, inputSize: { width: 224, height: 224 } });
    expect(pack).not.toHaveProperty('sureness');
  });

  it('prefer two towers to one piece, small ones to large ones, and take along only what they use', async () => {
    await folder({ ...clipFiles(), ...clipFiles({ whole: true }) });
    await copyFile(file('onnx/text_model.onnx'), file('onnx/text_model_quantized.onnx'));
    const pack = await models.importPack(join(dir, 'tiny'));
    expect(pack).toMatchObject({ precision: { text: 'q8', vision: 'fp32' } });
    expect(pack.files.map(({ name }) => name).filter((name) => name.startsWith('onnx/'))).toEqual([
      'onnx/vision_model.onnx',
      'onnx/text_model_quantized.onnx',
    ]);
  });

  it('take along weights that lie outside, and miss them', async () => {
    await folder({ ...clipFiles(), 'onnx/vision_model.onnx': withExternalData('vision_model.onnx_data', 0, 8) });
    const missing = { kind: 'invalid', message: expect.stringContaining('vision_model.onnx_data') };
    await expect(models.importPack(join(dir, 'tiny'))).rejects.toMatchObject(missing);
    await writeFile(file('onnx/vision_model.onnx_data'), '12345678');
    const { files } = await models.importPack(join(dir, 'tiny'));
    expect(files).toContainEqual(expect.objectContaining({ name: 'onnx/vision_model.onnx_data', bytes: 8 }));
  });
});

describe('SmolVLM and Florence-2', () => {
  it('say whether they do what they are told, and how many pictures they take', async () => {
    await folder(vlmFiles({ family: 'smolvlm' }));
    const smol = { task: 'image-to-text', family: 'smolvlm', follows: true, mostPictures: 8, contextTokens: 64 };
    expect(await models.importPack(join(dir, 'tiny'))).toMatchObject({ ...smol, inputSize: { width: 8, height: 8 } });
    await rm(join(dir, 'tiny'), { recursive: true });
    await folder(vlmFiles({ family: 'florence2' }));
    const florence = { task: 'image-to-text', family: 'florence2', follows: false, mostPictures: 1 };
    expect(await models.importPack(join(dir, 'tiny'))).toMatchObject(florence);
  });

  it('choose the smallest part that writes, and do without generation_config.json', async () => {
    await folder(vlmFiles({ family: 'smolvlm' }));
    for (const ending of ['_q4', '_quantized']) {
      await copyFile(file('onnx/decoder_model_merged.onnx'), file(`onnx/decoder_model_merged${ending}.onnx`));
    }
    await rm(file('generation_config.json'));
    const pack = await models.importPack(join(dir, 'tiny'));
    expect(pack).toMatchObject({ precision: { vision_encoder: 'fp32', decoder_model_merged: 'q4' } });
    expect(await models.verify('tiny')).toEqual({ ok: true });
  });
});

it('of other kinds are refused, with those that are supported', async () => {
  await folder(clipFiles());
  await edit('config.json', { model_type: 'blip', architectures: ['BlipForConditionalGeneration'] });
  await expect(models.importPack(join(dir, 'tiny'))).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(/config\.json is of a "blip"; supported are .*whisper.*siglip.*florence2/),
  });
});
