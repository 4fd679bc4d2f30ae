/** A database that is damaged, or gone: the box comes back by itself, with all that can be had, and says so. */
import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { watchpost } from '../e2e/support/cli.ts';
import { freePort } from '../e2e/support/ports.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { passingBlock } from '../e2e/support/videos.ts';
import { until } from '../e2e/support/waiting.ts';
import { addCamera, arm, recordedSince } from '../e2e/support/watching.ts';
import type { FiringAnswer } from '../e2e/support/wire.ts';
import { isFull } from './form.ts';

const PAGE = 4096;
const config = { recording: { segmentSeconds: 2 } };

interface Safety {
  database: { restores: number; restored?: { problem: string } };
}

const alerts = async (appliance: TestAppliance): Promise<string[]> => {
  const answer = await appliance.data<{ alerts: FiringAnswer[] }>('GET', '/v1/alerts?limit=500');
  return answer.alerts.map(({ id }) => id);
};

/** Of a table in whose pages every segment and every scene is noted; written over where the appliance will look again. */
function scribble(dataDir: string): void {
  const file = join(dataDir, 'watchpost.db');
  const sql = new Database(file, { timeout: 5000, fileMustExist: true });
  sql.pragma('wal_checkpoint(TRUNCATE)');
  const root = sql.prepare<[], number>("SELECT rootpage FROM sqlite_schema WHERE name = 'journal'").pluck().get() ?? 0;
  const fd = openSync(file, 'r+');
  writeSync(fd, Buffer.alloc(PAGE, 0xa5), 0, PAGE, (root - 1) * PAGE);
  closeSync(fd);
  sql.exec("INSERT OR REPLACE INTO meta VALUES ('touched', hex(randomblob(8)))"); // Others read their pages anew.
  sql.close();
}

test('a database that is damaged while it is in use is restored, and recording goes on', {
  timeout: 240_000,
}, async () => {
  await using camera = await startRtspServer({ file: await passingBlock(600, 3), name: 'yard' });
  await using appliance = await TestAppliance.start({ config, port: await freePort() });
  const watch = await addCamera(appliance, { url: camera.url, seconds: 1, frames: 2 });
  await arm(appliance, watch, { prompt: 'something moves', label: 'movement' });
  await recordedSince(appliance, watch.streamId, 0, 4);
  const fired = await until('an alert', async () => {
    const ids = await alerts(appliance);
    return ids.length > 0 && ids;
  });
  const log = 'the database was damaged and has been restored';
  await until('it notices the damage and restores the database', () => {
    if (appliance.output.includes(log)) return true;
    if (!/is damaged/.test(appliance.output)) scribble(appliance.dataDir); // Once is enough.
    return false;
  });
  await until('it serves again', () => appliance.output.split('"watchpost is running"').length > 2);
  expect((await appliance.data<Safety>('GET', '/v1/status')).database.restores).toBeGreaterThanOrEqual(1);
  await recordedSince(appliance, watch.streamId, Date.now(), 4);
  const kept = new Set(await alerts(appliance));
  expect(
    fired.filter((id) => !kept.has(id)),
    'alerts that had fired',
  ).toEqual([]);
  await appliance.kill('SIGTERM');
  const { code, stdout, stderr } = await watchpost(['doctor', '--data-dir', appliance.dataDir]);
  expect(code, stdout + stderr).toBe(0);
});

test.runIf(isFull)(
  'a box whose database is gone has its recordings; with a copy it is as it was',
  { timeout: 240_000 },
  async () => {
    await using dir = await tempDir();
    const [dataDir, copy] = [join(dir.path, 'data'), join(dir.path, 'copy.db')];
    await using camera = await startRtspServer({ file: await passingBlock(600, 3), name: 'yard' });
    const start = () => TestAppliance.start({ dataDir, config });
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await watchpost([...args, '--data-dir', dataDir]);
      expect(code, `${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
      return stdout;
    };
    let streamId = '';
    {
      await using appliance = await start();
      ({ streamId } = await addCamera(appliance, { url: camera.url, name: 'the yard' }));
      await recordedSince(appliance, streamId, 0, 4);
      expect(await run('doctor')).toMatch(/database\tis sound/);
      await run('backup', copy);
      await appliance.kill('SIGKILL');
    }
    for (const suffix of ['-wal', '-shm']) rmSync(join(dataDir, `watchpost.db${suffix}`), { force: true });
    writeFileSync(join(dataDir, 'watchpost.db'), 'nonsense'.repeat(2000));
    {
      await using appliance = await start();
      expect(appliance.output).toContain('"camerasFoundAgain":["the yard"]');
      await recordedSince(appliance, streamId, 0, 4);
      const { database } = await appliance.data<Safety>('GET', '/v1/status');
      expect(database).toMatchObject({ restores: 1, restored: { problem: 'file is not a database' } });
      await appliance.kill('SIGTERM');
    }
    await run('restore', copy);
    expect(await run('doctor', '--repair')).toMatch(/done: \d+ segments entered|database\tis sound/);
    await using appliance = await start();
    await recordedSince(appliance, streamId, Date.now(), 4);
  },
);
