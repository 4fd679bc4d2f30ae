import { modelsDir } from '#app';
import { loadConfig } from '#config';
import { type PackTiming, Providers, timePack } from '#inference';
import { ModelLibrary, type ModelPack } from '#models';
import { createLog, Fault } from '#runtime';
import { type Bearing, bearings, FRAMES, SHARE, type TimedPack, WINDOW_S } from './bearing.ts';
import type { PlaceOptions } from './models.ts';
import { stepsOn } from './progress.ts';
import { print, printTable, styled } from './terminal.ts';

export interface Timed {
  pack: ModelPack;
  timing: PackTiming;
}

/**
 * Times every pack that is here on this box, one after the other, on what it runs best on, and says what the box can
 * bear with them. A pack that can't be used is told of and doesn't keep the others from being timed.
 */
export async function benchModels(options: PlaceOptions & { json?: boolean }, signal: AbortSignal): Promise<void> {
  const { dataDir } = await loadConfig(options.config, process.env, options);
  const { timed, serving } = await timePacks(dataDir, signal);
  if (timed.length === 0) throw new Fault('not_found', 'no model pack is here yet: run `watchpost models list`');
  const borne = bearings(serving);
  if (options.json) print(JSON.stringify({ packs: timed.map(asJson), tiers: borne }));
  else show(timed, borne);
}

/** Times what is here, and says which packs the box would use. */
export async function timePacks(
  dataDir: string,
  signal: AbortSignal,
): Promise<{ timed: Timed[]; serving: TimedPack[] }> {
  const dir = modelsDir(dataDir);
  const log = createLog('silent');
  const library = await ModelLibrary.open(dir, log);
  const usable = library.list().flatMap(({ pack, problem }) => (problem === undefined ? [pack] : []));
  const packs = usable.sort((a, b) => a.task.localeCompare(b.task) || a.name.localeCompare(b.name));
  if (packs.length === 0) return { timed: [], serving: [] };
  await (await Providers.open(dir, log)).explore(packs, signal);
  const timed: Timed[] = [];
  const show = stepsOn(process.stderr);
  for (const [at, pack] of packs.entries()) {
    show({ what: `timing ${pack.name}`, number: at + 1, of: packs.length });
    timed.push({ pack, timing: await timePack(pack, signal) });
  }
  show(undefined);
  return { timed, serving: servingOf(timed, library) };
}

/** Of several packs for one task, the one that the box would use. */
function servingOf(timed: readonly Timed[], library: ModelLibrary): TimedPack[] {
  const usable = timed.filter(({ timing }) => timing.problem === undefined);
  const names = usable.map(({ pack }) => pack.name);
  return usable.flatMap(({ pack: { name, task }, timing: { medianMs } }) => {
    const best = library.forTask(task).find((pack) => names.includes(pack.name));
    return best?.name === name ? [{ name, task, medianMs }] : [];
  });
}

function asJson({ pack: { name, task }, timing }: Timed): Record<string, unknown> {
  return { name, task, ...timing };
}

function show(timed: readonly Timed[], borne: readonly Bearing[]): void {
  printTable([['name', 'task', 'provider', 'threads', 'median', 'a second', 'memory'], ...timed.map(row)]);
  print('');
  for (const one of borne) print(sentence(one));
  const basis = `windows of ${WINDOW_S} s with ${FRAMES} frames each, something moving in all of them, ${SHARE * 100} % of the time`;
  print(styled('dim', `reckoned for ${basis}; a quiet scene costs next to nothing`));
}

function row({ pack, timing }: Timed): string[] {
  const { provider, threads, medianMs, rssMb, problem } = timing;
  if (problem !== undefined) return [pack.name, pack.task, problem, '', '', '', ''];
  const rate = medianMs > 0 ? (1000 / medianMs).toFixed(medianMs > 100 ? 1 : 0) : '';
  return [
    pack.name,
    pack.task,
    provider,
    String(threads),
    `${medianMs.toFixed(1)} ms`,
    rate,
    `${Math.round(rssMb)} MB`,
  ];
}

function sentence({ tier, cameras, mostly, without }: Bearing): string {
  const name = styled('bold', tier.padEnd(5));
  if (without.includes('image-to-text')) {
    return `${name}  is what basic is until a pack for image-to-text is here, or models.vision names a server`;
  }
  const many = cameras === 0 ? 'is too much for this box' : `bears ${cameras} camera${cameras === 1 ? '' : 's'}`;
  const most = mostly === '' ? '' : `, most of the time goes to ${mostly}`;
  const missing = without.length === 0 ? '' : `; no pack for ${without.join(', ')}`;
  return `${name}  ${many}${most}${missing}`;
}
