import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { Fault } from '#runtime';
import { check, parseJson, plainName, readText, sha256Hex } from './manifest.ts';
import { checkOnnx } from './onnx-file.ts';
import type { ModelPack, PackFile } from './pack.ts';

/** Endings of weights as the hub's exports name them, and what they are called when they are loaded. */
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

/** A path that doesn't lead out of the folder. */
const within = z.string().regex(/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/, 'must be a path within the folder');

export const Stated = z.looseObject({
  name: plainName,
  licence: z.string().default('not stated'),
  files: z
    .array(z.object({ name: within, bytes: z.int().positive(), sha256: sha256Hex }))
    .min(1)
    .optional(),
});
export const Config = z.looseObject({
  model_type: z.string(),
  architectures: z.array(z.string()).default([]),
  _name_or_path: z.string().optional(),
});

/** Whether the folder looks as the hub lays models out; only then it may lack `model.json`. */
export async function isHubLayout(dir: string): Promise<boolean> {
  const names: string[] = await readdir(dir).catch(() => []);
  return names.includes('config.json') && !names.includes('model.json');
}

/** The kind of model, as config.json states it. */
export async function hubType(dir: string): Promise<string> {
  return (await json(dir, 'config.json', Config)).model_type;
}

/** Throws `invalid`, naming the file, when one isn't whole: what no size or hash is known of shows it by itself. */
export async function checkFolder({ dir, files }: { dir: string; files: readonly PackFile[] }): Promise<void> {
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

export async function json<T>(dir: string, name: string, schema: z.ZodType<T>): Promise<T> {
  const where = join(dir, name);
  return check(schema, parseJson(await readText(dir, name), `${where} (truncated?)`), where);
}

export async function weightsIn(dir: string): Promise<string[]> {
  const names: string[] = await readdir(join(dir, 'onnx')).catch(() => []);
  return names.map((name) => `onnx/${name}`);
}

/** The weights of this name that are there, in the first of the precisions. */
export function choose(
  dir: string,
  here: readonly string[],
  stem: string,
  bestFirst: readonly Precision[] = Object.values(PRECISIONS),
): { file: string; precision: Precision } {
  for (const precision of bestFirst) {
    const ending = Object.entries(PRECISIONS).find(([, name]) => name === precision)?.[0];
    const file = `onnx/${stem}${ending}.onnx`;
    if (here.includes(file)) return { file, precision };
  }
  throw new Fault('invalid', `${join(dir, 'onnx', `${stem}.onnx`)} is missing, and no quantised one is there either`);
}

/** The folder's, unless that says nothing: `model`, or a commit in the hub's own cache. */
export function nameOf(dir: string, path = ''): string {
  const own = basename(resolve(dir));
  const cached = /models--.+?--([^/\\]+)[/\\]snapshots[/\\]/.exec(resolve(dir))?.[1];
  const telling = own === 'model' || /^[0-9a-f]{40}$/.test(own) ? (cached ?? basename(path)) : own;
  const name = plainName.safeParse(telling);
  if (name.success) return name.data;
  throw new Fault('invalid', `${dir}: give the folder the name that the pack shall have (letters, digits, . _ -)`);
}

/** What `model.json` says of a pack in the hub's layout; undefined where it has none. */
export function statedBy(dir: string, stated: unknown): z.infer<typeof Stated> | undefined {
  return stated === undefined ? undefined : check(Stated, stated, join(dir, 'model.json'));
}

/** What every pack in the hub's layout has: `weights` (the first is named as the pack's file), what lies outside of them, and texts. */
export async function filesOf(
  dir: string,
  manifest: z.infer<typeof Stated> | undefined,
  { _name_or_path: path }: z.infer<typeof Config>,
  parts: { here: readonly string[]; weights: readonly string[]; texts: readonly string[] },
): Promise<Pick<ModelPack, 'name' | 'dir' | 'file' | 'files' | 'bytes' | 'licence' | 'labels'>> {
  const known = new Map(manifest?.files?.map((file) => [file.name, file]));
  const outside = parts.here.filter((name) => parts.weights.some((file) => name.startsWith(`${file}_data`)));
  const names = [...parts.weights, ...outside, ...parts.texts];
  const files = names.map((name): PackFile => known.get(name) ?? { name, bytes: 0, sha256: '' });
  return {
    name: manifest?.name ?? nameOf(dir, path),
    dir,
    file: join(dir, parts.weights[0] ?? ''),
    files,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    licence: manifest?.licence ?? (await licenceIn(dir)),
    labels: [],
  };
}

const pixels = z.int().positive();
const sides = z.union([
  pixels.transform((side) => ({ width: side, height: side })),
  z.object({ width: pixels, height: pixels }),
  z.object({ shortest_edge: pixels }).transform(({ shortest_edge: side }) => ({ width: side, height: side })),
]);
const Pictures = z.looseObject({ do_center_crop: z.boolean().optional(), crop_size: sides.optional(), size: sides });

/** Pixels of the model's input, as `preprocessor_config.json` states them. */
export async function pictureSize(dir: string): Promise<{ width: number; height: number }> {
  const { do_center_crop: cropped, crop_size: crop, size } = await json(dir, 'preprocessor_config.json', Pictures);
  return cropped === false ? size : (crop ?? size);
}

/** As the card of a model on the hub states it. */
export async function licenceIn(dir: string): Promise<string> {
  const card = await readText(dir, 'README.md').catch(() => '');
  const [, front = ''] = /^---\n([\s\S]*?)\n---/.exec(card) ?? [];
  return /^license:\s*["']?([\w.-]+)/m.exec(front)?.[1] ?? 'not stated';
}
