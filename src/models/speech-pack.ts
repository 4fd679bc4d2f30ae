import { join } from 'node:path';
import { z } from 'zod';
import { Fault } from '#runtime';
import { Config, choose, json, licenceIn, nameOf, Stated, weightsIn } from './hub-folder.ts';
import { check } from './manifest.ts';
import type { PackFile, SpeechPack } from './pack.ts';

/** Besides the weights, what a folder in the layout of the hub's `onnx-community/whisper-*` must hold. */
const TEXTS = [
  'config.json',
  'generation_config.json',
  'preprocessor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
] as const;

/** The sampling rate of all sound in here. */
const RATE = 16_000;

const Whisper = z.looseObject({ max_source_positions: z.int().positive(), decoder_layers: z.int().positive() });
const Generation = z.looseObject({
  no_timestamps_token_id: z.int().positive(),
  is_multilingual: z.boolean().default(false),
});
const Preprocessor = z.looseObject({
  sampling_rate: z.literal(RATE, { error: `must be ${RATE}` }),
  chunk_length: z.number().positive(),
});

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
