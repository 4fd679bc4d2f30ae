/**
 * Makes a release: `npm run release` → release/watchpost-ID-linux-ARCH.tar.gz, all that a box of this machine's kind needs but
 * ffmpeg: the build, what it depends on, Node. systemd/install.sh puts it in place.
 *
 * Usage: node .ci/release.mjs [--out DIR] [--folder] [--without-node] [--mark TEXT]
 *   --folder        leaves the folder and packs nothing
 *   --without-node  the box has its own
 *   --mark TEXT     goes into the id, so that the same sources make another release
 */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildIfStale } from './build.mjs';
import { ROOT, run } from './step.mjs';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'release' },
    folder: { type: 'boolean', default: false },
    'without-node': { type: 'boolean', default: false },
    mark: { type: 'string', default: '' },
  },
});

const { platform, arch } = process;
/** What packages carry for building them, for other systems, and for their authors. */
const DEAD_FOLDERS = {
  'node_modules/better-sqlite3': /^(?:deps|src|build\/(?!Release$|Release\/better_sqlite3\.node$).*)/,
  'node_modules/onnxruntime-node': new RegExp(`^(?:lib/.*|bin/napi-v\\d+/(?!${platform}(?:/${arch}(?:/.*)?)?$).+)`),
  'node_modules/@huggingface/transformers': /^(?:src|types|dist\/(?!transformers\.node\.mjs$).+)/,
};
const DEAD_FILES =
  /\.(?:map|d\.[cm]?ts|ts|md|markdown)$|(?:^|\/)(?:coverage|tests?|__tests__|\.github|docs|examples?)$/;
const KEPT = /licen[cs]e|notice|copying/i;
const OURS = ['LICENSE', 'README.md', 'package.json', 'config', 'docs', 'models', 'systemd'];

await buildIfStale();
const { NEWEST_VERSION } = await import(join(ROOT, 'dist/store/schema/migrate.js'));
const { version } = JSON.parse(read('package.json'));
const id = `${version}-${fingerprint()}`;
const name = `watchpost-${id}-${platform}-${arch}`;
const folder = join(resolve(values.out), name);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const part of OURS) cpSync(join(ROOT, part), join(folder, part), { recursive: true, filter: isOurs });
cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.tsbuildinfo') });
for (const path of packages()) copyPackage(path);
if (!values['without-node']) copyNode();
writeFileSync(join(folder, 'release'), facts());
if (values.folder) console.log(folder);
else await pack();

/** A release of other sources, another Node or another mark is another one. */
function fingerprint() {
  const from = `${read('dist/.built-from')} ${process.version} ${arch} ${values.mark}`;
  return createHash('sha256').update(from).digest('hex').slice(0, 8);
}

/** What systemd/install.sh asks: one name and value a line. */
function facts() {
  const { modules, node } = process.versions;
  const lines = { id, version, system: `${platform}-${arch}`, schema: NEWEST_VERSION, node, node_abi: modules };
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

function isOurs(path) {
  return !/page\.png$|\/models\/[^/]+\/./.test(path);
}

/** The packages that run on a box, as the lock file names them. */
function packages() {
  const locked = Object.entries(JSON.parse(read('package-lock.json')).packages);
  return locked
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional && existsSync(join(ROOT, path)))
    .map(([path]) => path);
}

/** Without the packages inside of it, which come by themselves. */
function copyPackage(path) {
  const from = join(ROOT, path);
  const dead = DEAD_FOLDERS[path];
  const filter = (file) => {
    const inside = file.slice(from.length + 1);
    if (inside === '') return true;
    if (inside === 'node_modules' || dead?.test(inside)) return false;
    return KEPT.test(basename(inside)) || !DEAD_FILES.test(inside);
  };
  cpSync(from, join(folder, path), { recursive: true, dereference: true, filter });
}

function copyNode() {
  const bin = join(folder, 'node/bin');
  mkdirSync(bin, { recursive: true });
  copyFileSync(process.execPath, join(bin, 'node'));
  chmodSync(join(bin, 'node'), 0o755);
  const notices = [join(dirname(dirname(process.execPath)), 'LICENSE'), '/usr/share/doc/nodejs/copyright'];
  const notice = notices.find((file) => existsSync(file));
  if (notice) copyFileSync(notice, join(folder, 'node/LICENSE'));
}

async function pack() {
  const file = `${folder}.tar.gz`;
  const owner = ['--owner=root:0', '--group=root:0', '--sort=name'];
  await run(`packing ${basename(file)}`, 'tar', [...owner, '-C', dirname(folder), '-czf', file, name]);
  rmSync(folder, { recursive: true });
  console.log(file);
}

function read(path) {
  return readFileSync(join(ROOT, path), 'utf8');
}
