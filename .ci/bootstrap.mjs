/**
 * Brings a fresh Debian machine with git and Node to where `npm run demo`, `npm test` or `npm run bench` can run:
 * Debian packages, npm packages, build. Plain Node, as it runs before anything is installed. Each step looks at what is
 * there and does only what is missing, so that a second run takes a fraction of a second. Progress goes to stderr.
 *
 * Usage: node .ci/bootstrap.mjs --for demo|test|bench|build
 * Exit status: 0 ready · 1 a step failed · 2 something must be installed by hand (the line to run is printed).
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildIfStale } from './build.mjs';
import { ensureDebianPackages } from './debian.mjs';
import { nodeHeaders, ROOT, run, StepFailed } from './step.mjs';

const PURPOSES = ['demo', 'test', 'bench', 'build'];

async function main() {
  const purpose = process.argv[process.argv.indexOf('--for') + 1] ?? '';
  if (!PURPOSES.includes(purpose)) throw new StepFailed(`usage: node .ci/bootstrap.mjs --for ${PURPOSES.join('|')}`, 2);
  checkNode();
  await ensureDebianPackages(purpose);
  await ensureNpmPackages();
  await buildIfStale();
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new StepFailed(
    `Node ${process.versions.node} is too old: Watchpost needs 20.19 or newer (https://nodejs.org)`,
    2,
  );
}

async function ensureNpmPackages() {
  if (!matchesLock())
    await npm('installing npm packages (1 to 3 minutes)', ['ci', '--include=dev', '--no-fund', '--no-audit']);
  if (!nativeModuleLoads()) await npm('compiling the database module (1 to 2 minutes)', ['rebuild', 'better-sqlite3']);
}

/** Whether node_modules holds what package-lock.json names: npm keeps its own record of what it has installed. */
function matchesLock() {
  const wanted = packagesIn('package-lock.json');
  const installed = packagesIn('node_modules/.package-lock.json');
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional || installed[path]?.integrity === entry.integrity,
  );
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(join(ROOT, file), 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

/** It doesn't when npm was told to skip install scripts, or when Node was upgraded since. */
function nativeModuleLoads() {
  try {
    createRequire(join(ROOT, 'package.json'))('better-sqlite3/build/Release/better_sqlite3.node');
    return true;
  } catch {
    return false;
  }
}

/** npm may run under `npm run`, which tells where npm is. Headers beside Node save fetching them to compile. */
async function npm(what, args) {
  const cli = process.env['npm_execpath'];
  const [command, ...before] = cli?.endsWith('.js') ? [process.execPath, cli] : ['npm'];
  const headers = nodeHeaders();
  const env = { ONNXRUNTIME_NODE_INSTALL: 'skip', ...(headers ? { npm_config_nodedir: headers } : {}) };
  await run(what, command, [...before, ...args], env);
}

main().catch((error) => {
  console.error(error instanceof StepFailed ? error.message : error);
  process.exitCode = error instanceof StepFailed ? error.code : 1;
});
