import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Store } from '#store';
import { Connection } from '../../src/store/connection.ts';
import { type Migration, migrate } from '../../src/store/schema/migrate.ts';
import { VectorReader } from '../../src/store/search/vector-reader.ts';
import { quantise } from '../../src/store/search/vector-tables.ts';
import { Vectors } from '../../src/store/search/vectors.ts';
import { axis, NOON, quiet, standingClock } from './fixture.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wp-open-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const open = (where = dir) => Store.open(where, { clock: standingClock(), log: quiet });

describe('opening a store', () => {
  it('makes private files that are found again', async () => {
    const data = join(dir, 'data');
    let first: { boxId: string; key: Buffer; collection: string };
    {
      await using store = await open(data);
      first = { boxId: store.boxId, key: store.signingKey, collection: store.defaultCollection.id };
      expect(store.boxId).toMatch(/^box-[0-9a-f]{16}$/);
      expect(store.signingKey).toHaveLength(32);
    }
    const mode = (path: string) => statSync(path).mode & 0o777;
    expect(mode(data)).toBe(0o700);
    expect(mode(join(data, 'watchpost.db'))).toBe(0o600);
    expect(mode(join(data, 'signing.key'))).toBe(0o600);
    chmodSync(join(data, 'watchpost.db'), 0o644);
    await using again = await open(data);
    expect({ boxId: again.boxId, key: again.signingKey, collection: again.defaultCollection.id }).toEqual(first);
    expect(mode(join(data, 'watchpost.db'))).toBe(0o600);
    expect(again.collections.list()).toHaveLength(1);
  });

  it('gives two that open together the same identity', async () => {
    const [a, b] = await Promise.all([open(), open()]);
    expect(a.boxId).toBe(b.boxId);
    expect(a.signingKey).toEqual(b.signingKey);
    a.keys.add('hash', 'from the other');
    expect(b.keys.find('hash')?.label).toBe('from the other');
    await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
  });

  it('refuses a database of a newer version, and leaves it as it is', async () => {
    await (await open())[Symbol.asyncDispose]();
    const db = new Database(join(dir, 'watchpost.db'));
    db.pragma('user_version = 99');
    db.close();
    await expect(open()).rejects.toMatchObject({ kind: 'refused', message: expect.stringMatching(/schema 99.*newer/) });
  });

  it('says what to do about a damaged database and a damaged key', async () => {
    writeFileSync(join(dir, 'watchpost.db'), 'not a database at all, but long enough to look at'.repeat(100));
    await expect(open()).rejects.toMatchObject({
      kind: 'internal',
      message: expect.stringMatching(/damaged.*restored/),
    });
    rmSync(join(dir, 'watchpost.db'));
    await (await open())[Symbol.asyncDispose]();
    truncateSync(join(dir, 'signing.key'), 7);
    await expect(open()).rejects.toMatchObject({ message: expect.stringMatching(/signing\.key: has 7 bytes/) });
  });

  it('keeps scenes without sqlite-vec, and finds nothing near', async () => {
    const sql = new Database(':memory:');
    sql.exec('CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT');
    using connection = new Connection(sql, false);
    const vectors = new Vectors(connection, 'vectors', () => undefined);
    const reader = new VectorReader(connection, 'vectors');
    vectors.openDay(NOON);
    vectors.add({ id: 1, streamId: 's', indexId: 'i', startMs: NOON, endMs: NOON }, axis(0), 'm');
    const filter = { model: 'm', stream: null, collection: null, box: null, index: null, start: null, end: null };
    const query = quantise(axis(0)) ?? Buffer.of();
    expect(await reader.nearest(query, filter, { limit: 10 })).toEqual([]);
    expect(await reader.cosines(query, 'm', [{ id: 1, startMs: NOON }])).toEqual(new Map());
  });
});

