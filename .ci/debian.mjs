/** The Debian packages that each purpose needs, found by the files they bring, so that other installs of them count. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, StepFailed } from './step.mjs';

const LIBRARIES = [
  '/usr/lib',
  ...folders('/usr/lib')
    .filter((name) => name.includes('-linux-'))
    .map((name) => `/usr/lib/${name}`),
];

const onPath = (name) => (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
const program = (name) => () => onPath(name) || existsSync(`/usr/sbin/${name}`);
const library = (path) => () => LIBRARIES.some((folder) => existsSync(join(folder, path)));
const gstPlugin = (name) => library(`gstreamer-1.0/libgst${name}.so`);

/** Debian package → whether it is there. The stand-in camera runs on Debian's own Python and GStreamer. */
const BUILD = {
  make: program('make'),
  'g++': program('g++'),
  python3: () => existsSync('/usr/bin/python3'),
};
const CAMERA = {
  ffmpeg: () => onPath('ffmpeg') && onPath('ffprobe'),
  'fonts-dejavu-core': () => existsSync('/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf'),
  'util-linux': program('prlimit'),
  'python3-gi': () => existsSync('/usr/lib/python3/dist-packages/gi'),
  'gir1.2-gst-rtsp-server-1.0': library('girepository-1.0/GstRtspServer-1.0.typelib'),
  'gir1.2-gst-plugins-base-1.0': library('girepository-1.0/GstPbutils-1.0.typelib'),
  'gstreamer1.0-plugins-base': gstPlugin('app'),
  'gstreamer1.0-plugins-good': gstPlugin('isomp4'),
  'gstreamer1.0-plugins-bad': gstPlugin('videoparsersbad'),
};
const TEST = {
  mosquitto: program('mosquitto'),
  chromium: program('chromium'),
  'espeak-ng': program('espeak-ng'),
  'python3-jinja2': () => existsSync('/usr/lib/python3/dist-packages/jinja2'),
  'python3-swift': () => existsSync('/usr/lib/python3/dist-packages/swift'),
  systemd: program('systemd-analyze'),
  shellcheck: program('shellcheck'),
  libfaketime: library('faketime/libfaketime.so.1'),
  xvfb: program('Xvfb'),
  pulseaudio: program('pulseaudio'),
};
const NEEDS = {
  build: BUILD,
  demo: { ...BUILD, ...CAMERA },
  bench: { ...BUILD, ...CAMERA },
  test: { ...BUILD, ...CAMERA, ...TEST },
};

/** Installs what is missing when that needs no password; else fails with the line to run. */
export async function ensureDebianPackages(purpose) {
  const missing = Object.entries(NEEDS[purpose])
    .filter(([, isThere]) => !isThere())
    .map(([name]) => name);
  if (missing.length === 0) return;
  const asRoot = onPath('apt-get') ? rootPrefix() : undefined;
  if (!asRoot) {
    const how = onPath('apt-get')
      ? `run this, then try again:\n\n  sudo apt-get update && sudo apt-get install -y ${missing.join(' ')}\n`
      : `install what Debian calls: ${missing.join(' ')}`;
    throw new StepFailed(`watchpost: missing: ${missing.join(', ')}\n${how}`, 2);
  }
  await install(missing, asRoot);
}

function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  const sudo = onPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  return sudo ? ['sudo', '-n'] : undefined;
}

async function install(packages, asRoot) {
  const apt = (what, ...args) => {
    const words = [
      ...asRoot,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      '-o',
      'DPkg::Lock::Timeout=300',
      ...args,
    ];
    return run(what, words[0], words.slice(1));
  };
  const update = () => apt('refreshing the list of Debian packages', 'update');
  const add = () =>
    apt(`installing Debian packages ${packages.join(' ')}`, 'install', '-y', '--no-install-recommends', ...packages);
  if (!folders('/var/lib/apt/lists').some((name) => name.includes('_Packages'))) await update();
  try {
    await add();
  } catch {
    await update();
    await add();
  }
}

function folders(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
