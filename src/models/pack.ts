import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#runtime';
import { describeDetector } from './detector-pack.ts';
import { hashFile } from './digest.ts';
import { isHubLayout, type Precision } from './hub-folder.ts';
import { describeHubs } from './hub-packs.ts';
import { describeImageText, type ImageTextPack } from './image-text-pack.ts';
import { describeImageToText, type ImageToTextPack } from './image-to-text-pack.ts';
import { labelsOf, type Manifest, type ModelTask, oneFileManifest, readManifest } from './manifest.ts';
import { describeSpeech } from './speech-pack.ts';
import { describeText } from './text-pack.ts';

export const FAMILIES = ['yolox', 'deim', 'fastestdet', 'detr'] as const;
/** How a detector wants its picture and how its answer is read. */
export type ModelFamily = (typeof FAMILIES)[number];

/** One file that a pack can't do without. */
export interface PackFile {
  /** Within the pack's folder, with forward slashes. */
  name: string;
  /** 0 where it isn't stated. */
  bytes: number;
  /** Empty where it isn't stated. */
  sha256: string;
}

/** What all packs have. */
export interface AnyPack {
  name: string;
  /** Absolute. */
  dir: string;
  /** The weights (of several files the first); absolute. */
  file: string;
  /** What is checked: sizes always, content when it is verified. */
  files: PackFile[];
  /** Of all files. */
  bytes: number;
  licence: string;
  labels: string[];
}

/** Finds things in pictures. */
export interface DetectorPack extends AnyPack {
  task: 'object-detection';
  family: ModelFamily;
  /** Pixels of the model's input. */
  inputSize: { width: number; height: number };
  /** What becomes of a value 0–255 (`(value * scale - mean) / deviation`), where a pack says so itself. */
  pixels?: { scale: number; mean: Triple; deviation: Triple };
}
type Triple = readonly [number, number, number];

/** Finds faces (UltraFace's). How pictures are fed to it stands in the model itself, as with the other small ones. */
export interface FacePack extends AnyPack {
  task: 'face-detection';
}

/** Tells whether a person is the same again (OpenVINO's person-reidentification). */
export interface PersonPack extends AnyPack {
  task: 'person-embedding';
}

/** Finds where something is written (PaddleOCR's DB). */
export interface TextFinderPack extends AnyPack {
  task: 'text-detection';
}

/** Reads a line of text (PaddleOCR's CRNN); labels are the characters it knows, in its order. */
export interface TextReaderPack extends AnyPack {
  task: 'text-recognition';
}

/** Tells how alike pictures are (a classifier's last layer); labels are what the classifier names, if it does. */
export interface PicturePack extends AnyPack {
  task: 'image-embedding';
}

/** Tells speech from everything else, 32 ms at a time (Silero's). */
export interface VoicePack extends AnyPack {
  task: 'voice-activity';
}

/** Names sounds (YAMNet's); labels are AudioSet's display names in lower case. */
export interface SoundPack extends AnyPack {
  task: 'audio-classification';
}

/** Writes down speech: several files, laid out as on the hub. */
export interface SpeechPack extends AnyPack {
  task: 'speech-recognition';
  family: 'whisper';
  precision: { encoder: Precision; decoder: Precision };
  /** What the model hears at once. */
  windowMs: number;
  multilingual: boolean;
}

/** Goes on writing where a text ends: several files, laid out as on the hub. */
export interface TextPack extends AnyPack {
  task: 'text-generation';
  precision: Precision;
  /** Files in which the weights lie, beside the one that names them. */
  outside: number;
  /** What it can look back on, its own words included. */
  contextTokens: number;
}

/** Names of a detector's outputs, in the order of the alphabet. */
const BY_OUTPUTS: Record<string, ModelFamily> = {
  output: 'yolox',
  'boxes,labels,scores': 'deim',
  'logits,pred_boxes': 'detr',
};

/** Their answers are numbers of labels. */
const NEED_LABELS: readonly ModelTask[] = ['object-detection', 'audio-classification', 'text-recognition'];

/** A model with what is needed to use it: a folder with `model.json` and the weights. */
export type ModelPack =
  | DetectorPack
  | FacePack
  | PersonPack
  | TextFinderPack
  | TextReaderPack
  | PicturePack
  | VoicePack
  | SoundPack
  | SpeechPack
  | TextPack
  | ImageTextPack
  | ImageToTextPack;

