import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeRelease, fakeRelease } from './fake-release.ts';

const SYSTEMD = fileURLToPath(new URL('../../systemd', import.meta.url));
const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;

let dir: string;
let root: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wp-install-'));
  root = join(dir, 'root');
  mkdirSync(root);
});
afterEach(() => rmSync(dir, { recursive: true }));

function installer(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(join(SYSTEMD, 'install.sh'), [...args, '--root', root], {
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

const release = (facts: FakeRelease): string => fakeRelease(dir, facts);
const at = (path: string): string => join(root, path);
const current = (): string => readlinkSync(at('opt/watchpost/current'));
const files = (): string[] => readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();

it.runIf(hasShellcheck)('the scripts have nothing that shellcheck minds', () => {
  const scripts = ['install.sh', 'watchpost'].map((name) => join(SYSTEMD, name));
  expect(spawnSync('shellcheck', scripts, { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '' });
});

describe('install.sh, into the tree of an image,', () => {
  it('puts a release in place, once, and keeps what the user has changed', () => {
    const one = release({ id: '1.0.0-aa' });
    expect(installer(one)).toMatchObject({ status: 0 });
    expect(current()).toBe('releases/1.0.0-aa');
    expect(readlinkSync(at('etc/systemd/system/multi-user.target.wants/watchpost.service'))).toBe(
      '/etc/systemd/system/watchpost.service',
    );
    writeFileSync(at('etc/watchpost/watchpost.yaml'), 'name: gatehouse\n');
    const before = files();

    const again = installer(one);
    expect(again).toMatchObject({ status: 0 });
    expect(again.said).toMatch(/1\.0\.0-aa was installed already/);
    expect(files()).toEqual(before);
    expect(readFileSync(at('etc/watchpost/watchpost.yaml'), 'utf8')).toBe('name: gatehouse\n');
  });

  it('takes an archive, upgrades, keeps one version to go back to, and goes back', () => {
    installer(release({ id: '1.0.0-aa' }));
    const folder = release({ id: '1.1.0-bb' });
    const archive = join(dir, 'two.tar.gz');
    execFileSync('tar', ['-C', dir, '-czf', archive, folder.slice(dir.length + 1)]);
    expect(installer(archive)).toMatchObject({ status: 0 });
    expect(current()).toBe('releases/1.1.0-bb');
    installer(release({ id: '1.2.0-cc' }));
    expect(readdirSync(at('opt/watchpost/releases')).sort()).toEqual(['1.1.0-bb', '1.2.0-cc']);

    expect(installer('rollback')).toMatchObject({ status: 0 });
    expect(current()).toBe('releases/1.1.0-bb');
    expect(installer('rollback')).toMatchObject({ status: 0 });
    expect(current()).toBe('releases/1.2.0-cc');
  });

  it('refuses what does not work here, and changes nothing', () => {
    installer(release({ id: '1.0.0-aa' }));
    for (const [wrong, reason] of [
      [{ broken: 'sharp' }, /sharp does not load: GLIBC_9\.9/],
      [{ system: 'linux-vax' }, /for linux-vax, this machine is linux-/],
      [{ abi: '1' }, /needs Node \d+, not v/],
      [{ id: '../../x' }, /impossible name/],
    ] as const) {
      const { status, said } = installer(release({ id: '1.1.0-bb', ...wrong }));
      expect(said).toMatch(reason);
      expect(status).toBe(1);
      expect(current()).toBe('releases/1.0.0-aa');
      expect(existsSync(at('opt/watchpost/previous'))).toBe(false);
      expect(readdirSync(at('opt/watchpost/releases')).filter((name) => !name.startsWith('.'))).toEqual(['1.0.0-aa']);
      rmSync(join(dir, 'watchpost-1.1.0-bb'), { recursive: true, force: true });
    }
  });

  it('refuses what is no release, and going back to nothing', () => {
    expect(installer(dir)).toMatchObject({ status: 1, said: expect.stringMatching(/is no release of Watchpost/) });
    installer(release({ id: '1.0.0-aa' }));
    expect(installer('rollback')).toMatchObject({ status: 1, said: expect.stringMatching(/no version before/) });
  });

  it('takes the Node that it is given', () => {
    const bare = release({ id: '1.0.0-aa', withoutNode: true });
    expect(installer(bare, '--node', process.execPath)).toMatchObject({ status: 0 });
    const main = at('opt/watchpost/current/dist/main.js');
    expect(execFileSync(at('opt/watchpost/current/node/bin/node'), [main, 'run'], { encoding: 'utf8' })).toBe(
      '1.0.0-aa run\n',
    );
  });

  it('says what it would do, and does nothing', () => {
    expect(installer(release({ id: '1.0.0-aa' }), '--dry-run')).toMatchObject({
      status: 0,
      said: expect.stringMatching(/would try 1\.0\.0-aa/),
    });
    expect(files()).toEqual([]);
  });

  it('removes all but data and configuration, and those when it is told to', () => {
    installer(release({ id: '1.0.0-aa' }));
    mkdirSync(at('var/lib/watchpost'), { recursive: true });
    writeFileSync(at('var/lib/watchpost/watchpost.db'), '');
    expect(installer('uninstall')).toMatchObject({ status: 0 });
    const left = files().filter((file) => file.includes('watchpost'));
    expect(left).toEqual([
      'etc/watchpost',
      'etc/watchpost/environment',
      'etc/watchpost/watchpost.yaml',
      'var/lib/watchpost',
      'var/lib/watchpost/watchpost.db',
    ]);
    expect(installer('uninstall', '--purge')).toMatchObject({ status: 0 });
    expect(files().filter((file) => file.includes('watchpost'))).toEqual([]);
  });
});
