/** Builds `dist/`: the server with tsc, the page with vite, and every other file of `src/` that runs beside them. */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, run } from './step.mjs';

const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, '.built-from');
const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.json', 'vite.config.ts', '.ci/build.mjs'];

/** Builds when the sources aren't those that `dist/` was built from. */
export async function buildIfStale() {
  const sources = fingerprint();
  if (read(STAMP) === sources) return;
  rmSync(DIST, { recursive: true, force: true });
  await node('compiling', 'typescript/bin/tsc', ['--tsBuildInfoFile', join(DIST, '.tsbuildinfo')]);
  await node('building the page', 'vite/bin/vite.js', ['build', '--logLevel', 'warn']);
  copyOthers();
  writeFileSync(join(DIST, 'package.json'), '{ "type": "module", "imports": { "#*": "./*/index.js" } }\n');
  chmodSync(join(DIST, 'main.js'), 0o755);
  writeFileSync(STAMP, sources);
}

function node(what, script, args) {
  return run(what, process.execPath, [join(ROOT, 'node_modules', script), ...args]);
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of [...SETTINGS, ...filesUnder('src')]) hash.update(`${file}\0`).update(read(join(ROOT, file)) ?? '');
  return hash.digest('hex');
}

/** What tsc leaves behind: SQL, Python and the like. */
function copyOthers() {
  for (const file of filesUnder('src')) {
    if (file.endsWith('.ts') || file.startsWith('src/web/')) continue;
    const target = join(DIST, relative('src', file));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(ROOT, file), target);
  }
}

function filesUnder(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildIfStale();
