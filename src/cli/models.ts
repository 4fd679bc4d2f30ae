import { modelsDir } from '#app';
import { loadConfig } from '#config';
import { ModelLibrary, type ModelPack } from '#models';
import { createLog, Fault } from '#runtime';
import { print, printTable } from './terminal.ts';

export interface PlaceOptions {
  config?: string;
  dataDir?: string;
}

async function openLibrary(options: PlaceOptions): Promise<ModelLibrary> {
  const { dataDir } = await loadConfig(options.config, process.env, options);
  return ModelLibrary.open(modelsDir(dataDir), createLog('silent'));
}

export async function listModels(options: PlaceOptions): Promise<void> {
  const library = await openLibrary(options);
  const here = library.list();
  const rows = here.map(({ pack, problem }) => [
    pack.name,
    pack.task,
    size(pack.bytes),
    pack.licence,
    problem ?? 'here',
  ]);
  for (const entry of library.catalogue()) {
    if (here.some(({ pack }) => pack.name === entry.name)) continue;
    // Of a pack of several files its hub tells the size when it is asked.
    const bytes = 'bytes' in entry ? entry.bytes : undefined;
    rows.push([entry.name, entry.task, size(bytes), entry.licence, `watchpost models pull ${entry.name}`]);
  }
  printTable([['name', 'task', 'size', 'licence', 'state'], ...rows]);
}

export async function importModel(dir: string, options: PlaceOptions): Promise<void> {
  const library = await openLibrary(options);
  printPack('imported', await library.importPack(dir));
}

export async function pullModel(
  name: string,
  options: PlaceOptions & { from?: string },
  signal: AbortSignal,
): Promise<void> {
  const library = await openLibrary(options);
  const { from } = options;
  const onProgress = process.stderr.isTTY ? { onProgress: showProgress } : {};
  const pack = await library.pull(name, { signal, ...(from === undefined ? {} : { from }), ...onProgress });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  printPack('fetched', pack);
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

function printPack(verb: string, pack: ModelPack): void {
  const labels = pack.labels.length > 0 ? [`${pack.labels.length} labels`] : [];
  const facts = [pack.task, size(pack.bytes), ...labels, `licence ${pack.licence}`];
  print(`${verb} ${pack.name}: ${facts.join(', ')}`);
}

function showProgress(done: number, total?: number): void {
  const share = total ? ` of ${size(total)} (${Math.floor((done / total) * 100)} %)` : '';
  process.stderr.write(`\r\x1b[K${size(done)}${share}`);
}

function size(bytes: number | undefined): string {
  return bytes === undefined ? '' : `${(bytes / 1e6).toFixed(1)} MB`;
}
