import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelLibrary } from '#models';
import { tinyModel } from '../inference/tiny-onnx.ts';
import { hubLayout, withExternalData, writeFiles } from './hub-layout.ts';

const quiet = pino({ level: 'silent' });

let dir: string;
let models: ModelLibrary;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-speech-'));
  models = await ModelLibrary.open(join(dir, 'models'), quiet);
});
afterEach(() => rm(dir, { recursive: true }));

const source = () => join(dir, 'whisper-tiny.en');
const card = '---\nlanguage: en\nlicense: apache-2.0\n---\nA model.\n';

describe('a folder in the hub’s layout', () => {
  it('imports without model.json, and remembers each file', async () => {
    await writeFiles(source(), { ...hubLayout(), 'README.md': card, 'flax_model.msgpack': 'not needed' });
    const pack = await models.importPack(source());
    expect(pack).toMatchObject({
      name: 'whisper-tiny.en',
      task: 'speech-recognition',
      licence: 'apache-2.0',
      precision: { encoder: 'fp32', decoder: 'fp32' },
      windowMs: 30_000,
      multilingual: false,
    });
    expect((await readdir(pack.dir)).sort()).toEqual(
      [
        'README.md',
        'config.json',
        'generation_config.json',
        'model.json',
        'onnx',
        'preprocessor_config.json',
        'tokenizer.json',
        'tokenizer_config.json',
      ].sort(),
    );
    const written = JSON.parse(await readFile(join(pack.dir, 'model.json'), 'utf8'));
    expect(written.files).toHaveLength(7);
    expect(written.files[0]).toEqual({
      name: 'onnx/encoder_model.onnx',
      bytes: tinyModel().length,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await models.verify('whisper-tiny.en')).toEqual({ ok: true });
    const again = await ModelLibrary.open(join(dir, 'models'), quiet);
    expect(again.forTask('speech-recognition')).toEqual([pack]);
  });

  it('takes one pair of several precisions, 8 bits first', async () => {
    await writeFiles(source(), {
      ...hubLayout(),
      'onnx/encoder_model_quantized.onnx': tinyModel(),
      'onnx/decoder_model_merged_quantized.onnx': tinyModel(),
      'onnx/decoder_model_merged_q4.onnx': tinyModel(),
    });
    const pack = await models.importPack(source());
    expect(pack).toMatchObject({ precision: { encoder: 'q8', decoder: 'q8' } });
    expect((await readdir(join(pack.dir, 'onnx'))).sort()).toEqual([
      'decoder_model_merged_quantized.onnx',
      'encoder_model_quantized.onnx',
    ]);
  });

  it('is named by its configuration where the folder’s name says nothing', async () => {
    const pack = await models.importPack(await writeFiles(join(dir, 'model'), hubLayout()));
    expect(pack.name).toBe('whisper-tiny.en');
    const cached = join(dir, 'models--onnx-community--whisper-base', 'snapshots', 'f'.repeat(40));
    expect((await models.importPack(await writeFiles(cached, hubLayout()))).name).toBe('whisper-base');
  });

  it('keeps weights that lie in a file of their own', async () => {
    await writeFiles(source(), {
      ...hubLayout(),
      'onnx/encoder_model.onnx': withExternalData('encoder_model.onnx_data', 64, 4096),
      'onnx/encoder_model.onnx_data': Buffer.alloc(4160),
    });
    const pack = await models.importPack(source());
    expect(pack.files.map(({ name }) => name)).toContain('onnx/encoder_model.onnx_data');
    expect(await models.verify(pack.name)).toEqual({ ok: true });
  });

  it('is best when it is largest', async () => {
    await models.importPack(await writeFiles(join(dir, 'whisper-a'), hubLayout()));
    const larger = { ...hubLayout(), 'tokenizer.json': JSON.stringify({ model: 'x'.repeat(1000) }) };
    await models.importPack(await writeFiles(join(dir, 'whisper-b'), larger));
    expect(models.forTask('speech-recognition').map(({ name }) => name)).toEqual(['whisper-b', 'whisper-a']);
    expect(models.forTask('voice-activity')).toEqual([]);
  });
});

describe('what is missing or broken is named', () => {
  it.each(Object.keys(hubLayout()))('%s missing', async (name) => {
    const { [name]: _, ...rest } = hubLayout();
    // Without config.json the folder isn't recognised at all.
    const problem = name === 'config.json' ? 'model.json' : name;
    await expect(models.importPack(await writeFiles(source(), rest))).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining(problem),
    });
    expect(await readdir(join(dir, 'models'))).toEqual([]);
  });

  it.each(Object.keys(hubLayout()))('%s truncated', async (name) => {
    await writeFiles(source(), hubLayout());
    const size = Buffer.from(hubLayout()[name] ?? '').length;
    for (const left of [size - 1, Math.floor(size / 2), 1, 0]) {
      await truncate(join(source(), name), left);
      await expect(models.importPack(source()), `${left} of ${size} bytes`).rejects.toMatchObject({
        kind: 'invalid',
        message: expect.stringContaining(name),
      });
    }
  });

  it.each([
    [
      'onnx/encoder_model.onnx',
      'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n',
      /pointer of Git LFS/,
    ],
    ['onnx/encoder_model.onnx', 'PK\u0003\u0004 something else', /encoder_model\.onnx is no/],
    ['config.json', JSON.stringify({ model_type: 'wav2vec2' }), /is of a "wav2vec2"; supported are whisper/],
    ['config.json', '[]', /config\.json: it: /],
    ['preprocessor_config.json', JSON.stringify({ sampling_rate: 8000, chunk_length: 30 }), /must be 16000/],
    ['generation_config.json', '{}', /generation_config\.json: no_timestamps_token_id/],
  ])('%s: %s', async (name, content, problem) => {
    await writeFiles(source(), { ...hubLayout(), [name]: content });
    await expect(models.importPack(source())).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(problem),
    });
  });

  it.each([
    ['missing', undefined],
    ['truncated', Buffer.alloc(4159)],
  ])('weights in a file of their own: %s', async (what, data) => {
    await writeFiles(source(), {
      ...hubLayout(),
      'onnx/encoder_model.onnx': withExternalData('encoder_model.onnx_data', 64, 4096),
      ...(data ? { 'onnx/encoder_model.onnx_data': data } : {}),
    });
    await expect(models.importPack(source())).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(`encoder_model\\.onnx_data.* is ${what}`),
    });
  });

  it('what model.json says must be there with that hash, inside the folder', async () => {
    const imported = await models.importPack(await writeFiles(source(), hubLayout()));
    const stated = JSON.parse(await readFile(join(imported.dir, 'model.json'), 'utf8'));
    const other = join(dir, 'other');
    await writeFiles(other, { ...hubLayout(), 'model.json': JSON.stringify(stated) });
    await writeFile(join(other, 'tokenizer.json'), hubLayout()['tokenizer.json']?.toString().replace('{', '[') ?? '');
    await expect(models.importPack(other)).rejects.toMatchObject({
      message: expect.stringContaining('tokenizer.json'),
    });
    await writeFile(join(other, 'tokenizer.json'), JSON.stringify({ model: { vocbb: {} } }));
    await expect(models.importPack(other)).rejects.toMatchObject({
      message: expect.stringMatching(/other\/tokenizer\.json has sha256 .* where model\.json says/),
    });
    stated.files[0].name = 'onnx/../../../encoder_model.onnx';
    await writeFile(join(other, 'model.json'), JSON.stringify(stated));
    await expect(models.importPack(other)).rejects.toMatchObject({
      message: expect.stringMatching(/files\.0\.name: must be a path within the folder/),
    });
    expect(await models.verify(imported.name)).toEqual({ ok: true });
  });

  it('notices later damage: size at once, content when verified', async () => {
    const pack = await models.importPack(await writeFiles(source(), hubLayout()));
    await writeFile(join(pack.dir, 'onnx/decoder_model_merged.onnx'), Buffer.alloc(tinyModel(9).length));
    expect(await models.verify(pack.name)).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/decoder_model_merged\.onnx has sha256/),
    });
    await truncate(join(pack.dir, 'onnx/decoder_model_merged.onnx'), 10);
    await models.refresh();
    expect(models.forTask('speech-recognition')).toEqual([]);
    expect(models.list()[0]?.problem).toMatch(/decoder_model_merged\.onnx has 10 bytes/);
    await rm(join(pack.dir, 'onnx/encoder_model.onnx'));
    await models.refresh();
    expect(models.list()[0]?.problem).toMatch(/encoder_model\.onnx, which the pack needs, is missing/);
  });
});
