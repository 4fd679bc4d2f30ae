import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { serviceManager } from '../systemd/ear.ts';
import { TestAppliance } from './support/appliance.ts';

const hasNotify = spawnSync('systemd-notify', ['--version']).status === 0;

it.runIf(hasNotify)('systemd is told when the box is ready, that it lives, and when it ends', async () => {
  await using manager = await serviceManager();
  const env = { NOTIFY_SOCKET: manager.socket, WATCHDOG_USEC: '1500000' };
  {
    await using _appliance = await TestAppliance.start({ env });
    await manager.hears('READY=1');
    await manager.hears('WATCHDOG=1 STATUS=0 of 0 cameras record');
    expect(manager.heard).not.toContain('STOPPING=1');
  }
  await manager.hears('STOPPING=1');
});