/** What `model.json` and what it names say. The weights aren't touched. */
export async function describePack(dir: string): Promise<ModelPack> {
  if (await isHubLayout(dir)) return describeHubs(dir);
  const { task, json } = await readManifest(dir);
  if (task === 'speech-recognition') return describeSpeech(dir, json);
  if (task === 'text-generation') return describeText(dir, json);
  if (task === 'image-text') return describeImageText(dir, json);
  if (task === 'object-detection' && json['file'] === undefined) return describeDetector(dir, json);
  if (task === 'image-to-text') return describeImageToText(dir, json);
  const manifest = oneFileManifest(json, dir);
  const { name, file, bytes = 0, sha256 = '', licence } = manifest;
  const labels = await labelsOf(manifest, dir);
  const pack = { name, dir, file: join(dir, file), files: [{ name: file, bytes, sha256 }], bytes, licence, labels };
  if (NEED_LABELS.includes(task) && labels.length === 0) {
    throw new Fault('invalid', `pack ${name}: model.json needs labels`);
  }
  if (task !== 'object-detection') return { ...pack, task };
  return { ...pack, task, family: familyOf(manifest), inputSize: inputSizeOf(manifest) };
}

/** Throws `invalid`, naming the file, unless all are there with the stated sizes; returns them with their sizes. Doesn't hash. */
export async function checkFiles({ dir, files }: Pick<ModelPack, 'dir' | 'files'>): Promise<PackFile[]> {
  const checked: PackFile[] = [];
  // One after the other: of several that are wrong the first is named, always the same.
  for (const file of files) {
    const found = await sizeOf(join(dir, file.name));
    if (file.bytes !== 0 && file.bytes !== found) {
      const path = join(dir, file.name);
      throw new Fault('invalid', `${path} has ${found} bytes where model.json says ${file.bytes}: copy it again`);
    }
    checked.push({ ...file, bytes: found });
  }
  return checked;
}

/** With the sizes and SHA-256s that the files have. Throws `invalid`, naming the file in `shownDir`, when they aren't those stated. */
export async function hashedFiles(pack: ModelPack, shownDir: string = pack.dir): Promise<PackFile[]> {
  const files = await checkFiles(pack);
  for (const file of files) {
    const sha256 = await hashFile(join(pack.dir, file.name));
    if (file.sha256 !== '' && file.sha256 !== sha256) {
      throw new Fault(
        'invalid',
        `${join(shownDir, file.name)} has sha256 ${sha256} where model.json says ${file.sha256}`,
      );
    }
    file.sha256 = sha256;
  }
  return files;
}

async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (found.isFile()) return found.size;
  } catch (error) {
    throw new Fault('invalid', `${file}, which the pack needs, is missing`, { cause: error });
  }
  throw new Fault('invalid', `${file}, which the pack needs, is not a file`);
}

/** Packs from elsewhere don't say their family; their outputs and names do. */
function familyOf(manifest: Manifest): ModelFamily {
  const outputs = Object.keys(manifest.outputs).sort().join();
  const stated = manifest.family ?? BY_OUTPUTS[outputs] ?? FAMILIES.find((family) => manifest.name.startsWith(family));
  const known = FAMILIES.find((family) => family === stated);
  if (known) return known;
  throw new Fault(
    'invalid',
    `pack ${manifest.name}: family "${stated ?? 'not stated'}" is not supported; supported are ${FAMILIES.join(', ')}`,
  );
}

/** Stated, or read from the first four-dimensional input, e.g. `float32 [1,3,416,416]`. */
function inputSizeOf({ name, inputSize, inputs }: Manifest): { width: number; height: number } {
  if (inputSize) return inputSize;
  for (const shape of Object.values(inputs)) {
    const size = /\[\s*\w+\s*,\s*3\s*,\s*(\d+)\s*,\s*(\d+)\s*\]/.exec(shape);
    if (size) return { width: Number(size[2]), height: Number(size[1]) };
  }
  throw new Fault('invalid', `pack ${name}: model.json needs inputSize {"width","height"}`);
}
