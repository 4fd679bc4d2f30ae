import { join } from 'node:path';
import { z } from 'zod';
import { Fault } from '#runtime';
import { Config, choose, filesOf, json, type Precision, pictureSize, statedBy, weightsIn } from './hub-folder.ts';
import type { DetectorPack } from './pack.ts';

/** Besides the weights, what a folder in the layout of the hub's D-FINE and RT-DETR models must hold. */
const TEXTS = ['config.json', 'preprocessor_config.json'] as const;
/** Types of models that find objects and can be read. */
export const DETECTORS: readonly string[] = ['d_fine', 'rt_detr', 'rt_detr_v2'];
const FINDERS = /ForObjectDetection$/;
/** Boxes suffer from coarse weights more than words do, and half floats are slow without an accelerator. */
const BEST_FIRST: readonly Precision[] = ['fp32', 'q8', 'int8', 'uint8', 'fp16', 'q4', 'bnb4', 'q4f16'];

/** Pascal's words for what COCO calls otherwise: models trained on COCO have one or the other. */
const COCOS: Record<string, string> = {
  motorbike: 'motorcycle',
  aeroplane: 'airplane',
  sofa: 'couch',
  pottedplant: 'potted plant',
  diningtable: 'dining table',
  tvmonitor: 'tv',
};

const Detr = z.looseObject({
  id2label: z.record(z.string().regex(/^\d+$/), z.string().min(1)),
  /** Trained with scores that are each their own; otherwise they share one, and the last class is "nothing". */
  use_focal_loss: z
    .literal(true, { error: 'only models trained with focal loss (sigmoid scores) can be read' })
    .default(true),
});
const three = z.tuple([z.number(), z.number(), z.number()]);
const deviation = z.number().positive();
/** Where a folder says nothing the pictures of these models are 0–1. */
const Pixels = z.looseObject({
  do_rescale: z.boolean().default(true),
  rescale_factor: z
    .number()
    .positive()
    .default(1 / 255),
  do_normalize: z.boolean().default(false),
  image_mean: three.default([0.485, 0.456, 0.406]),
  image_std: z.tuple([deviation, deviation, deviation]).default([0.229, 0.224, 0.225]),
});

/** Whether the folder, in the hub's layout, holds a model that finds objects, be it one that can be used or not. */
export async function isDetector(dir: string): Promise<boolean> {
  const { model_type: type, architectures } = await json(dir, 'config.json', Config);
  return DETECTORS.includes(type) || architectures.some((name) => FINDERS.test(name));
}

/** A pack in the hub's layout; `stated` is its `model.json`, where it has one. The weights aren't touched. */
export async function describeDetector(dir: string, stated?: unknown): Promise<DetectorPack> {
  const manifest = statedBy(dir, stated);
  const config = await json(dir, 'config.json', Config);
  if (!DETECTORS.includes(config.model_type)) {
    const where = join(dir, 'config.json');
    const why = `detectors that say "no object" by a class of its own, or aren't DETRs, can't be read`;
    throw new Fault(
      'invalid',
      `${where} is of a "${config.model_type}"; supported are ${DETECTORS.join(', ')}: ${why}`,
    );
  }
  const labels = await labelsIn(dir);
  const here = manifest?.files?.map(({ name }) => name) ?? (await weightsIn(dir));
  const { file } = choose(dir, here, 'model', BEST_FIRST);
  const known = await filesOf(dir, manifest, config, { here, weights: [file], texts: TEXTS });
  const pixels = await pixelsIn(dir);
  return { ...known, task: 'object-detection', family: 'detr', labels, inputSize: await pictureSize(dir), pixels };
}

async function labelsIn(dir: string): Promise<string[]> {
  const { id2label: names } = await json(dir, 'config.json', Detr);
  return Object.keys(names).map((_, i) => {
    const name = names[String(i)]?.trim().toLowerCase();
    if (name === undefined) throw new Fault('invalid', `${join(dir, 'config.json')}: id2label has no ${i}`);
    return COCOS[name] ?? name;
  });
}

async function pixelsIn(dir: string): Promise<NonNullable<DetectorPack['pixels']>> {
  const { do_rescale, rescale_factor, do_normalize, image_mean, image_std } = await json(
    dir,
    'preprocessor_config.json',
    Pixels,
  );
  const scale = do_rescale ? rescale_factor : 1;
  return do_normalize
    ? { scale, mean: image_mean, deviation: image_std }
    : { scale, mean: [0, 0, 0], deviation: [1, 1, 1] };
}
