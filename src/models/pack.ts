import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { Fault } from '#runtime';

export const TASKS = ['object-detection'] as const;
export const FAMILIES = ['yolox', 'deim'] as const;
export type ModelTask = (typeof TASKS)[number];
/** How a model wants its picture and how its answer is read. */
export type ModelFamily = (typeof FAMILIES)[number];

/** A model with what is needed to use it: a folder with `model.json`, the weights and the labels. */
export interface ModelPack {
  name: string;
  task: ModelTask;
  family: ModelFamily;
  /** Absolute. */
  dir: string;
  /** The weights; absolute. */
  file: string;
  labels: string[];
  /** Pixels of the model's input. */
  inputSize: { width: number; height: number };
  sha256: string;
  bytes: number;
  licence: string;
}

/** Names become file names: no separators, no leading dot. */
const plainName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be a plain name without a path');

const Identity = z.looseObject({ name: plainName, task: z.string() });

const Manifest = Identity.extend({
  family: z.string().optional(),
  file: plainName,
  bytes: z.int().positive().optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')
    .optional(),
  licence: z.string().default('not stated'),
  labels: z.union([plainName, z.array(z.string().min(1)).min(1)]),
  inputSize: z.object({ width: z.int().positive(), height: z.int().positive() }).optional(),
  inputs: z.record(z.string(), z.string()).default({}),
  outputs: z.record(z.string(), z.string()).default({}),
});
type Manifest = z.infer<typeof Manifest>;

/** The manifest as it is, other people's keys included. */
export async function readManifest(dir: string): Promise<Manifest> {
  return parseManifest(await readText(dir, 'model.json'), dir);
}

/** What `model.json` and the labels say; `sha256` is empty and `bytes` 0 where they aren't stated. The weights aren't touched. */
export async function describePack(dir: string): Promise<ModelPack> {
  const manifest = await readManifest(dir);
  return {
    name: manifest.name,
    task: taskOf(manifest),
    family: familyOf(manifest),
    dir,
    file: join(dir, manifest.file),
    labels: await labelsOf(manifest, dir),
    inputSize: inputSizeOf(manifest),
    sha256: manifest.sha256 ?? '',
    bytes: manifest.bytes ?? 0,
    licence: manifest.licence,
  };
}

/** Throws `invalid` unless the weights are there with the stated size; returns their size. Doesn't hash. */
export async function checkWeights({ file, bytes }: ModelPack): Promise<number> {
  const found = await sizeOf(file);
  if (bytes === 0 || bytes === found) return found;
  throw new Fault('invalid', `${file} has ${found} bytes where model.json says ${bytes}: copy it again`);
}

/** SHA-256 of a file, in hex. */
export async function hashFile(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, signal ? { signal } : {});
  return hash.digest('hex');
}

async function readText(dir: string, name: string): Promise<string> {
  try {
    return await readFile(join(dir, name), 'utf8');
  } catch (error) {
    throw new Fault(
      'invalid',
      `${join(dir, name)} can't be read: a pack is a folder with model.json, weights, labels`,
      {
        cause: error,
      },
    );
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (found.isFile()) return found.size;
  } catch (error) {
    throw new Fault('invalid', `${file}, the weights that model.json names, is missing`, { cause: error });
  }
  throw new Fault('invalid', `${file}, the weights that model.json names, is not a file`);
}

function parseManifest(text: string, dir: string): Manifest {
  const where = join(dir, 'model.json');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Fault('invalid', `${where} is not JSON`, { cause: error });
  }
  // A pack for another task may look otherwise; that it is for another task is what its owner must hear.
  taskOf(parse(Identity, json, where));
  return parse(Manifest, json, where);
}

function parse<T>(schema: z.ZodType<T>, json: unknown, where: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`);
  throw new Fault('invalid', `${where}: ${problems.join('; ')}`);
}

function taskOf({ name, task }: z.infer<typeof Identity>): ModelTask {
  const known = TASKS.find((candidate) => candidate === task);
  if (known) return known;
  throw new Fault('invalid', `pack ${name} is for "${task}"; this version uses ${TASKS.join(', ')}`);
}

/** Packs from elsewhere don't say their family; their outputs and names do. */
function familyOf(manifest: Manifest): ModelFamily {
  const outputs = Object.keys(manifest.outputs).sort().join();
  const inferred = outputs === 'boxes,labels,scores' ? 'deim' : outputs === 'output' ? 'yolox' : undefined;
  const stated = manifest.family ?? inferred ?? FAMILIES.find((family) => manifest.name.startsWith(family));
  const known = FAMILIES.find((family) => family === stated);
  if (known) return known;
  throw new Fault(
    'invalid',
    `pack ${manifest.name}: family "${stated ?? 'not stated'}" is not supported; supported are ${FAMILIES.join(', ')}`,
  );
}

async function labelsOf({ name, labels }: Manifest, dir: string): Promise<string[]> {
  if (Array.isArray(labels)) return labels;
  const lines = (await readText(dir, labels)).split('\n').map((line) => line.trim());
  const found = lines.filter((line) => line !== '');
  if (found.length > 0) return found;
  throw new Fault('invalid', `pack ${name}: ${basename(labels)} holds no labels`);
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
