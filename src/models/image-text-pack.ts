import { join } from 'node:path';
import { z } from 'zod';
import { Fault } from '#runtime';
import { Config, choose, filesOf, json, type Precision, pictureSize, statedBy, weightsIn } from './hub-folder.ts';
import type { AnyPack } from './pack.ts';

/** Puts pictures and texts into one space (CLIP's, SigLIP's): several files, laid out as on the hub. */
export interface ImageTextPack extends AnyPack {
  task: 'image-text';
  family: 'clip' | 'siglip';
  /** Of its two towers, or of both in one. */
  precision: { text: Precision; vision: Precision } | { whole: Precision };
  /** Pixels of the model's input. */
  inputSize: { width: number; height: number };
  /** What it reads of a text. */
  contextTokens: number;
  /** How likeness becomes certainty, as trained; undefined where the folder doesn't say. */
  sureness?: { scale: number; bias: number };
}

/** Besides the weights, what a folder in the layout of the hub's CLIP and SigLIP models must hold. */
const TEXTS = ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json'] as const;
const FAMILIES = ['clip', 'siglip'] as const;
/** Types of models that put pictures and texts into one space. */
export const IMAGE_TEXT: readonly string[] = FAMILIES;
/** Tokens that the models' makers chose, where config.json doesn't say. */
const USUAL_CONTEXT = { clip: 77, siglip: 64 };

const Towers = z.looseObject({
  text_config: z.looseObject({ max_position_embeddings: z.int().positive().optional() }).default({}),
  /** Parameters of the model as it was trained, which exports leave out of the towers: natural logarithm, and an offset. */
  logit_scale: z.number().max(10).optional(),
  logit_bias: z.number().optional(),
});

/** A pack in the hub's layout, of two towers or in one piece; `stated` is its `model.json`, where it has one. The weights aren't touched. */
export async function describeImageText(dir: string, stated?: unknown): Promise<ImageTextPack> {
  const manifest = statedBy(dir, stated);
  const config = await json(dir, 'config.json', Config);
  const family = FAMILIES.find((known) => known === config.model_type);
  if (!family) {
    const where = join(dir, 'config.json');
    throw new Fault('invalid', `${where} is of a "${config.model_type}"; supported are ${FAMILIES.join(', ')}`);
  }
  const { text_config: text, logit_scale, logit_bias } = await json(dir, 'config.json', Towers);
  const here = manifest?.files?.map(({ name }) => name) ?? (await weightsIn(dir));
  const { weights, precision } = weightsOf(dir, here);
  return {
    ...(await filesOf(dir, manifest, config, { here, weights, texts: TEXTS })),
    task: 'image-text',
    family,
    precision,
    inputSize: await pictureSize(dir),
    contextTokens: text.max_position_embeddings ?? USUAL_CONTEXT[family],
    ...(logit_scale === undefined ? {} : { sureness: { scale: Math.exp(logit_scale), bias: logit_bias ?? 0 } }),
  };
}

/** Two towers are quicker than one model that always wants both a picture and a text. */
function weightsOf(dir: string, here: readonly string[]): { weights: string[]; precision: ImageTextPack['precision'] } {
  const isWhole = (name: string) => /^onnx\/model(_\w+)?\.onnx$/.test(name);
  const isTower = (name: string) => /^onnx\/(text|vision)_model(_\w+)?\.onnx$/.test(name);
  if (!here.some(isTower) && here.some(isWhole)) {
    const whole = choose(dir, here, 'model');
    return { weights: [whole.file], precision: { whole: whole.precision } };
  }
  const vision = choose(dir, here, 'vision_model');
  const text = choose(dir, here, 'text_model');
  const precision: { text: Precision; vision: Precision } = { text: text.precision, vision: vision.precision };
  return { weights: [vision.file, text.file], precision };
}
