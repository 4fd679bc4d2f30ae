/** install.sh in Debian trees in which no systemd runs: what it puts in place runs, whoever starts it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lifetime } from '#runtime';
import { processTree } from '../support/processes.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type Box, configuredBox } from './box.ts';
import { makeRelease, type Release } from './releases.ts';
import { ASKED, freshTree, type Tree } from './tree.ts';

const INSTALLER = '/opt/watchpost/current/systemd/install.sh';
const STATE = '/var/lib/watchpost';
const LONG_MS = 900_000;

describe.runIf(ASKED).sequential.each(['bookworm', 'trixie'])('in a tree of Debian %s', (suite) => {
  const life = new Lifetime();
  let tree: Tree;
  let box: Box;
  let one: Release;
  let two: Release;

  beforeAll(async () => {
    const { path } = life.use(await tempDir());
    [one, two] = [makeRelease(path, 'one'), makeRelease(path, 'two', '--folder')];
    tree = life.use(await freshTree(suite));
    box = await configuredBox(tree, []);
  }, LONG_MS);
  afterAll(() => life[Symbol.asyncDispose]());

  /** The unit's own command line, as the unit's user, until the test has seen what it wanted. */
  async function started<T>(look: () => Promise<T>): Promise<T> {
    const unit = readFileSync(join(tree.path, 'etc/systemd/system/watchpost.service'), 'utf8');
    const command = /^ExecStart=(.+)$/m.exec(unit)?.[1] ?? '';
    const argv = [
      'setpriv',
      '--reuid=watchpost',
      '--regid=watchpost',
      '--clear-groups',
      'env',
      `STATE_DIRECTORY=${STATE}`,
    ];
    const running = spawn('unshare', tree.inside(...argv, ...command.split(' ')), { stdio: 'ignore' });
    try {
      expect(await tree.chroot('watchpost', 'health', '--wait', '60')).toMatchObject({ code: 0 });
      return await look();
    } finally {
      const [, appliance] = await processTree(running.pid ?? -1);
      if (appliance) process.kill(appliance.pid, 'SIGTERM');
      await once(running, 'exit');
    }
  }
  const version = (): Promise<unknown> => box.data('GET', '/v1/status');
  const current = async () => (await tree.chroot('readlink', '/opt/watchpost/current')).output.trim();

  test('a release is installed, with the key to it, and runs', { timeout: LONG_MS }, async () => {
    const archive = await tree.bring(one.path);
    await tree.chroot('tar', '-xzf', archive, '-C', '/srv');
    const folder = archive.replace(/\.tar\.gz$/, '');
    const { code, output } = await tree.chroot(`${folder}/systemd/install.sh`);
    expect(output).toMatch(/is installed/);
    expect(code).toBe(0);
    box.learnKey(output);
    await started(version);
    expect((await tree.chroot(`${folder}/systemd/install.sh`)).output).toMatch(/was installed already/);
  });

  test('it is upgraded and taken back, and the key opens it each time', { timeout: LONG_MS }, async () => {
    const { code, output } = await tree.chroot(INSTALLER, await tree.bring(two.path));
    expect([code, output]).toEqual([0, expect.stringMatching(/is installed instead of/)]);
    expect(await current()).toBe(`releases/${two.id}`);
    await started(version);
    expect(await tree.chroot(INSTALLER, 'rollback')).toMatchObject({ code: 0 });
    expect(await current()).toBe(`releases/${one.id}`);
    await started(version);
    expect(await tree.chroot('watchpost', 'doctor')).toMatchObject({ code: 0 });
  });

  test('it goes, and its data only when that is wanted', { timeout: LONG_MS }, async () => {
    await tree.chroot('cp', '-L', INSTALLER, '/tmp/install.sh');
    expect(await tree.chroot(INSTALLER, 'uninstall')).toMatchObject({ code: 0 });
    expect(existsSync(join(tree.path, 'opt/watchpost'))).toBe(false);
    expect(readdirSync(join(tree.path, STATE))).toContain('watchpost.db');
    expect(await tree.chroot('/tmp/install.sh', 'uninstall', '--purge')).toMatchObject({ code: 0 });
    const left = await tree.chroot('find', '/etc', '/opt', '/usr/local', '/var/lib', '-name', '*watchpost*');
    expect(left.output).toBe('');
    expect(await tree.chroot('getent', 'passwd', 'watchpost')).toMatchObject({ code: 2 });
  });
});
