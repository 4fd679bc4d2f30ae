import { isDeepStrictEqual } from 'node:util';
import {
  asLists,
  type Config,
  ConfigFault,
  type ConfigSource,
  changedPaths,
  configOf,
  merge,
  pathByName,
  readWritten,
} from '#config';
import { messageOf } from '#runtime';
import type { ConfigContent, Store } from '#store';
import { checkCameras } from './check-cameras.ts';

/** Who changes the configuration with its file. */
export const FILE = 'configuration file';
export const UNREADABLE =
  'the changes made over HTTP can’t be read: they are of a box with another key; the file serves alone';

/** What the box starts with. */
export interface Begun {
  content: ConfigContent;
  config: Config;
  problem?: string;
}

/** Where the file and the changes can't be used together, those of both that last did serve; without such ones it throws why. */
export async function begin({
  source,
  store: { configVersions },
}: {
  source: ConfigSource;
  store: Pick<Store, 'configVersions'>;
}): Promise<Begun> {
  const last = configVersions.list()[0];
  const known = last && configVersions.content(last.version);
  try {
    const alone = { file: await readWritten(source), layer: {} };
    const config = effective(alone, source, source.file ?? 'the defaults'); // It must be right by itself.
    if (last && !known) return { content: alone, config, problem: UNREADABLE };
    const content = { ...alone, layer: known?.layer ?? {} };
    const begun = effective(content, source, 'the changes made over HTTP');
    const before = known && servedLast(known, source);
    const changed = before ? changedPaths(before, begun) : [];
    if (!isDeepStrictEqual(content, known)) configVersions.add({ by: FILE, changed }, content);
    return { content, config: begun };
  } catch (error) {
    const config = known && servedLast(known, source);
    if (!known || !config) throw error;
    return { content: known, config, problem: `${messageOf(error)}; what served last serves` };
  }
}

/** Nothing when a reference of it leads nowhere any more. */
function servedLast(known: ConfigContent, source: ConfigSource): Config | undefined {
  try {
    return effective(known, source, FILE);
  } catch {
    return undefined;
  }
}

/** The configuration that comes of both. Throws a `ConfigFault`, with what has a name by its name. */
export function effective({ file, layer }: ConfigContent, source: ConfigSource, what: string): Config {
  const written = merge(file, layer);
  try {
    const config = configOf(written, source, what);
    checkCameras(config, what);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigFault)) throw error;
    const lists = asLists(written);
    const problems = error.problems.map(({ path, message }) => ({ path: pathByName(path, lists), message }));
    throw new ConfigFault(problems, what);
  }
}
