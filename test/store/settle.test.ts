import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openStore } from './fixture.ts';

it('has the log of writes on disk, and says when the disk has not taken it', async () => {
  await using at = await openStore();
  at.store.streams.list();
  at.store.keys.add('hash', 'a key');
  await at.store.settle();
  const log = join(at.dir, 'watchpost.db-wal');
  await rename(log, `${log}.away`);
  await expect(at.store.settle()).rejects.toMatchObject({ kind: 'unavailable' });
  await rename(`${log}.away`, log);
  await at.store.settle();
});
