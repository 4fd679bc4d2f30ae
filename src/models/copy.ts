import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkFolder } from './hub-folder.ts';
import { readManifest } from './manifest.ts';
import { checkFiles, hashedFiles, type ModelPack } from './pack.ts';

/** Texts that may lie beside the files which a pack needs. */
const PAPERS = /^(licen[cs]e|notice|readme)/i;
/** Throws `invalid`, naming the file, unless all that the pack needs is there and whole, as far as that shows. */
export async function checkPack(pack: ModelPack): Promise<void> {
  await checkFiles(pack);
  if (isHubs(pack)) await checkFolder(pack);
}

/**
 * Copies a pack into an empty folder and returns what its `model.json` is to say, sizes and SHA-256s included. Of
 * weights in several precisions only those that are used are taken. Throws `invalid` when a file isn't what `model.json` says.
 */
export async function copyPack(source: ModelPack, target: string): Promise<{ name: string; [key: string]: unknown }> {
  const names = source.files.map(({ name }) => name);
  for (const entry of await readdir(source.dir, { withFileTypes: true })) {
    const wanted = !isHubs(source) || PAPERS.test(entry.name);
    if (entry.isFile() && wanted && !names.includes(entry.name)) names.push(entry.name);
  }
  for (const name of names) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await copyFile(join(source.dir, name), join(target, name));
  }
  return manifestOf({ ...source, dir: target }, source.dir);
}

/** Of several files, laid out as on the hub. */
function isHubs({ files }: ModelPack): boolean {
  return files.some(({ name }) => name === 'config.json');
}

async function manifestOf(pack: ModelPack, sourceDir: string): Promise<{ name: string; [key: string]: unknown }> {
  const { name, task, licence } = pack;
  const files = await hashedFiles(pack, sourceDir);
  if (isHubs(pack)) return { name, task, ...('family' in pack ? { family: pack.family } : {}), licence, files };
  const { json } = await readManifest(sourceDir);
  const known = task === 'object-detection' ? { family: pack.family, inputSize: pack.inputSize } : {};
  return { ...json, name, ...known, bytes: files[0]?.bytes, sha256: files[0]?.sha256 };
}
