import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OURS = fileURLToPath(new URL('../../systemd', import.meta.url));

export interface FakeRelease {
  id: string;
  system?: string;
  abi?: string;
  /** Whose code throws when it is loaded. */
  broken?: string;
  withoutNode?: boolean;
}

/** A folder that systemd/install.sh takes for a release: our unit, real Node, modules without anything in them. */
export function fakeRelease(dir: string, { id, system, abi, broken, withoutNode }: FakeRelease): string {
  const folder = join(dir, `watchpost-${id}`);
  const file = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  cpSync(OURS, join(folder, 'systemd'), { recursive: true });
  file('dist/main.js', `console.log('${id}', ...process.argv.slice(2));\n`);
  for (const name of ['better-sqlite3', 'onnxruntime-node', 'sharp'])
    file(`node_modules/${name}/index.js`, name === broken ? "throw new Error('GLIBC_9.9 not found')\n" : '');
  const facts = { id, version: '0.1.0', system: system ?? `${process.platform}-${process.arch}`, schema: '6' };
  const node = { node: process.versions.node, node_abi: abi ?? process.versions.modules };
  file(
    'release',
    Object.entries({ ...facts, ...node })
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  if (withoutNode) return folder;
  mkdirSync(join(folder, 'node/bin'), { recursive: true });
  symlinkSync(process.execPath, join(folder, 'node/bin/node'));
  return folder;
}
