import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Fault } from '#runtime';
import { Config, choose, filesOf, json, type Precision, pictureSize, statedBy, weightsIn } from './hub-folder.ts';
import type { AnyPack } from './pack.ts';

/** Tells what pictures show (SmolVLM, Florence-2): several files, laid out as on the hub. */
export interface ImageToTextPack extends AnyPack {
  task: 'image-to-text';
  family: 'smolvlm' | 'florence2';
  /** Of its parts, by the names of their files. */
  precision: Record<string, Precision>;
  /** Pixels of the model's input. */
  inputSize: { width: number; height: number };
  /** What it can look back on, pictures and its own words included. */
  contextTokens: number;
  /** Whether it does what it is told; others only describe. */
  follows: boolean;
  /** Of more, it is shown the last. */
  mostPictures: number;
}

const FAMILIES = {
  smolvlm: {
    types: ['idefics3', 'smolvlm'],
    weights: ['vision_encoder', 'embed_tokens', 'decoder_model_merged'],
    texts: [
      'config.json',
      'preprocessor_config.json',
      'processor_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ],
    follows: true,
    mostPictures: 8,
  },
  florence2: {
    types: ['florence2'],
    weights: ['vision_encoder', 'embed_tokens', 'encoder_model', 'decoder_model_merged'],
    texts: ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json'],
    follows: false,
    mostPictures: 1,
  },
} as const;
type Family = keyof typeof FAMILIES;
/** Types of models that tell what pictures show. */
export const IMAGE_TO_TEXT: readonly string[] = [...FAMILIES.smolvlm.types, ...FAMILIES.florence2.types];

/** Models do well without it: then config.json says when they end. */
const OPTIONAL = 'generation_config.json';
/** The part that writes runs once for each word: small is quick. What sees and what reads runs once. */
const WRITER_FIRST = ['q4', 'q8', 'int8', 'uint8', 'bnb4', 'fp32', 'fp16', 'q4f16'] as const;
const USUAL_CONTEXT = 2048;

const Decoder = z.looseObject({
  text_config: z.looseObject({ max_position_embeddings: z.int().positive().optional() }).default({}),
});
const Tiles = z.looseObject({ max_image_size: z.looseObject({ longest_edge: z.int().positive() }) });

/** A pack in the hub's layout; `stated` is its `model.json`, where it has one. The weights aren't touched. */
export async function describeImageToText(dir: string, stated?: unknown): Promise<ImageToTextPack> {
  const manifest = statedBy(dir, stated);
  const config = await json(dir, 'config.json', Config);
  const family = familyOf(config.model_type);
  if (!family) {
    const where = join(dir, 'config.json');
    throw new Fault('invalid', `${where} is of a "${config.model_type}"; supported are ${IMAGE_TO_TEXT.join(', ')}`);
  }
  const { weights: stems, texts, follows, mostPictures } = FAMILIES[family];
  const { text_config: text } = await json(dir, 'config.json', Decoder);
  const here = manifest?.files?.map(({ name }) => name) ?? (await weightsIn(dir));
  const hasOptional = manifest?.files
    ? here.includes(OPTIONAL)
    : (await stat(join(dir, OPTIONAL)).catch(() => undefined)) !== undefined;
  const precision: Record<string, Precision> = {};
  const weights = stems.map((stem) => {
    const chosen = stem.startsWith('decoder') ? choose(dir, here, stem, WRITER_FIRST) : choose(dir, here, stem);
    precision[stem] = chosen.precision;
    return chosen.file;
  });
  return {
    ...(await filesOf(dir, manifest, config, { here, weights, texts: hasOptional ? [...texts, OPTIONAL] : texts })),
    task: 'image-to-text',
    family,
    precision,
    inputSize: family === 'smolvlm' ? await tileSize(dir) : await pictureSize(dir),
    contextTokens: text.max_position_embeddings ?? USUAL_CONTEXT,
    follows,
    mostPictures,
  };
}

function familyOf(modelType: string): Family | undefined {
  const isOf = (family: Family) => FAMILIES[family].types.some((type) => type === modelType);
  return isOf('smolvlm') ? 'smolvlm' : isOf('florence2') ? 'florence2' : undefined;
}

/** A picture is shown to the model in one piece, however large the pieces together could be. */
async function tileSize(dir: string): Promise<{ width: number; height: number }> {
  const { longest_edge: side } = (await json(dir, 'preprocessor_config.json', Tiles)).max_image_size;
  return { width: side, height: side };
}
