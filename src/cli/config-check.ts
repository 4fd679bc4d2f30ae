import { checkCameras } from '#app';
import { type Config, loadConfig } from '#config';
import { planFor } from '#prompts';
import { print, printTable } from './terminal.ts';

/** Checks all that can be known without a camera: the schema, every address and every prompt. */
export async function checkConfig(file: string): Promise<void> {
  const config = await loadConfig(file, process.env);
  const events = checkCameras(config, file);
  const indexes = indexRows(config);
  if (indexes.length > 0) printTable([['camera', 'index', 'understood as'], ...indexes]);
  const rows = events.map((event) => [event.camera, event.label, event.understood]);
  if (rows.length > 0) printTable([['camera', 'event', 'understood as'], ...rows]);
  const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;
  print(`${file} is fine: ${count(config.cameras.length, 'camera')}, ${count(rows.length, 'event')}`);
}

/** Every prompt of an index is understood somehow. */
function indexRows({ cameras }: Config): string[][] {
  return cameras.flatMap(({ name, indexes }) =>
    indexes.map((index) => [name, index.name, planFor(index.prompt).understood]),
  );
}
