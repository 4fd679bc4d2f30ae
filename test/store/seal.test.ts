/** Passwords of cameras: in the database only sealed, in a backup with the key, readable wherever the key is. */
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '#runtime';
import { copyToTake, restoreFrom, Store } from '#store';
import { aStream, quiet } from './fixture.ts';

const URL = 'rtsp://me:canary-1@10.0.0.2/main';
const SUBSTREAM = 'rtsp://me:canary-1@10.0.0.2/sub';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wp-seal-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const open = (name: string) => Store.open(join(root, name), { clock: systemClock, log: quiet });

async function boxWithCamera(name = 'box'): Promise<string> {
  await using store = await open(name);
  const stream = aStream({ url: URL, substreamUrl: SUBSTREAM, collectionId: store.defaultCollection.id });
  store.streams.create(stream);
  return stream.id;
}

function textOf(dir: string): string {
  return readdirSync(dir)
    .map((file) => readFileSync(join(dir, file), 'latin1'))
    .join('');
}

it('addresses come back as they were, and no file of the database holds them', async () => {
  const id = await boxWithCamera();
  await using store = await open('box');
  expect(store.streams.get(id)).toMatchObject({ url: URL, substreamUrl: SUBSTREAM });
  expect(store.streams.list().results[0]?.url).toBe(URL);
  store.streams.update(id, { name: 'other' });
  expect(store.streams.get(id)?.url).toBe(URL);
  expect(textOf(join(root, 'box'))).not.toContain('canary-1');
});

it('addresses that an older version wrote are sealed when the box starts', async () => {
  const id = await boxWithCamera();
  const sql = new Database(join(root, 'box/watchpost.db'));
  sql.prepare('UPDATE streams SET url = ?, substream_url = NULL').run(URL.replace('canary-1', 'older'));
  sql.close();
  await using store = await open('box');
  const stream = store.streams.get(id);
  expect([stream?.url, stream?.substreamUrl]).toEqual([URL.replace('canary-1', 'older'), undefined]);
  const after = new Database(join(root, 'box/watchpost.db'), { readonly: true });
  expect(after.prepare('SELECT url FROM streams').pluck().get()).toMatch(/^sealed:/);
  after.close();
});

it('without its key a box names the cameras, and has their addresses again when the key is back', async () => {
  const id = await boxWithCamera();
  renameSync(join(root, 'box/signing.key'), join(root, 'kept.key'));
  {
    await using store = await open('box');
    expect(store.streams.unreadable()).toEqual([store.streams.get(id)?.name]);
    expect(store.streams.get(id)?.url).toBe('');
    store.streams.update(id, { name: 'renamed' });
  }
  renameSync(join(root, 'kept.key'), join(root, 'box/signing.key'));
  await using store = await open('box');
  expect(store.streams.get(id)).toMatchObject({ name: 'renamed', url: URL, substreamUrl: SUBSTREAM });
  expect(store.streams.unreadable()).toEqual([]);
});

it('a copy that is taken to another box brings the key along, and leaves it in no database', async () => {
  const id = await boxWithCamera();
  const copy = join(root, 'copy.db');
  expect(await copyToTake(join(root, 'box'), copy, new AbortController().signal)).toEqual([]);
  await boxWithCamera('new');
  await restoreFrom(copy, join(root, 'new'), systemClock);
  {
    await using store = await open('new');
    expect(store.streams.get(id)?.url).toBe(URL);
  }
  const key = (box: string) => readFileSync(join(root, box, 'signing.key'));
  expect(key('new')).toEqual(key('box'));
  const sql = new Database(join(root, 'new/watchpost.db'), { readonly: true });
  expect(sql.prepare("SELECT count(*) FROM meta WHERE name = 'signing_key'").pluck().get()).toBe(0);
  sql.close();
  await using again = await open('new');
  expect(again.streams.get(id)?.url).toBe(URL);
});
