import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { Fault } from '#runtime';
import type { CatalogueEntry, HubEntry, OneFileEntry } from './catalogue.ts';
import { checkPack } from './copy.ts';
import { type Digest, digestOf } from './digest.ts';
import { download } from './download.ts';
import { askHub, hubAddress } from './hub.ts';
import { requireLicence } from './licences.ts';
import { describePack, hashedFiles } from './pack.ts';
import type { Pin } from './pins.ts';
import { type FreeBytes, freeBytes, requireSpace } from './space.ts';
import { type Environment, Web } from './web.ts';

/** How far a pull is. */
export interface Progress {
  file: string;
  done: number;
  bytes: number;
  /** Which of how many files it is, from 1. */
  number: number;
  of: number;
}

export interface PullOptions {
  signal: AbortSignal;
  onProgress?: (progress: Progress) => void;
  /** Base address of a mirror: of a hub's, or one under which the weights lie with the file name they have upstream. */
  from?: string;
  /** Licences, beside the open ones, that the user agrees to. */
  acceptedLicences?: readonly string[];
  /** Fetch what there is now, not what was fetched before. */
  update?: boolean;
  /** Names proxies and another hub (`HF_ENDPOINT`). The process's own unless given. */
  env?: Environment;
  /** Stands in for asking the disk. */
  free?: FreeBytes;
}

const HUB = 'https://huggingface.co';

/** What `model.json` of a pack is to say. */
export type PackManifest = { name: string; [key: string]: unknown };

interface Wanted {
  name: string;
  url: string;
  bytes: number;
  digest: Digest;
}
interface Plan {
  files: Wanted[];
  commit?: string;
}

/**
 * Fetches what the entry names into `staging`, going on from what is there; what `pin` says, where it still speaks of
 * this entry. Throws `refused` for a licence that nobody has accepted, `too_large` before anything is fetched that
 * wouldn't fit, and what `download` throws.
 */
export async function fetchPack(
  entry: CatalogueEntry,
  staging: string,
  pin: Pin | undefined,
  options: PullOptions,
): Promise<{ manifest: PackManifest; pin: Pin }> {
  requireLicence(entry, options.acceptedLicences ?? []);
  await using web = new Web(options.env ?? process.env);
  const plan = await planOf(entry, pin, web, options);
  await mkdir(staging, { recursive: true });
  await dropOthers(staging, plan.files);
  await requireRoom(entry.name, staging, plan.files, options.free ?? freeBytes);
  for (const [at, file] of plan.files.entries()) {
    const told = (done: number) =>
      options.onProgress?.({ file: file.name, done, bytes: file.bytes, number: at + 1, of: plan.files.length });
    await fetchFile(file, staging, { web, signal: options.signal, told });
  }
  const { manifest, files } = await ('url' in entry ? oneFile(entry, plan) : fromHub(entry, staging, plan));
  const commit = plan.commit === undefined ? {} : { commit: plan.commit };
  return { manifest, pin: { from: sourceOf(entry), ...commit, files } };
}

/** What was fetched is fetched again, as long as the catalogue asks for the same. */
function planOf(entry: CatalogueEntry, pin: Pin | undefined, web: Web, options: PullOptions): Plan | Promise<Plan> {
  if ('url' in entry) return { files: [weightsOf(entry, options.from)] };
  const { repo, revision, files } = entry;
  const base = options.from ?? ((options.env ?? process.env)['HF_ENDPOINT'] || HUB);
  const known = new Map(pin?.files.map((file) => [file.name, file]));
  if (!pin || options.update || pin.from !== sourceOf(entry) || !files.every((name) => known.has(name))) {
    return askForAll(entry, base, web, options.signal);
  }
  const pinned = pin.files.filter(({ name }) => files.includes(name));
  const wanted = pinned.map(({ name, bytes, sha256 }): Wanted => {
    const url = hubAddress(base, repo, pin.commit ?? revision, name);
    return { name, url, bytes, digest: { kind: 'sha256', hex: sha256 } };
  });
  return { files: wanted, ...(pin.commit === undefined ? {} : { commit: pin.commit }) };
}

function weightsOf({ url: source, bytes, sha256 }: OneFileEntry, from: string | undefined): Wanted {
  const name = basename(new URL(source).pathname);
  const url = from === undefined ? source : `${from.replace(/\/+$/, '')}/${name}`;
  return { name, url, bytes, digest: { kind: 'sha256', hex: sha256 } };
}

