import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { CatalogueEntry, HubEntry, OneFileEntry } from './catalogue.ts';
import { checkPack } from './copy.ts';
import { digestOf } from './digest.ts';
import { download } from './download.ts';
import { askHub, type HubFile, hubAddress } from './hub.ts';
import { hashedFiles } from './pack.ts';
import { describeSpeech } from './speech-pack.ts';
import { describeText } from './text-pack.ts';

export interface PullOptions {
  signal: AbortSignal;
  onProgress?: (done: number, total?: number) => void;
  /** Base address of a mirror: of a hub's, or one under which the weights lie with the file name they have upstream. */
  from?: string;
}

const HUB = 'https://huggingface.co';

/** What `model.json` of a pack is to say. */
type Manifest = { name: string; [key: string]: unknown };

/** Fetches what the entry names into `staging`, going on from what is there. See `download` for what is thrown. */
export async function fetchPack(entry: CatalogueEntry, staging: string, options: PullOptions): Promise<Manifest> {
  await mkdir(staging, { recursive: true });
  return 'url' in entry ? fetchOne(entry, staging, options) : fetchFromHub(entry, staging, options);
}

async function fetchOne(entry: OneFileEntry, staging: string, options: PullOptions): Promise<Manifest> {
  const file = new URL(entry.url).pathname.split('/').pop() ?? 'model.onnx';
  const { url: source, bytes, sha256, description: _, ...facts } = entry;
  const url = options.from === undefined ? source : `${options.from.replace(/\/+$/, '')}/${file}`;
  const part = join(staging, `${file}.part`);
  const { signal, onProgress = () => undefined } = options;
  await download({ url, part, bytes, digest: { kind: 'sha256', hex: sha256 }, signal, onProgress });
  await rename(part, join(staging, file));
  return { ...facts, file, bytes, sha256, source };
}

/** All files of one commit, each with the size and the hash that the hub itself tells of it. */
async function fetchFromHub(entry: HubEntry, staging: string, options: PullOptions): Promise<Manifest> {
  const { name, task, licence, repo } = entry;
  const { signal, onProgress = () => undefined, from = HUB } = options;
  const { files, commit } = await askForAll(entry, from, signal);
  await dropOthers(staging, entry.files);
  const total = [...files.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const [file, { bytes, digest }] of files) {
    const target = join(staging, file);
    const part = `${target}.part`;
    await mkdir(dirname(target), { recursive: true });
    if (!(await isThere(target, { bytes, digest }))) {
      const url = hubAddress(from, repo, commit ?? entry.revision, file);
      const told = (done: number) => onProgress(before + done, total);
      await download({ url, part, bytes, digest, signal, onProgress: told });
      await rename(part, target);
    }
    before += bytes;
  }
  onProgress(total, total);
  const describe = task === 'text-generation' ? describeText : describeSpeech;
  const pack = await describe(staging, { name, licence });
  await checkPack(pack);
  const source = { repo, revision: commit ?? entry.revision };
  const known = 'family' in entry ? { family: entry.family } : {};
  return { name, task, ...known, licence, source, files: await hashedFiles(pack) };
}

async function askForAll(
  { repo, revision, files }: HubEntry,
  base: string,
  signal: AbortSignal,
): Promise<{ files: Map<string, HubFile>; commit: string | undefined }> {
  const answers = new Map<string, HubFile>();
  let commit: string | undefined;
  for (const file of files) {
    const answer = await askHub(hubAddress(base, repo, commit ?? revision, file), signal);
    commit ??= answer.commit;
    answers.set(file, answer);
  }
  return { files: answers, commit };
}

async function isThere(file: string, { bytes, digest }: Pick<HubFile, 'bytes' | 'digest'>): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  if (found?.size !== bytes) return false;
  return (await digestOf(file, { kind: digest.kind, bytes })) === digest.hex;
}

/** What an earlier version of the entry left behind would be taken for a part of this pack. */
async function dropOthers(staging: string, files: readonly string[]): Promise<void> {
  for (const entry of await readdir(staging, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(staging, path).replace(/\.part$/, '');
    if (!files.includes(name)) await rm(path);
  }
}
