import { isGroup, leaves, pathText } from './layers.ts';
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
