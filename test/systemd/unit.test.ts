import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../e2e/support/temp-dir.ts';

const UNIT = readFileSync(new URL('../../systemd/watchpost.service', import.meta.url), 'utf8');
const NODE = '/opt/watchpost/current/node/bin/node';
/** What systemd calls OK ends at 2; ours is at 1.5. */
const MOST_EXPOSED = 1.6;

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;

/** The unit with a program that is there; nothing else of it depends on the machine. */
async function analyzed(...args: string[]): Promise<{ status: number | null; said: string }> {
  await using dir = await tempDir();
  const file = join(dir.path, 'watchpost.service');
  writeFileSync(file, UNIT.replace(NODE, process.execPath));
  const { status, stdout, stderr } = spawnSync('systemd-analyze', [...args, file], { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

it.runIf(hasAnalyze)('systemd finds nothing wrong with the unit', async () => {
  expect(await analyzed('verify', '--man=no')).toEqual({ status: 0, said: '' });
});

it.runIf(hasAnalyze)('systemd finds the service well shut in', async () => {
  const { said } = await analyzed('security', '--offline=true', '--no-pager');
  const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(said)?.[1]);
  expect(exposure).toBeLessThanOrEqual(MOST_EXPOSED);
});

it('the service starts what is installed, and its watchdog kills without a core dump', () => {
  expect(UNIT).toContain(`\nExecStart=${NODE} /opt/watchpost/current/dist/main.js run --config `);
  for (const line of ['Type=notify', 'WatchdogSec=60', 'WatchdogSignal=SIGKILL', 'LimitCORE=0', 'Restart=always'])
    expect(UNIT).toContain(`\n${line}\n`);
});
