import { type Device, deviceOf, type ModelLibrary, type PullOptions, readCatalogue, thisBoard } from '#models';
import { Fault, messageOf } from '#runtime';
import { openLibrary, type PlaceOptions, printPack } from './models.ts';
import { progressOn } from './progress.ts';
import { print } from './terminal.ts';

interface PullCommand extends PlaceOptions {
  device?: string;
  from?: string;
  acceptLicence?: string[];
  update?: boolean;
}

/**
 * Fetches the packs that are named, or those that suit a kind of box. One that can't be fetched doesn't keep the others
 * from coming; the first failure is thrown at the end.
 */
export async function pullModels(names: string[], options: PullCommand, signal: AbortSignal): Promise<void> {
  const library = await openLibrary(options);
  const wanted = names.length > 0 ? names : await packsFor(options.device);
  const pulling: PullOptions = {
    signal,
    acceptedLicences: options.acceptLicence ?? [],
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.update ? { update: true } : {}),
  };
  const failures: unknown[] = [];
  for (const name of wanted) {
    try {
      await pullOne(library, name, pulling);
    } catch (error) {
      if (signal.aborted || wanted.length === 1) throw error;
      print(`not fetched: ${name}: ${messageOf(error)}`);
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new Fault('unavailable', `${failures.length} of ${wanted.length} packs not fetched`);
}

/** A pack that is here and whole is left alone, unless what there is now is wanted. */
async function pullOne(library: ModelLibrary, name: string, options: PullOptions): Promise<void> {
  const here = library.get(name);
  if (here && !options.update && (await library.verify(name)).ok) {
    print(`${name} is here already; --update fetches what there is now`);
    return;
  }
  printPack('fetched', await library.pull(name, { ...options, onProgress: progressOn(process.stderr) }));
}

async function packsFor(name: string | undefined): Promise<string[]> {
  const { devices } = await readCatalogue();
  const own = deviceOf(await thisBoard(), devices);
  const hint = own ? `; this box is like ${own.name} (${own.title})` : '';
  if (name === undefined) throw new Fault('invalid', `name a pack, or a kind of box with --device${hint}`);
  const device: Device | undefined = name === 'auto' ? own : devices.find((one) => one.name === name);
  if (!device) {
    const known = devices.map((one) => one.name).join(', ');
    throw new Fault('not_found', `--device: there is no ${name}; there are ${known}, auto${hint}`);
  }
  print(`for ${device.title}: ${device.packs.join(', ')}`);
  return device.packs;
}
