import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);

/** Asked for with `npm run test:install`: minutes, as root, with a network. */
export const ASKED: boolean = process.env['WATCHPOST_INSTALL'] === 'full';
/** Base systems stay there from run to run, 250 MB each. */
const BASES = process.env['WATCHPOST_TREES'] ?? join(tmpdir(), 'watchpost-trees');
const MIRROR = 'http://deb.debian.org/debian';
const INIT = 'systemd,systemd-sysv,dbus,ca-certificates,procps';

export interface Said {
  code: number;
  output: string;
}

/** Arguments of unshare: a process table of the tree's own, in which nothing outlives its first process. */
const INSIDE = [
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
  'sh',
  '-c',
  'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"',
];

/** A fresh system of its own: nothing of this machine but the kernel, the network and what is mounted into it. */
export interface Tree extends AsyncDisposable {
  path: string;
  /** Arguments of unshare that run a program in it. */
  inside(...argv: string[]): string[];
  /** Runs a program in it without starting it; stdout and stderr together. */
  chroot(...argv: string[]): Promise<Said>;
  /** Copies a file or folder into its /srv and names it there. */
  bring(file: string): Promise<string>;
}

/** Throws, with what to install, where there is no debootstrap. */
export async function freshTree(suite: string): Promise<Tree> {
  const base = await baseSystem(suite);
  const dir = await tempDir();
  const path = join(dir.path, suite);
  await run('cp', ['-a', '--reflink=auto', base, path]);
  await cp('/etc/resolv.conf', join(path, 'etc/resolv.conf'));
  return {
    path,
    inside: (...argv) => [...INSIDE, path, ...argv],
    chroot: (...argv) => said('unshare', [...INSIDE, path, ...argv]),
    bring: async (file) => {
      const inside = join('/srv', file.split('/').at(-1) ?? '');
      await run('cp', ['-a', file, join(path, inside)]);
      return inside;
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

/** Runs a program to its end; one that can't be started has the code -1. */
export function said(command: string, argv: readonly string[]): Promise<Said> {
  return new Promise((resolve) => {
    execFile(command, argv, { env: CLEAN, maxBuffer: MOST_OUTPUT }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code: Number.isNaN(code) ? -1 : code, output: stdout + stderr });
    });
  });
}

const MOST_OUTPUT = 64e6;

const CLEAN = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', TERM: 'dumb' };

async function baseSystem(suite: string): Promise<string> {
  const base = join(BASES, suite);
  if (existsSync(base)) return base;
  await mkdir(BASES, { recursive: true });
  await rm(`${base}.part`, { recursive: true, force: true });
  const argv = ['--variant=minbase', `--include=${INIT}`, suite, `${base}.part`, MIRROR];
  const { code, output } = await said('debootstrap', argv);
  if (code !== 0) throw new Error(`debootstrap (apt-get install debootstrap): ${output.slice(-2000)}`);
  await rename(`${base}.part`, base);
  return base;
}