/** All files of one commit, each with the size and the hash that the hub itself tells of it. */
async function askForAll({ repo, revision, files }: HubEntry, base: string, web: Web, signal: AbortSignal) {
  const wanted: Wanted[] = [];
  let commit: string | undefined;
  for (const name of files) {
    const { bytes, digest, commit: told } = await askHub(web, hubAddress(base, repo, commit ?? revision, name), signal);
    commit ??= told;
    wanted.push({ name, url: hubAddress(base, repo, commit ?? revision, name), bytes, digest });
  }
  return { files: wanted, ...(commit === undefined ? {} : { commit }) };
}

async function fetchFile(
  { name, url, bytes, digest }: Wanted,
  staging: string,
  { web, signal, told }: { web: Web; signal: AbortSignal; told: (done: number) => void },
): Promise<void> {
  const target = join(staging, name);
  await mkdir(dirname(target), { recursive: true });
  if (!(await isThere(target, bytes, digest))) {
    const part = join(staging, partOf({ name, digest }));
    await download({ web, url, part, bytes, digest, signal, onProgress: told });
    await rename(part, target);
  }
  told(bytes);
}

/** Named by what it shall become: of a file that changes meanwhile nothing is taken for a part of the new one. */
function partOf({ name, digest }: Pick<Wanted, 'name' | 'digest'>): string {
  return `${name}.${digest.hex.slice(0, 8)}.part`;
}

async function requireRoom(name: string, staging: string, files: readonly Wanted[], free: FreeBytes): Promise<void> {
  let missing = 0;
  for (const file of files) {
    const sizes = [file.name, partOf(file)].map((path) => stat(join(staging, path)).catch(() => undefined));
    const [there, part] = await Promise.all(sizes);
    missing += Math.max(0, file.bytes - (there?.size ?? part?.size ?? 0));
  }
  await requireSpace(staging, name, missing, free);
}

async function isThere(file: string, bytes: number, { kind, hex }: Digest): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found?.size === bytes && (await digestOf(file, { kind, bytes })) === hex;
}

/** What an earlier version of the entry left behind would be taken for a part of this pack. */
async function dropOthers(staging: string, files: readonly Wanted[]): Promise<void> {
  const wanted = files.flatMap((file) => [file.name, partOf(file)]);
  for (const entry of await readdir(staging, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !wanted.includes(relative(staging, path))) await rm(path);
  }
}

type Fetched = { manifest: PackManifest; files: Pin['files'] };

function oneFile(entry: OneFileEntry, { files: [weights] }: Plan): Fetched {
  const { url: source, bytes, sha256, adds: _adds, memoryMb: _mb, memoryIs: _is, tiers: _tiers, ...facts } = entry;
  const file = weights?.name ?? '';
  return { manifest: { ...facts, file, bytes, sha256, source }, files: [{ name: file, bytes, sha256 }] };
}

/** Which kind of model it is, the files themselves say. */
async function fromHub(entry: HubEntry, staging: string, { commit, files: wanted }: Plan): Promise<Fetched> {
  const { name, task, licence, repo, revision } = entry;
  await writeFile(join(staging, 'model.json'), JSON.stringify({ name, task, licence }));
  const pack = await describePack(staging);
  if (pack.task !== task) {
    throw new Fault('invalid', `${repo} is for ${pack.task}, where the catalogue says ${task}: it has changed`);
  }
  await checkPack(pack);
  const files = await hashedFiles(pack);
  const known = new Map(files.map((file) => [file.name, file]));
  const others = wanted.filter((file) => !known.has(file.name));
  const hashed = others.map(async (file) => {
    const sha256 = await digestOf(join(staging, file.name), { kind: 'sha256', bytes: file.bytes });
    return { name: file.name, bytes: file.bytes, sha256 };
  });
  const all = [...files, ...(await Promise.all(hashed))];
  const family = 'family' in pack ? { family: pack.family } : {};
  const source = { repo, revision: commit ?? revision };
  return { manifest: { name, task, ...family, licence, source, files: all }, files: all };
}

function sourceOf(entry: CatalogueEntry): string {
  return 'url' in entry ? entry.url : `${entry.repo}@${entry.revision}`;
}
