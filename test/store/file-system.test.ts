import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Store } from '#store';
import { quiet, standingClock } from './fixture.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wp-place-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A disk of 4 MB of which so many bytes are free. */
const disk = (type: number, free: number) => async () => ({ type, bsize: 1, blocks: 4e6, bavail: free });
const open = (fileSystemOf?: ReturnType<typeof disk>) =>
  Store.open(dir, { clock: standingClock(), log: quiet, ...(fileSystemOf ? { fileSystemOf } : {}) });
const EXT4 = 0xef53;

it.each([
  ['NFS', 0x6969],
  ['SMB', -0x00acb2be], // As a signed number of 32 bits: 0xff534d42.
  ['Ceph', 0x00c36400],
])('a database on %s is refused, and nothing is made there', async (name, type) => {
  await expect(open(disk(type, 4e6))).rejects.toMatchObject({
    kind: 'refused',
    message: expect.stringMatching(new RegExp(`network file system \\(${name}\\).*local disk`)),
  });
  expect(readdirSync(dir)).toEqual([]);
});

it('a database on a local disk is opened', async () => {
  await (await open(disk(EXT4, 4e6)))[Symbol.asyncDispose]();
  await (await open())[Symbol.asyncDispose]();
});

it('an older database is copied before its schema is changed; without room for that it stays as it is', async () => {
  const file = join(dir, 'watchpost.db');
  const old = new Database(file);
  old.exec(readFileSync(join(import.meta.dirname, 'schema-2.sql'), 'utf8'));
  old.pragma('user_version = 2');
  old.exec("INSERT INTO collections VALUES ('c-1', 'Default', '', 0, 1)");
  old.close();
  await expect(open(disk(EXT4, 1000))).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(/no room for a copy of the database/),
  });
  const untouched = new Database(file);
  expect(untouched.pragma('user_version', { simple: true })).toBe(2);
  untouched.close();

  await (await open(disk(EXT4, 4e6)))[Symbol.asyncDispose]();
  expect(readdirSync(join(dir, 'backups'))).toEqual(['of-schema-2.db']);
  const copy = new Database(join(dir, 'backups/of-schema-2.db'));
  expect(copy.pragma('user_version', { simple: true })).toBe(2);
  expect(copy.prepare('SELECT name FROM collections').pluck().all()).toEqual(['Default']);
  copy.close();
});
