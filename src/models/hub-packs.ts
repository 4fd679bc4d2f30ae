import { join } from 'node:path';
import { Fault } from '#runtime';
import { DETECTORS, describeDetector, isDetector } from './detector-pack.ts';
import { hubType } from './hub-folder.ts';
import { describeImageText, IMAGE_TEXT } from './image-text-pack.ts';
import { describeImageToText, IMAGE_TO_TEXT } from './image-to-text-pack.ts';
import type { ModelPack } from './pack.ts';
import { describeSpeech } from './speech-pack.ts';
import { describeText, isWriter } from './text-pack.ts';

/** A folder as the hub lays it out, without `model.json`: what it is for stands in its config.json. Throws `invalid` when that is nothing that can be used. */
export async function describeHubs(dir: string): Promise<ModelPack> {
  const type = await hubType(dir);
  if (type === 'whisper') return describeSpeech(dir);
  if (IMAGE_TEXT.includes(type)) return describeImageText(dir);
  if (IMAGE_TO_TEXT.includes(type)) return describeImageToText(dir);
  if (await isDetector(dir)) return describeDetector(dir);
  if (await isWriter(dir)) return describeText(dir);
  const known = ['whisper', ...DETECTORS, ...IMAGE_TEXT, ...IMAGE_TO_TEXT].join(', ');
  const where = join(dir, 'config.json');
  throw new Fault('invalid', `${where} is of a "${type}"; supported are ${known}, and models that continue text`);
}
