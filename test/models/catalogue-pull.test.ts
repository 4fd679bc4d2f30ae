import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelLibrary, readCatalogue } from '#models';
import { haveReferences, modelDir, skipNote } from '../inference/references.ts';
import { tinyModel } from '../inference/tiny-onnx.ts';
import { hubLayout } from './hub-layout.ts';
import { serveHub } from './hub-server.ts';
import { serve } from './tiny-pull.ts';

const { packs } = await readCatalogue();
const repositories = packs.filter((pack) => 'repo' in pack);

/** What the texts of a repository say of its model, as far as it matters for taking it in. */
const CONFIGS: Record<string, unknown> = {
  dfine: { model_type: 'd_fine', architectures: ['DFineForObjectDetection'], id2label: { 0: 'person' } },
  rtdetr: { model_type: 'rt_detr', architectures: ['RTDetrForObjectDetection'], id2label: { 0: 'person' } },
  clip: { model_type: 'clip', architectures: ['CLIPModel'] },
  siglip: { model_type: 'siglip', architectures: ['SiglipModel'] },
  smolvlm: { model_type: 'idefics3', architectures: ['Idefics3ForConditionalGeneration'] },
  florence2: { model_type: 'florence2', architectures: ['Florence2ForConditionalGeneration'] },
  smollm2: { model_type: 'llama', architectures: ['LlamaForCausalLM'] },
};
const TEXTS: Record<string, unknown> = {
  'preprocessor_config.json': { size: { width: 64, height: 64 }, max_image_size: { longest_edge: 64 } },
  'tokenizer.json': {},
  'tokenizer_config.json': {},
  'processor_config.json': {},
  'generation_config.json': {},
};

/** Such a repository with tiny weights. */
function repository(name: string, files: readonly string[]): Record<string, Buffer | string> {
  const config = CONFIGS[name.split('-')[0] ?? ''];
  const texts: Record<string, unknown> = config === undefined ? hubLayout() : { ...TEXTS, 'config.json': config };
  return Object.fromEntries(
    files.map((file) => {
      const text = texts[file] ?? '';
      return [file, file.endsWith('.onnx') ? tinyModel() : typeof text === 'string' ? text : JSON.stringify(text)];
    }),
  );
}

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-catalogue-'));
});
afterEach(() => rm(dir, { recursive: true }));

describe('packs of several files', () => {
  it.each(repositories)('$name: its files are those which its kind of model needs', async (entry) => {
    await using hub = await serveHub(repository(entry.name, entry.files));
    if (entry.revision !== 'main') hub.commit = entry.revision;
    const library = await ModelLibrary.open(dir, pino({ level: 'silent' }));
    const { signal } = new AbortController();
    const pack = await library.pull(entry.name, { signal, env: { HF_ENDPOINT: hub.url } });
    expect(pack).toMatchObject({ name: entry.name, task: entry.task, licence: entry.licence });
    expect(pack.files.map(({ name }) => name).sort()).toEqual([...entry.files].sort());
    const lock = JSON.parse(await readFile(join(dir, 'models.lock.json'), 'utf8'));
    expect(lock.packs[entry.name].commit).toBe(hub.commit);
    expect(await library.verify(entry.name)).toEqual({ ok: true });
    expect(library.forTask(entry.task)).toHaveLength(1);
  });
});

/** The default detector lies beside the repository in another export. */
const singles = packs.filter((pack) => 'url' in pack && pack.name !== 'yolox-nano');
describe.skipIf(!haveReferences)(`packs of one file${skipNote}`, () => {
  it.each(singles)('$name: what is pulled is what is imported from a folder', async ({ name, task }) => {
    expect(existsSync(modelDir(name))).toBe(true);
    const { file } = JSON.parse(await readFile(join(modelDir(name), 'model.json'), 'utf8'));
    const weights = await readFile(join(modelDir(name), file));
    await using server = await serve((_request, response) => {
      response.end(weights);
    });
    const open = (at: string) => ModelLibrary.open(join(dir, at), pino({ level: 'silent' }));
    const { signal } = new AbortController();
    const pulled = await (await open('pulled')).pull(name, { signal, from: server.url, env: {} });
    const imported = await (await open('imported')).importPack(modelDir(name));
    const { dir: _dir, file: _file, files, ...facts } = imported;
    expect(pulled).toMatchObject({ ...facts, task });
    expect(pulled.files.map(({ sha256 }) => sha256)).toEqual(files.map(({ sha256 }) => sha256));
  });
});
