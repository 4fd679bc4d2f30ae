import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#runtime';
import { Ledger, restoreDamaged, restoreFrom, Store } from '#store';
import { aFiring, anArmedCamera, aScene, aSegment, aSession, axis, NOON, quiet } from './fixture.ts';

const PAGE = 4096;
const ROOMY = { reservePercent: 0, signal: new AbortController().signal };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wp-restore-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const file = (name = 'watchpost.db') => join(dir, name);
const open = () => Store.open(dir, { clock: systemClock, log: quiet });
const restore = () => restoreDamaged(dir, systemClock);

/** As many scenes, segments and alerts as are asked for, from the n-th on. */
function fill(store: Store, from: number, to: number): void {
  const [armed = anArmedCamera(store).alert] = store.alerts.list();
  const index = store.indexes.get(armed.indexId);
  if (!index) throw new Error('an alert has an index');
  const session = aSession(index.streamId, { id: 'session-1' });
  for (let n = from; n < to; n++) {
    const startMs = NOON + n * 5000;
    const scene = aScene(index, { startMs, endMs: startMs + 5000, text: `A person carries parcel ${n}.` });
    store.scenes.add(scene, axis(n % 8), 'm');
    store.segments.add(aSegment(session, startMs), session);
    store.commitEvaluation({
      cursor: store.journal.head(),
      cursorName: 'events',
      states: [],
      firings: [{ firing: aFiring(armed, startMs), deliveries: [{ channel: 'mqtt', target: 'front/person' }] }],
    });
  }
}

/** The root page of a table, counted from 1. */
function rootOf(table: string): number {
  const sql = new Database(file(), { readonly: true });
  const root = sql.prepare<[string], number>('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck().get(table);
  sql.close();
  return root ?? 0;
}

function scribble(page: number): void {
  const fd = openSync(file(), 'r+');
  writeSync(fd, Buffer.alloc(PAGE, 0xa5), 0, PAGE, (page - 1) * PAGE);
  closeSync(fd);
}

/** What must hold of any database that was restored. */
async function expectSound(): Promise<void> {
  const ledger = Ledger.open(dir);
  expect(ledger.problems()).toEqual([]);
  expect(ledger.disagreements()).toEqual([]);
  ledger[Symbol.dispose]();
  expect(await restore(), 'nothing is left to restore').toBeUndefined();
}

describe('a backup', () => {
  it('is a whole database of its own, made while others write, and only when it is due', async () => {
    await using store = await open();
    fill(store, 0, 20);
    const [made] = await Promise.all([
      store.backups.makeIfDue(ROOMY),
      Promise.resolve().then(() => fill(store, 20, 30)),
    ]);
    expect(made).toBe(true);
    expect(await store.backups.makeIfDue(ROOMY)).toBe(false);
    expect(readdirSync(file('backups'))).toEqual(['watchpost.1.db']);
    expect(statSync(file('backups/watchpost.1.db')).mode & 0o777).toBe(0o600);
    const copy = new Database(file('backups/watchpost.1.db'), { readonly: true });
    expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(copy.prepare('SELECT count(*) FROM scenes').pluck().get()).toBeGreaterThanOrEqual(20);
    copy.close();
    await store.backups.make(ROOMY);
    await store.backups.make(ROOMY);
    expect(readdirSync(file('backups'))).toEqual(['watchpost.1.db', 'watchpost.2.db']);
  });

  it('is not made without room above the reserve, which is said', async () => {
    await using store = await open();
    const full = async () => ({ type: 0, bsize: 4096, blocks: 1_000_000, bavail: 100_010 });
    await expect(store.backups.make({ ...ROOMY, reservePercent: 10, fileSystemOf: full })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/no room for a copy.*free some space/),
    });
    expect(await store.backups.status()).toMatchObject({ problem: expect.stringMatching(/no room/), restores: 0 });
    expect(readdirSync(file('backups'))).toEqual([]);
  });

  it('of a damaged database never takes the place of a good one, and says so at once', async () => {
    {
      await using store = await open();
      fill(store, 0, 200);
      await store.backups.make(ROOMY);
    }
    const good = readFileSync(file('backups/watchpost.1.db'));
    scribble(rootOf('scenes'));
    await using store = await open();
    await expect(store.backups.make(ROOMY)).rejects.toMatchObject({ message: expect.stringMatching(/damaged/) });
    expect(store.damaged.aborted).toBe(true);
    expect(readFileSync(file('backups/watchpost.1.db')).equals(good)).toBe(true);
    expect(readdirSync(file('backups'))).toEqual(['watchpost.1.db']);
  });
});