describe('migrations', () => {
  const version1 = 'CREATE TABLE cameras (id INTEGER PRIMARY KEY, name TEXT) STRICT;';
  const steps: Migration[] = [
    { version: 2, sql: 'CREATE TABLE zones (id INTEGER PRIMARY KEY) STRICT;' },
    { version: 3, sql: 'CREATE INDEX cameras_by_name ON cameras (name);' },
  ];
  const newest = [version1, ...steps.map(({ sql }) => sql)].join('\n');
  const described = (db: Database.Database) => [
    db.pragma('user_version', { simple: true }),
    db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name').all(),
  ];

  it('bring an older database to what a fresh one is, and keep its rows', () => {
    const [old, fresh] = [new Database(':memory:'), new Database(':memory:')];
    migrate(old, version1, []);
    old.exec("INSERT INTO cameras (name) VALUES ('front')");
    migrate(old, newest, steps);
    migrate(fresh, newest, steps);
    expect(described(old)).toEqual(described(fresh));
    expect(old.prepare('SELECT name FROM cameras').pluck().all()).toEqual(['front']);
    migrate(old, newest, steps);
    expect(described(old)).toEqual(described(fresh));
  });

  it('leave a whole older version when a step fails', () => {
    const db = new Database(':memory:');
    migrate(db, version1, []);
    const broken = [steps[0], { version: 3, sql: 'CREATE TABLE half (id INTEGER); SELECT nonsense;' }] as Migration[];
    expect(() => migrate(db, newest, broken)).toThrow(/nonsense/);
    expect(described(db)).toMatchObject([2, [{ name: 'cameras' }, { name: 'zones' }]]);
  });

  it('bring the schema of 0.1.0 to the newest, with what is in it', () => {
    const [old, fresh] = [new Database(':memory:'), new Database(':memory:')];
    migrate(old, readFileSync(join(import.meta.dirname, 'schema-1.sql'), 'utf8'), []);
    old.exec(`
      INSERT INTO collections VALUES ('c-1', 'Default', '', 0, 1);
      INSERT INTO streams VALUES ('rts-1', 'c-1', 'front', 'rtsp://x/', '[]', 30, 1, 1, 'tcp', '[]', 'connected', 'api', 1);
      INSERT INTO indexes VALUES ('i1', 'rts-1', 'n', 'p', '{}', '{}', 'basic', '{}', NULL, 'running', 1);
      INSERT INTO garbage (root, path, dir) VALUES ('media', 'a/b', 0);`);
    migrate(old);
    migrate(fresh);
    expect(shape(old)).toEqual(shape(fresh));
    expect(old.prepare('SELECT path FROM garbage').pluck().all()).toEqual(['a/b']);
    expect(old.prepare('SELECT transcript_engine FROM streams').pluck().all()).toEqual(['default']);
    expect(old.prepare('SELECT resumed_ms FROM indexes').pluck().all()).toEqual([0]);
    expect(old.pragma('foreign_key_check')).toEqual([]);
  });

  it('bring the schema of version 2 to the newest: what was said before can be found, and stands there once', () => {
    const [old, fresh] = [new Database(':memory:'), new Database(':memory:')];
    old.exec(readFileSync(join(import.meta.dirname, 'schema-2.sql'), 'utf8'));
    old.pragma('user_version = 2');
    old.exec(`
      INSERT INTO collections VALUES ('c-1', 'Default', '', 0, 1);
      INSERT INTO streams (id, collection_id, name, url, media_types, sample_rate, store, enable_transcript, transport,
        zones, wanted, origin, created_ms)
      VALUES ('rts-1', 'c-1', 'front', 'rtsp://x/', '[]', 30, 1, 1, 'tcp', '[]', 'connected', 'api', 1);
      INSERT INTO transcripts (stream_id, start_ms, end_ms, text, words) VALUES
        ('rts-1', 1000, 2000, 'good morning', '[]'), ('rts-1', 1000, 2000, 'good night', '[]'),
        ('rts-1', 3000, 4000, 'the gate is open', '[]');`);
    migrate(old);
    migrate(fresh);
    expect(shape(old)).toEqual(shape(fresh));
    expect(old.prepare('SELECT text, language, model FROM transcripts ORDER BY id').all()).toEqual([
      { text: 'good morning', language: null, model: '' },
      { text: 'the gate is open', language: null, model: '' },
    ]);
    const match = old.prepare('SELECT rowid FROM transcript_words WHERE transcript_words MATCH ?').pluck();
    expect([match.all('gates'), match.all('night')]).toEqual([[3], []]);
    expect(old.pragma('foreign_key_check')).toEqual([]);
  });

  it('bring the schema of version 3 to the newest: what was on its way stays on its way', () => {
    const [old, fresh] = [new Database(':memory:'), new Database(':memory:')];
    old.exec(readFileSync(join(import.meta.dirname, 'schema-3.sql'), 'utf8'));
    old.pragma('user_version = 3');
    old.exec(`
      INSERT INTO collections VALUES ('c-1', 'Default', '', 0, 1);
      INSERT INTO streams (id, collection_id, name, url, media_types, sample_rate, store, enable_transcript, transport,
        zones, wanted, origin, created_ms)
      VALUES ('rts-1', 'c-1', 'front', 'rtsp://x/', '[]', 30, 1, 1, 'tcp', '[]', 'connected', 'api', 1);
      INSERT INTO indexes (id, stream_id, name, prompt, extraction, extraction_config, model_name, model_config, status,
        created_ms) VALUES ('i1', 'rts-1', 'n', 'p', '{}', '{}', 'basic', '{}', 'running', 1);
      INSERT INTO events VALUES ('e1', 'p', 'l', '{}', 1);
      INSERT INTO alerts VALUES ('a1', 'rts-1', 'i1', 'e1', NULL, NULL, 'enabled', 1);
      INSERT INTO firings VALUES ('f1', 'a1', 'e1', 'l', 'rts-1', 'i1', 1, 1, 1, 1, 1, 'x', '{}');
      INSERT INTO deliveries VALUES (7, 'f1', 'mqtt', 't', 2, 5, 'away', NULL);`);
    migrate(old);
    migrate(fresh);
    expect(shape(old)).toEqual(shape(fresh));
    expect(old.prepare('SELECT verdict FROM firings').pluck().all()).toEqual([null]);
    expect(old.prepare('SELECT id, attempts, next_try_ms, last_error, what, since_ms FROM deliveries').all()).toEqual([
      { id: 7, attempts: 2, next_try_ms: 5, last_error: 'away', what: 'alert', since_ms: 1 },
    ]);
    old.exec(`
      INSERT INTO deliveries (firing_id, channel, target, what, since_ms) VALUES ('f1', 'mqtt', 't', 'verdict', 2)`);
    expect(old.prepare('SELECT max(id) FROM deliveries').pluck().get()).toBe(8);
    expect(old.pragma('foreign_key_check')).toEqual([]);
  });
});

/** Tables with their columns, indexes and triggers; how they were written down doesn't matter. */
function shape(db: Database.Database): unknown {
  const named = db.prepare<[], { type: string; name: string; sql: string | null }>(
    "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
  );
  return named.all().map(({ type, name, sql }) => ({
    type,
    name,
    ...(type === 'table'
      ? { columns: db.pragma(`table_xinfo(${name})`), refers: db.pragma(`foreign_key_list(${name})`) }
      : { sql: sql?.replace(/--.*$/gm, '').replace(/\s+/g, ' ') }),
  }));
}
