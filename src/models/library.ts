import { lstat, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Fault, type Log, messageOf } from '#runtime';
import { type CatalogueEntry, readCatalogue } from './catalogue.ts';
import { checkPack, copyPack } from './copy.ts';
import { hashFile } from './digest.ts';
import { lockPack } from './lock.ts';
import type { ModelTask } from './manifest.ts';
import { checkFiles, describePack, hashedFiles, type ModelPack, type PackFile } from './pack.ts';
import { pinOf, setPin } from './pins.ts';
import { fetchPack, type PackManifest, type PullOptions } from './pull.ts';

export interface InstalledPack {
  pack: ModelPack;
  /** Why it can't be used. */
  problem?: string;
}

/** The packs of one data directory, a folder each. Folders beginning with a dot are unfinished work. */
export class ModelLibrary {
  readonly #dir: string;
  readonly #log: Log;
  readonly #catalogue: CatalogueEntry[];
  #packs = new Map<string, InstalledPack>();
  #seen = '';

  private constructor(dir: string, log: Log, catalogue: CatalogueEntry[]) {
    this.#dir = dir;
    this.#log = log;
    this.#catalogue = catalogue;
  }

  /** Makes the directory where it is missing and reads the packs in it. `catalogue` stands in for the shipped one. */
  static async open(dir: string, log: Log, catalogue?: CatalogueEntry[]): Promise<ModelLibrary> {
    await mkdir(dir, { recursive: true });
    await bringBackOld(dir);
    const library = new ModelLibrary(dir, log, catalogue ?? (await readCatalogue()).packs);
    await library.refresh();
    return library;
  }

