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
  const inFile = new Set(textsIn(file));
  return [
    ...changes.flatMap(([path]) =>
      FILE_ONLY.includes(pathText(path))
        ? [{ path: pathText(path), message: 'can only be changed in the configuration file' }]
        : [],
    ),
    ...changes.flatMap(([path, value]) =>
      textsIn(value).some((text) => text.includes('${') && !inFile.has(text))
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

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isGroup(value) ? Object.values(value).flatMap(textsIn) : [];
}
