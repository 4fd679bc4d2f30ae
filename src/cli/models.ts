import { modelsDir } from '#app';
import { loadConfig } from '#config';
import { deviceOf, ModelLibrary, type ModelPack, readCatalogue, thisBoard } from '#models';
import { createLog, Fault } from '#runtime';
import { size } from './progress.ts';
import { print, printTable, styled } from './terminal.ts';

export interface PlaceOptions {
  config?: string;
  dataDir?: string;
}

export async function openLibrary(options: PlaceOptions): Promise<ModelLibrary> {
  const { dataDir } = await loadConfig(options.config, process.env, options);
  return ModelLibrary.open(modelsDir(dataDir), createLog('silent'));
}

/** What is here and what can be fetched, with what each pack adds, and which suit this box. */
export async function listModels(options: PlaceOptions): Promise<void> {
  const library = await openLibrary(options);
  const { devices } = await readCatalogue();
  const device = deviceOf(await thisBoard(), devices);
  const here = new Map(library.list().map((installed) => [installed.pack.name, installed]));
  const offered = new Map(library.catalogue().map((entry) => [entry.name, entry]));
  // In the catalogue's order, which goes by what packs are for; then those that came from elsewhere.
  const rows = [...new Set([...offered.keys(), ...here.keys()])].map((name) => {
    const entry = offered.get(name);
    const { pack, problem } = here.get(name) ?? {};
    const { task = '', licence = '', bytes } = pack ?? entry ?? {};
    const state = pack ? (problem ?? 'here') : 'can be pulled';
    const suits = device?.packs.includes(name) ? '*' : '';
    return [suits, name, task, bytes === undefined ? '' : size(bytes), licence, state, entry?.adds ?? ''];
  });
  const head = ['', 'name', 'task', 'size', 'licence', 'state', 'what it adds'];
  printTable(process.stdout.isTTY ? [head, ...rows].map((row) => row.slice(0, -1)) : [head, ...rows]);
  if (!process.stdout.isTTY) return;
  print('');
  for (const [, name, , , , , adds] of rows) if (adds) print(`${styled('bold', name ?? '')}: ${adds}`);
  if (device) print(`\n* suit this box (${device.title}): watchpost models pull --device ${device.name}`);
}

export async function importModel(dir: string, options: PlaceOptions): Promise<void> {
  const library = await openLibrary(options);
  printPack('imported', await library.importPack(dir));
}

export async function verifyModels(name: string | undefined, options: PlaceOptions): Promise<void> {
  const library = await openLibrary(options);
  const names = name === undefined ? library.list().map(({ pack }) => pack.name) : [name];
  if (names.length === 0) throw new Fault('not_found', 'no model pack is here yet: run `watchpost models list`');
  const results = await Promise.all(names.map(async (one) => ({ name: one, ...(await library.verify(one)) })));
  printTable(
    results.map((result) => [result.name, result.ok ? 'ok' : (result.problem ?? 'damaged')]),
    false,
  );
  const bad = results.filter((result) => !result.ok);
  if (bad.length > 0)
    throw new Fault('refused', `${bad.length} of ${results.length} packs failed; import or pull them again`);
}

export function printPack(verb: string, pack: ModelPack): void {
  const labels = pack.labels.length > 0 ? [`${pack.labels.length} labels`] : [];
  const facts = [pack.task, size(pack.bytes), ...labels, `licence ${pack.licence}`];
  print(`${verb} ${pack.name}: ${facts.join(', ')}`);
}
