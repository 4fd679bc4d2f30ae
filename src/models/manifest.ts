import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { Fault } from '#runtime';

/** What models are for, as `model.json` and the catalogue say it. */
export const TASKS = [
  'object-detection',
  'face-detection',
  'person-embedding',
  'text-detection',
  'text-recognition',
  'image-embedding',
  'voice-activity',
  'audio-classification',
  'speech-recognition',
  'text-generation',
  'image-text',
  'image-to-text',
] as const;
export type ModelTask = (typeof TASKS)[number];

/** Names become file names: no separators, no leading dot. */
export const plainName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be a plain name without a path');
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');

/** A file's name, and perhaps a remark in parentheses after it. */
const fileAndRemark = z
  .string()
  .transform((text) => text.replace(/\s+\(.*\)$/, ''))
  .pipe(plainName);

const Identity = z.looseObject({ name: plainName, task: z.string() });

const Manifest = Identity.extend({
  family: z.string().optional(),
  file: plainName,
  bytes: z.int().positive().optional(),
  sha256: sha256Hex.optional(),
  licence: z.string().default('not stated'),
  labels: z.union([fileAndRemark, z.array(z.string().min(1)).min(1)]).optional(),
  inputSize: z.object({ width: z.int().positive(), height: z.int().positive() }).optional(),
  inputs: z.record(z.string(), z.string()).default({}),
  outputs: z.record(z.string(), z.string()).default({}),
});
/** `model.json` of a pack with one file of weights. */
export type Manifest = z.infer<typeof Manifest>;

/** What `model.json` holds, other people's keys included, and what it is for. Throws `invalid` when it says neither. */
export async function readManifest(dir: string): Promise<{ task: ModelTask; json: Record<string, unknown> }> {
  const where = join(dir, 'model.json');
  const json = check(Identity, parseJson(await readText(dir, 'model.json'), where), where);
  return { task: taskOf(json), json };
}

/** Throws `invalid` with each key that is wrong. A pack for another task may look otherwise. */
export function oneFileManifest(json: unknown, dir: string): Manifest {
  return check(Manifest, json, join(dir, 'model.json'));
}

/** Throws `invalid`, naming the file, unless it can be read as text. */
export async function readText(dir: string, name: string): Promise<string> {
  try {
    return await readFile(join(dir, name), 'utf8');
  } catch (error) {
    const what = 'a pack is a folder with model.json, weights, labels';
    throw new Fault('invalid', `${join(dir, name)} can't be read: ${what}`, { cause: error });
  }
}

export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Fault('invalid', `${where} is not JSON`, { cause: error });
  }
}

/** Throws `invalid` with each key that is wrong. */
export function check<T>(schema: z.ZodType<T>, json: unknown, where: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`);
  throw new Fault('invalid', `${where}: ${problems.join('; ')}`);
}

/** The names of what a model tells apart; none where `model.json` states none. */
export async function labelsOf({ name, task, labels }: Manifest, dir: string): Promise<string[]> {
  if (labels === undefined) return [];
  if (Array.isArray(labels)) return labels;
  const lines = (await readText(dir, labels)).split(/\r?\n/);
  // Of an alphabet a line is a character, and one may be a space.
  const texts =
    task === 'text-recognition'
      ? lines.filter((line) => line !== '')
      : lines.map((line) => line.trim()).filter((line) => line !== '');
  const found = labels.endsWith('.csv') ? lastColumn(texts) : texts;
  if (found.length > 0) return found;
  throw new Fault('invalid', `pack ${name}: ${basename(labels)} holds no labels`);
}

/** The class maps of AudioSet: a heading, then `index,mid,display name`, quoted where the name holds a comma. */
function lastColumn([, ...rows]: readonly string[]): string[] {
  return rows.map((row) => {
    const quoted = /"((?:[^"]|"")*)"$/.exec(row)?.[1];
    return (quoted?.replaceAll('""', '"') ?? row.slice(row.lastIndexOf(',') + 1)).toLowerCase();
  });
}

/** Of a model that is good for several things, the first. */
function taskOf({ name, task }: z.infer<typeof Identity>): ModelTask {
  const stated = task.split(',').map((one) => one.trim());
  const known = TASKS.find((candidate) => stated.includes(candidate));
  if (known) return known;
  throw new Fault('invalid', `pack ${name} is for "${task}"; this version uses ${TASKS.join(', ')}`);
}
