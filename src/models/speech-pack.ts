import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { Fault } from '#runtime';
import { check, parseJson, plainName, readText, sha256Hex } from './manifest.ts';
import { checkOnnx } from './onnx-file.ts';
import type { PackFile, SpeechPack } from './pack.ts';

/** Besides the weights, what a folder in the layout of the hub's `onnx-community/whisper-*` must hold. */
const TEXTS = [
  'config.json',
  'generation_config.json',
  'preprocessor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
] as const;

/** Endings of weights as the hub's exports name them, and what they are called when they are loaded; the first that is there is taken. */
const PRECISIONS = {
  _quantized: 'q8',
  '': 'fp32',
  _int8: 'int8',
  _uint8: 'uint8',
  _q4: 'q4',
  _bnb4: 'bnb4',
  _fp16: 'fp16',
  _q4f16: 'q4f16',
} as const;
export type Precision = (typeof PRECISIONS)[keyof typeof PRECISIONS];

/** The sampling rate of all sound in here. */
const RATE = 16_000;

/** A path that doesn't lead out of the folder. */
const within = z.string().regex(/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/, 'must be a path within the folder');

const Stated = z.looseObject({
  name: plainName,
  licence: z.string().default('not stated'),
  files: z
    .array(z.object({ name: within, bytes: z.int().positive(), sha256: sha256Hex }))
    .min(1)
    .optional(),
});
const Config = z.looseObject({ model_type: z.string(), _name_or_path: z.string().optional() });
const Whisper = z.looseObject({ max_source_positions: z.int().positive(), decoder_layers: z.int().positive() });
const Generation = z.looseObject({
  no_timestamps_token_id: z.int().positive(),
  is_multilingual: z.boolean().default(false),
});
const Preprocessor = z.looseObject({
  sampling_rate: z.literal(RATE, { error: `must be ${RATE}` }),
  chunk_length: z.number().positive(),
});

/** Whether the folder looks as the hub lays models for speech out; only then it may lack `model.json`. */
export async function isHubLayout(dir: string): Promise<boolean> {
  const names: string[] = await readdir(dir).catch(() => []);
  return names.includes('config.json') && !names.includes('model.json');
}

/** A pack in the hub's layout; `stated` is its `model.json`, where it has one. The weights aren't touched. */
export async function describeSpeech(dir: string, stated?: unknown): Promise<SpeechPack> {
  const manifest = stated === undefined ? undefined : check(Stated, stated, join(dir, 'model.json'));
  const config = await json(dir, 'config.json', Config);
  if (config.model_type !== 'whisper') {
    throw new Fault('invalid', `${join(dir, 'config.json')} is of a "${config.model_type}"; supported are whisper`);
  }
  await json(dir, 'config.json', Whisper);
  const { is_multilingual: multilingual } = await json(dir, 'generation_config.json', Generation);
  const { chunk_length: seconds } = await json(dir, 'preprocessor_config.json', Preprocessor);
  const known = new Map(manifest?.files?.map((file) => [file.name, file]));
  const here = manifest?.files?.map(({ name }) => name) ?? (await weightsIn(dir));
  const encoder = choose(dir, here, 'encoder_model');
  const decoder = choose(dir, here, 'decoder_model_merged');
  const others = here.filter((name) => name.startsWith('onnx/') && name.includes('.onnx_data'));
  const names = [encoder.file, decoder.file, ...others, ...TEXTS];
  const files: PackFile[] = names.map((name) => known.get(name) ?? { name, bytes: 0, sha256: '' });
  return {
    name: manifest?.name ?? nameOf(dir, config._name_or_path),
    task: 'speech-recognition',
    family: 'whisper',
    dir,
    file: join(dir, encoder.file),
    files,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    licence: manifest?.licence ?? (await licenceIn(dir)),
    labels: [],
    precision: { encoder: encoder.precision, decoder: decoder.precision },
    windowMs: seconds * 1000,
    multilingual,
  };
}

/** Throws `invalid`, naming the file, when one isn't whole: what no size or hash is known of shows it by itself. */
export async function checkSpeech({ dir, files }: SpeechPack): Promise<void> {
  for (const { name } of files) {
    if (name.endsWith('.json')) parseJson(await readText(dir, name), `${join(dir, name)} (truncated?)`);
    if (!name.endsWith('.onnx')) continue;
    for (const { location, bytes } of await checkOnnx(join(dir, name))) {
      const path = join(dir, dirname(name), basename(location));
      const found = await stat(path).catch(() => undefined);
      if (!found) throw new Fault('invalid', `${path}, where ${name} keeps its weights, is missing`);
      if (found.size < bytes) throw new Fault('invalid', `${path} is truncated: ${found.size} of ${bytes} bytes`);
    }
  }
}

async function json<T>(dir: string, name: string, schema: z.ZodType<T>): Promise<T> {
  const where = join(dir, name);
  return check(schema, parseJson(await readText(dir, name), `${where} (truncated?)`), where);
}

async function weightsIn(dir: string): Promise<string[]> {
  const names: string[] = await readdir(join(dir, 'onnx')).catch(() => []);
  return names.map((name) => `onnx/${name}`);
}

function choose(dir: string, here: readonly string[], stem: string): { file: string; precision: Precision } {
  for (const [ending, precision] of Object.entries(PRECISIONS)) {
    const file = `onnx/${stem}${ending}.onnx`;
    if (here.includes(file)) return { file, precision };
  }
  throw new Fault('invalid', `${join(dir, 'onnx', `${stem}.onnx`)} is missing, and no quantised one is there either`);
}

/** The folder's, unless that says nothing: `model`, or a commit in the hub's own cache. */
function nameOf(dir: string, path = ''): string {
  const own = basename(resolve(dir));
  const cached = /models--.+?--([^/\\]+)[/\\]snapshots[/\\]/.exec(resolve(dir))?.[1];
  const telling = own === 'model' || /^[0-9a-f]{40}$/.test(own) ? (cached ?? basename(path)) : own;
  const name = plainName.safeParse(telling);
  if (name.success) return name.data;
  throw new Fault('invalid', `${dir}: give the folder the name that the pack shall have (letters, digits, . _ -)`);
}

/** As the card of a model on the hub states it. */
async function licenceIn(dir: string): Promise<string> {
  const card = await readText(dir, 'README.md').catch(() => '');
  const [, front = ''] = /^---\n([\s\S]*?)\n---/.exec(card) ?? [];
  return /^license:\s*["']?([\w.-]+)/m.exec(front)?.[1] ?? 'not stated';
}