describe('a damaged database', () => {
  let filled: string;
  /** Sixty scenes in the copy, a hundred and twenty in the database. */
  beforeAll(async () => {
    filled = mkdtempSync(join(tmpdir(), 'wp-filled-'));
    await using store = await Store.open(filled, { clock: systemClock, log: quiet });
    fill(store, 0, 60);
    await store.backups.make(ROOMY);
    fill(store, 60, 120);
  });
  beforeEach(() => cpSync(filled, dir, { recursive: true }));
  afterAll(() => rmSync(filled, { recursive: true }));

  it('loses nothing of its sound tables, and of the damaged one what the last copy lacks and can’t be read', async () => {
    const before = { firings: 120, journal: 0 };
    {
      await using store = await open();
      before.journal = store.journal.head();
    }
    writeFileSync(file('watchpost.db.damaged'), 'the check found it');
    scribble(rootOf('scenes'));
    const report = await restore();
    expect(report).toMatchObject({ problem: 'the check found it', backup: file('backups/watchpost.1.db') });
    expect(report?.salvaged?.damaged.map(({ table }) => table)).toEqual(['scenes']);
    await expectSound();
    await using store = await open();
    expect(store.firings.count()).toBe(before.firings);
    expect(store.alerts.list()).toHaveLength(1);
    expect(store.segments.totals().count).toBe(120);
    expect(store.scenes.recent({ limit: 500 }).length).toBeGreaterThanOrEqual(60);
    expect(store.journal.cursor('events')).toBeLessThanOrEqual(before.journal);
    fill(store, 120, 121);
    expect(store.journal.head(), 'no number is given out twice').toBeGreaterThan(before.journal);
  });

  it('is noticed at the start by its small tables', async () => {
    scribble(rootOf('alerts'));
    expect(await restore()).toMatchObject({ problem: expect.stringMatching(/^alerts: /) });
    await expectSound();
    await using store = await open();
    expect(store.alerts.list(), 'from the copy').toHaveLength(1);
    expect(store.firings.count()).toBe(120);
  });

  it('that is no database any more is the last copy again, and is kept aside', async () => {
    const nonsense = 'not a database at all, but long enough to look at'.repeat(100);
    writeFileSync(file(), nonsense);
    const report = await restore();
    expect(report).toMatchObject({ backup: file('backups/watchpost.1.db') });
    expect(report).not.toHaveProperty('salvaged');
    expect(readFileSync(join(report?.setAside ?? '', 'watchpost.db'), 'utf8')).toBe(nonsense);
    await expectSound();
    await using store = await open();
    expect(store.firings.count()).toBe(60);
  });

  it('is restored from the older copy when the newest one is damaged too', async () => {
    renameSync(file('backups/watchpost.1.db'), file('backups/watchpost.2.db'));
    writeFileSync(file('backups/watchpost.1.db'), 'nonsense');
    rmSync(file());
    expect(await restore()).toMatchObject({ problem: 'it is gone', backup: file('backups/watchpost.2.db') });
    await expectSound();
  });

  it('without any copy begins anew with all that can be read', async () => {
    rmSync(file('backups'), { recursive: true });
    writeFileSync(file('watchpost.db.damaged'), 'the check found it');
    scribble(rootOf('transcripts'));
    const report = await restore();
    expect(report).not.toHaveProperty('backup');
    expect(report?.salvaged?.whole).toContain('vectors_20250615');
    await expectSound();
    await using store = await open();
    expect(store.firings.count()).toBe(120);
    expect(store.scenes.recent({ limit: 500 })).toHaveLength(120);
  });

  it('leaves two of its kind behind, not more', async () => {
    for (let n = 0; n < 3; n++) {
      truncateSync(file(), PAGE + n);
      expect(await restore()).toBeDefined();
    }
    expect(readdirSync(file('damaged'))).toHaveLength(2);
  });

  it('whose log was cut off has everything up to there', async () => {
    const writer = new Database(file());
    writer.pragma('wal_autocheckpoint = 0');
    writer.exec("INSERT INTO meta VALUES ('kept', 'yes')");
    const { size } = statSync(file('watchpost.db-wal'));
    writer.exec("INSERT INTO meta VALUES ('cut', 'off')");
    const log = readFileSync(file('watchpost.db-wal'));
    const database = readFileSync(file());
    writer.close();
    writeFileSync(file(), database);
    writeFileSync(file('watchpost.db-wal'), log.subarray(0, size + 1000));
    expect(await restore()).toBeUndefined();
    const reader = new Database(file(), { readonly: true });
    expect(reader.prepare("SELECT name FROM meta WHERE name IN ('kept', 'cut')").pluck().all()).toEqual(['kept']);
    reader.close();
    await expectSound();
  });
});

describe('restoring by hand', () => {
  it('takes a good copy, and sets aside what was there', async () => {
    {
      await using store = await open();
      fill(store, 0, 5);
      await store.backups.make(ROOMY);
      fill(store, 5, 10);
    }
    const { setAside } = await restoreFrom(file('backups/watchpost.1.db'), dir, systemClock);
    expect(existsSync(join(setAside, 'watchpost.db'))).toBe(true);
    await expectSound();
    await using store = await open();
    expect(store.firings.count()).toBe(5);
  });

  it.each([
    ['is not there', () => undefined, /no such file/],
    ['is no database', () => writeFileSync(file('x.db'), 'nonsense'), /not a database/],
    [
      'is of another program',
      () => new Database(file('x.db')).exec('CREATE TABLE t (a)').close(),
      /no database of Watchpost/,
    ],
    ['is newer', () => new Database(file('x.db')).exec('PRAGMA user_version = 99').close(), /newer Watchpost/],
  ])('refuses one that %s, and changes nothing', async (_what, make, message) => {
    await (await open())[Symbol.asyncDispose]();
    make();
    await expect(restoreFrom(file('x.db'), dir, systemClock)).rejects.toMatchObject({ kind: 'invalid', message });
    expect(existsSync(file('damaged'))).toBe(false);
    await expectSound();
  });
});
