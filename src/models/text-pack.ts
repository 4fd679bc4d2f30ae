import { join } from 'node:path';
import { z } from 'zod';
import { Config, choose, json, licenceIn, nameOf, Stated, weightsIn } from './hub-folder.ts';
import { check } from './manifest.ts';
import type { PackFile, TextPack } from './pack.ts';

/** Besides the weights, what a folder in the layout of the hub's chat models in ONNX must hold. */
const TEXTS = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'] as const;
/** Small and quick come first: a summary needn't be brilliant, but soon. */
const BEST_FIRST = ['q4', 'q8', 'int8', 'uint8', 'bnb4', 'fp32', 'fp16', 'q4f16'] as const;
const WRITERS = /(ForCausalLM|LMHeadModel)$/;
const USUAL_CONTEXT = 2048;

const Context = z.looseObject({
  max_position_embeddings: z.int().positive().optional(),
  n_positions: z.int().positive().optional(),
});

/** Whether the folder, in the hub's layout, holds a model that continues text. */
export async function isWriter(dir: string): Promise<boolean> {
  const { architectures } = await json(dir, 'config.json', Config);
  return architectures.some((name) => WRITERS.test(name));
}

/** A pack in the hub's layout; `stated` is its `model.json`, where it has one. The weights aren't touched. */
export async function describeText(dir: string, stated?: unknown): Promise<TextPack> {
  const manifest = stated === undefined ? undefined : check(Stated, stated, join(dir, 'model.json'));
  const config = await json(dir, 'config.json', Config);
  const { max_position_embeddings: positions, n_positions: older } = await json(dir, 'config.json', Context);
  const here = manifest?.files?.map(({ name }) => name) ?? (await weightsIn(dir));
  const { file, precision } = choose(dir, here, 'model', BEST_FIRST);
  const outside = here.filter((name) => name.startsWith(`${file}_data`));
  const known = new Map(manifest?.files?.map((one) => [one.name, one]));
  const files = [file, ...outside, ...TEXTS].map((name): PackFile => known.get(name) ?? { name, bytes: 0, sha256: '' });
  return {
    name: manifest?.name ?? nameOf(dir, config._name_or_path),
    task: 'text-generation',
    dir,
    file: join(dir, file),
    files,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    licence: manifest?.licence ?? (await licenceIn(dir)),
    labels: [],
    precision,
    outside: outside.length,
    contextTokens: positions ?? older ?? USUAL_CONTEXT,
  };
}
