import { spawnSync } from 'node:child_process';
import { afterEach, expect, it } from 'vitest';
import { systemdNotify, watchdogIntervalMs } from '#runtime';
import { serviceManager } from '../systemd/ear.ts';

const hasNotify = spawnSync('systemd-notify', ['--version']).status === 0;

afterEach(() => {
  delete process.env['NOTIFY_SOCKET'];
});

it.runIf(hasNotify)('systemd hears on a real socket what it is told', async () => {
  await using manager = await serviceManager();
  process.env['NOTIFY_SOCKET'] = manager.socket;
  const notify = systemdNotify();
  notify('READY=1');
  await manager.hears('READY=1');
  notify('WATCHDOG=1', 'STATUS=2 of 3 cameras record');
  await manager.hears('WATCHDOG=1 STATUS=2 of 3 cameras record');
});

it('nothing is told where there is no systemd', () => {
  expect(() => systemdNotify({})('READY=1')).not.toThrow();
});

it('the watchdog is fed three times in its deadline, when it asks', () => {
  expect(watchdogIntervalMs({ WATCHDOG_USEC: '60000000' })).toBe(20_000);
  expect(watchdogIntervalMs({})).toBeUndefined();
});