  /**
   * Looks again at what is there when something has changed since: another process may have pulled or imported. Returns
   * what the packs are for that came, went or changed.
   */
  async lookForChanges(): Promise<ModelTask[]> {
    if ((await fingerprint(this.#dir)) === this.#seen) return [];
    const before = this.#packs;
    await this.refresh();
    const all = new Map([...before, ...this.#packs]);
    const changed = [...all.keys()].filter((name) => !isDeepStrictEqual(before.get(name), this.#packs.get(name)));
    const tasks = changed.flatMap((name) => [before.get(name)?.pack.task, this.#packs.get(name)?.pack.task]);
    return [...new Set(tasks.filter((task) => task !== undefined))];
  }

  /** Looks again at what is there. What isn't a pack is logged and left out. */
  async refresh(): Promise<void> {
    this.#seen = await fingerprint(this.#dir);
    const packs = new Map<string, InstalledPack>();
    for (const entry of await readdir(this.#dir, { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
      try {
        const installed = await look(join(this.#dir, entry.name));
        packs.set(installed.pack.name, installed);
      } catch (error) {
        this.#log.warn({ error: messageOf(error) }, 'a folder among the model packs is left out');
      }
    }
    this.#packs = packs;
  }

  list(): InstalledPack[] {
    return [...this.#packs.values()];
  }

  /** A pack that can be used. */
  get(name: string): ModelPack | undefined {
    const installed = this.#packs.get(name);
    return installed?.problem === undefined ? installed?.pack : undefined;
  }

  /** Packs for this task that can be used, best first: the one that knows more names, then the larger. */
  forTask<T extends ModelTask>(task: T): Extract<ModelPack, { task: T }>[] {
    const usable = this.list().flatMap(({ pack, problem }) => (problem === undefined ? [pack] : []));
    const fitting = usable.filter((pack): pack is Extract<ModelPack, { task: T }> => pack.task === task);
    return fitting.sort(
      (a, b) => b.labels.length - a.labels.length || b.bytes - a.bytes || a.name.localeCompare(b.name),
    );
  }

  catalogue(): CatalogueEntry[] {
    return this.#catalogue;
  }

  /** Reads all files again and compares them with the recorded SHA-256s. */
  async verify(name: string): Promise<{ ok: boolean; problem?: string }> {
    const installed = this.#packs.get(name);
    if (!installed) return { ok: false, problem: `no pack ${name} here: watchpost models pull ${name}` };
    const { dir } = installed.pack;
    try {
      for (const { name: file, sha256 } of await checkFiles(installed.pack)) {
        const got = await hashFile(join(dir, file));
        if (got === sha256) continue;
        const path = join(dir, file);
        return { ok: false, problem: `${path} has sha256 ${got}, recorded is ${sha256}: pull or import it again` };
      }
      return { ok: true };
    } catch (error) {
      return { ok: false, problem: messageOf(error) };
    }
  }

  /** Copies a pack into the library. `invalid` when it isn't one, isn't supported, or isn't what its hash says. */
  async importPack(sourceDir: string): Promise<ModelPack> {
    const source = await describePack(sourceDir);
    await checkPack(source);
    using _lock = lockPack(this.#dir, source.name);
    const staging = this.#incoming(source.name);
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging);
    try {
      return await this.#install(await copyPack(source, staging));
    } catch (error) {
      await rm(staging, { recursive: true, force: true });
      throw error;
    }
  }

  /** Fetches a pack of the catalogue; see `fetchPack` for what is thrown. `conflict` when it is being fetched already. */
  async pull(name: string, options: PullOptions): Promise<ModelPack> {
    const entry = this.#catalogue.find((candidate) => candidate.name === name);
    if (!entry) {
      const known = this.#catalogue.map((candidate) => candidate.name).join(', ');
      throw new Fault('not_found', `the catalogue has no pack ${name}; it has ${known}`);
    }
    using _lock = lockPack(this.#dir, name);
    const { manifest, pin } = await fetchPack(entry, this.#incoming(name), await pinOf(this.#dir, name), options);
    await setPin(this.#dir, name, pin);
    return this.#install(manifest);
  }

  /** Throws `not_found`, and `conflict` while it is being fetched or imported. */
  async remove(name: string): Promise<void> {
    const known = this.#packs.get(name);
    if (!known) throw new Fault('not_found', `name: there is no pack ${name.slice(0, 80)} here`);
    using _lock = lockPack(this.#dir, name);
    const gone = this.#incoming(name);
    await rm(gone, { recursive: true, force: true });
    await rename(known.pack.dir, gone); // In one step: nobody sees half a pack.
    await rm(gone, { recursive: true });
    this.#packs.delete(name);
    this.#log.info({ pack: name }, 'model pack removed');
  }

  #incoming(name: string): string {
    return join(this.#dir, `.${name}.incoming`);
  }

  /** Completes the incoming folder, which then takes its name in one step; a pack that was there moves away first. */
  async #install(manifest: PackManifest): Promise<ModelPack> {
    const { name } = manifest;
    const incoming = this.#incoming(name);
    await writeFile(join(incoming, 'model.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    const dir = join(this.#dir, name);
    const old = join(this.#dir, `.${name}.old`);
    await syncFiles(incoming);
    await rm(old, { recursive: true, force: true });
    await rename(dir, old).catch(() => undefined);
    await rename(incoming, dir);
    await rm(old, { recursive: true, force: true });
    const installed = await look(dir);
    this.#packs.set(name, installed);
    this.#log.info({ pack: name, licence: installed.pack.licence }, 'model pack installed');
    return installed.pack;
  }
}

/** Changes whenever a pack comes, goes or is replaced; costs no reading. */
async function fingerprint(dir: string): Promise<string> {
  const names = (await readdir(dir)).filter((name) => !name.startsWith('.')).sort();
  const times = names.map(async (name) => {
    const found = await Promise.all(
      [join(dir, name), join(dir, name, 'model.json')].map((path) => lstat(path).catch(() => undefined)),
    );
    return [name, ...found.map((one) => `${one?.ino} ${one?.mtimeMs}`)].join(' ');
  });
  return (await Promise.all(times)).join('\n');
}

async function look(dir: string): Promise<InstalledPack> {
  const pack = await describePack(dir);
  try {
    const sized = { ...pack, files: await checkFiles(pack) };
    const stated = sized.files.every(({ sha256 }) => sha256 !== '');
    return { pack: withFiles(pack, stated ? sized.files : await hashedFiles(sized)) };
  } catch (error) {
    return { pack, problem: messageOf(error) };
  }
}

function withFiles<P extends ModelPack>(pack: P, files: PackFile[]): P {
  return { ...pack, files, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** A process killed between the two renames of an installation left the old pack aside. */
async function bringBackOld(dir: string): Promise<void> {
  const names = await readdir(dir);
  for (const aside of names) {
    const name = /^\.(.+)\.old$/.exec(aside)?.[1];
    if (name !== undefined && !names.includes(name)) await rename(join(dir, aside), join(dir, name));
  }
}

async function syncFiles(dir: string): Promise<void> {
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    await using file = await open(join(entry.parentPath, entry.name), 'r');
    await file.sync();
  }
}
