import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Connection } from '../../src/store/connection.ts';
import { ConfigVersions } from '../../src/store/syncing/config-versions.ts';
import { openStore, quiet, standingClock } from './fixture.ts';

const content = { file: { name: 'box' }, layer: { mqtt: { password: 'canary-password' } } };

it('keeps the last fifty, newest first, with nothing to read in the database', async () => {
  await using at = await openStore(standingClock());
  const { configVersions } = at.store;
  for (let n = 0; n < 53; n += 1) configVersions.add({ by: `key ${n}`, changed: ['name'] }, content);
  const kept = configVersions.list();
  expect(kept.map(({ version }) => version)).toEqual(Array.from({ length: 50 }, (_, n) => 53 - n));
  expect(kept[0]).toMatchObject({ by: 'key 52', changed: ['name'] });
  expect(configVersions.content(53)).toEqual(content);
  expect(configVersions.content(1)).toBeUndefined();
  for (const file of ['watchpost.db', 'watchpost.db-wal']) {
    expect((await readFile(join(at.dir, file))).includes('canary')).toBe(false);
  }
});

it('is all or nothing with what is written beside it, and opened by no other key', async () => {
  await using at = await openStore(standingClock());
  const { configVersions } = at.store;
  const fails = () => {
    throw new Error('the disk is full');
  };
  expect(() => configVersions.add({ by: 'a key', changed: [] }, content, fails)).toThrow('the disk is full');
  expect(configVersions.list()).toEqual([]);
  const version = configVersions.add({ by: 'a key', changed: [] }, content);
  expect(() => configVersions.takeBack(version, fails)).toThrow('the disk is full');
  expect(configVersions.list()).toHaveLength(1);

  using connection = await Connection.open(join(at.dir, 'watchpost.db'), quiet);
  const foreign = new ConfigVersions(connection, Buffer.alloc(32, 1), standingClock());
  expect(foreign.content(version)).toBeUndefined();
  configVersions.takeBack(version, () => undefined);
  expect(configVersions.list()).toEqual([]);
});
