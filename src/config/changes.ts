import { isGroup, leaves, pathText, type Written } from './layers.ts';
import { partOf, type Shape, shapeOfConfig } from './shape.ts';
import { veiledAt } from './shown.ts';

/** What says where the box's own things are, and what a holder of an API key must not be able to allow itself. */
const FILE_ONLY = ['dataDir', 'ingest.allowFile'];

/**
 * What is wrong with changes made over HTTP besides what they say. References to the environment and to files are the
 * file's alone: else whoever has an API key could have secrets of this machine sent somewhere.
 */
export function layerProblems({ file, layer }: { file: unknown; layer: unknown }): { path: string; message: string }[] {
  const changes = leaves(layer).filter(([path]) => path.length > 0);
  const inFile = new Set(textsIn(file).map(String));
  return [
    ...changes.flatMap(([path]) =>
      FILE_ONLY.includes(pathText(path))
        ? [{ path: pathText(path), message: 'can only be changed in the configuration file' }]
        : [],
    ),
    ...changes.flatMap(([path, value]) =>
      textsIn(value, path.at(-1)).some((text) => text[1].includes('${') && !inFile.has(String(text)))
        ? [
            {
              path: pathText(path),
              message:
                'references can only be made in the configuration file: write the value itself, it is kept encrypted',
            },
          ]
        : [],
    ),
    ...veiledAt(layer).map((path) => ({
      path: pathText(path),
      message: 'is only how a secret is shown: write the secret itself, or leave it out to keep it',
    })),
  ];
}

/** Each with the key that it stands under. */
function textsIn(value: unknown, key = ''): [key: string, text: string][] {
  if (typeof value === 'string') return [[key, value]];
  if (Array.isArray(value)) return value.flatMap((item) => textsIn(item, key));
  return isGroup(value) ? Object.entries(value).flatMap(([name, member]) => textsIn(member, name)) : [];
}

/** Where a secret goes that stands beside it. */
const ADDRESSES = ['url', 'endpoint'];

/**
 * Secrets that a change keeps without saying them, while it lets them go to another host: who can't know a secret must not
 * be able to have it sent to themselves. `said` is the change as it was written.
 */
export function secretsTakenAlong(
  now: unknown,
  wanted: unknown,
  said: unknown,
  shape: Shape | undefined = shapeOfConfig(),
  path: string[] = [],
): { path: string; message: string }[] {
  if (!isGroup(now) || !isGroup(wanted)) return [];
  const written: Written = isGroup(said) ? said : {};
  const moved = ADDRESSES.some((key) => hostOf(now[key]) !== hostOf(wanted[key]));
  return Object.entries(wanted).flatMap(([key, value]) => {
    const part = partOf(shape, key);
    const here = [...path, key];
    if (isGroup(value)) return secretsTakenAlong(now[key], value, written[key], part, here);
    // Who writes a reference doesn't know what it stands for.
    const isSaid = value === written[key] && !String(value).includes('${');
    const isKept = part?.writeOnly === true && value === now[key] && !isSaid;
    if (!moved || !isKept || ADDRESSES.includes(key)) return [];
    return [{ path: pathText(here), message: 'must be said again, as the address beside it is another' }];
  });
}

function hostOf(address: unknown): string | undefined {
  return typeof address === 'string' && URL.canParse(address) ? new URL(address).host : undefined;
}
