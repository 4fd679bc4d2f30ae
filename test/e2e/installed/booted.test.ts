/** The installed service under systemd itself, as the init of a Debian tree, with a real camera. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lifetime } from '#runtime';
import { startRtspServer } from '../../../src/cli/demo/rtsp-server.ts';
import { tempDir } from '../support/temp-dir.ts';
import { passingBlock } from '../support/videos.ts';
import { until } from '../support/waiting.ts';
import { recordedSince, timeline } from '../support/watching.ts';
import type { StatusAnswer } from '../support/wire.ts';
import { type Booted, boot } from './booted.ts';
import { type Box, configuredBox } from './box.ts';
import { makeDoomedRelease, makeRelease, type Release } from './releases.ts';
import { ASKED, freshTree, type Tree } from './tree.ts';

const INSTALLER = '/opt/watchpost/current/systemd/install.sh';
const LONG_MS = 600_000;
const WATCHDOG_S = 15;

describe.runIf(ASKED).sequential('under systemd', () => {
  const life = new Lifetime();
  let tree: Tree;
  let system: Booted;
  let box: Box;
  let streamId: string;
  let startedMs: number;
  let releases: Record<'one' | 'two' | 'doomed', Release>;

  beforeAll(async () => {
    const { path } = life.use(await tempDir());
    releases = {
      one: makeRelease(path, 'one'),
      two: makeRelease(path, 'two', '--folder'),
      doomed: makeDoomedRelease(path),
    };
    const camera = await startRtspServer({ file: await passingBlock(240), name: 'yard' });
    life.defer(() => camera[Symbol.asyncDispose]());
    tree = life.use(await freshTree('bookworm'));
    box = await configuredBox(tree, [{ name: 'yard', url: camera.url }]);
    life.defer(() => system[Symbol.asyncDispose]());
    system = await boot(tree);
  }, LONG_MS);
  afterAll(() => life[Symbol.asyncDispose]());

  const restarts = async () => Number(await system.service('NRestarts'));
  const pid = async () => Number(await system.service('MainPID'));
  const current = async () => (await system.run('readlink', '/opt/watchpost/current')).output.trim();
  const ffmpegs = async () => (await system.run('pgrep', '-c', '-x', 'ffmpeg')).output.trim();
  const install = async ({ path }: Release, ...options: string[]) =>
    await system.run(
      'bash',
      '-c',
      `cp -L ${INSTALLER} /srv/i.sh; exec /srv/i.sh "$@"`,
      'sh',
      await tree.bring(path),
      ...options,
    );

  test('it is installed, active, and records', { timeout: LONG_MS }, async () => {
    const archive = await tree.bring(releases.one.path);
    await system.run('tar', '-xzf', archive, '-C', '/srv');
    const { code, output } = await system.run(`${archive.replace(/\.tar\.gz$/, '')}/systemd/install.sh`);
    expect([code, output]).toEqual([0, expect.stringMatching(/page: http:\/\/127\.0\.0\.1:\d+ {2}code \d{4}-\d{4} /)]);
    box.learnKey(output);
    expect(await system.service('ActiveState')).toBe('active');
    expect((await system.run('journalctl', '-u', 'watchpost', '-o', 'cat')).output).not.toMatch(/sk-/);
    const { cameras } = await box.data<StatusAnswer>('GET', '/v1/status');
    streamId = cameras[0]?.stream_id ?? '';
    startedMs = await recordedSince(box, streamId, 0, 6);
    await until('systemd is told', async () => (await system.service('StatusText')) === '1 of 1 cameras record');
  });

  test('a healthy one is never restarted, a hung one is, and records again', { timeout: LONG_MS }, async () => {
    const edit = `mkdir -p /etc/systemd/system/watchpost.service.d
      printf '[Service]\\nWatchdogSec=${WATCHDOG_S}\\n' > /etc/systemd/system/watchpost.service.d/override.conf
      systemctl daemon-reload && systemctl restart watchpost`;
    expect(await system.run('bash', '-c', edit)).toMatchObject({ code: 0 });
    const healthy = await pid();
    // Long enough for a watchdog that isn't fed to bite three times.
    await recordedSince(box, streamId, Date.now(), 3 * WATCHDOG_S);
    expect([await pid(), await restarts()]).toEqual([healthy, 0]);

    const hungMs = Date.now();
    expect(await system.run('kill', '-STOP', String(healthy))).toMatchObject({ code: 0 });
    await until(
      'it is begun anew',
      async () => (await restarts()) === 1 && (await system.service('ActiveState')) === 'active',
    );
    expect(await pid()).not.toBe(healthy);
    await recordedSince(box, streamId, hungMs + 1000, 6);
    expect(await ffmpegs()).toBe('1');
    expect((await system.run('journalctl', '-u', 'watchpost', '-o', 'cat')).output).toMatch(/Watchdog timeout/);
  });

  test('a hung ffmpeg is its own business', { timeout: LONG_MS }, async () => {
    const before = await pid();
    const hungMs = Date.now();
    await system.run('pkill', '-STOP', '-x', 'ffmpeg');
    await recordedSince(box, streamId, hungMs + 3000, 6);
    expect([await pid(), await restarts()]).toEqual([before, 1]);
  });

  test('an upgrade keeps what there is, and one that fails is taken back by itself', { timeout: LONG_MS }, async () => {
    const upgraded = await install(releases.two);
    expect([upgraded.code, upgraded.output]).toEqual([0, expect.stringMatching(/is installed instead of/)]);
    expect(await current()).toBe(`releases/${releases.two.id}`);
    const upgradedMs = Date.now();
    await recordedSince(box, streamId, upgradedMs, 4);

    const failed = await install(releases.doomed, '--wait', '60');
    expect([failed.code, failed.output]).toEqual([1, expect.stringMatching(/runs again, with all its data/)]);
    expect(failed.output).toMatch(/taking the database from before the upgrade/);
    expect([await current(), await system.service('ActiveState')]).toEqual([`releases/${releases.two.id}`, 'active']);
    await recordedSince(box, streamId, Date.now(), 4);
    await expectAll([startedMs, upgradedMs]);
  });

  test('data outlasts a reboot, and everything is up again', { timeout: LONG_MS }, async () => {
    await system.powerOff();
    system = await boot(tree);
    await until('the service is up', async () => (await system.service('ActiveState')) === 'active');
    const bootedMs = Date.now();
    await recordedSince(box, streamId, bootedMs, 4);
    await expectAll([startedMs, bootedMs]);
    expect(await system.run('watchpost', 'doctor')).toMatchObject({ code: 0 });
  });

  test('it goes back when it is told to, and goes away', { timeout: LONG_MS }, async () => {
    expect(await system.run(INSTALLER, 'rollback')).toMatchObject({ code: 0 });
    expect([await current(), await system.service('ActiveState')]).toEqual([`releases/${releases.one.id}`, 'active']);
    await expectAll([startedMs]);
    expect(await system.run(INSTALLER, 'uninstall')).toMatchObject({ code: 0 });
    expect(await system.service('ActiveState')).toBe('inactive');
    expect(await system.run('test', '-s', '/var/lib/watchpost/watchpost.db')).toMatchObject({ code: 0 });
    expect(await ffmpegs()).toBe('0');
  });

  /** At each of these times something was recorded that is still there. */
  async function expectAll(times: readonly number[]): Promise<void> {
    const { recorded } = await timeline(box, streamId);
    for (const atMs of times)
      expect(recorded.some(([start, end]) => end * 1000 > atMs && start * 1000 < atMs + 20_000)).toBe(true);
  }
});
