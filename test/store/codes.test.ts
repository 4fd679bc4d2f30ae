/** Searches with codes find what searches without them find. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';
import { expect, it, vi } from 'vitest';
import { VectorReader } from '../../src/store/search/vector-reader.ts';
import { quantise } from '../../src/store/search/vector-tables.ts';
import { axis, DAY, NOON } from './fixture.ts';
import { ANY, DIMENSIONS, EVERYTHING, yard } from './yard.ts';

// A machine that is busy with other things takes its time to store what is searched.
vi.setConfig({ testTimeout: 60_000 });

it('of few vectors the answers are the same, whatever narrows them down', async () => {
  await using at = await yard(40);
  expect(await at.keep()).toBe(true);
  expect(at.codes.count).toBe(240);
  const [{ stream, index }] = at.cameras as [(typeof at.cameras)[0]];
  const filters = [
    {},
    { stream: stream.id },
    { index: index.id },
    { collection: at.store.defaultCollection.id },
    { collection: 'none' },
    { start: NOON + 20_000, end: NOON + 60_000 },
    { start: NOON - DAY + 100_000 },
    { end: NOON - DAY },
    { model: 'other' },
  ];
  for (const filter of filters) {
    for (const least of [EVERYTHING, 0.7]) {
      const vector = at.likely(1);
      const wanted = await at.exactly(vector, filter, 20, least);
      expect(await at.find(vector, filter, 20, least), JSON.stringify(filter)).toEqual(wanted);
    }
  }
  expect(await at.find(axis(1))).toEqual([]);
});

it('of many vectors that are much alike the nearest are found, though few are compared', async () => {
  await using at = await yard(400, { dimensions: 256 });
  await at.keep();
  let missed = 0;
  for (let n = 0; n < 20; n++) {
    const vector = at.likely(n % 2);
    const found = await at.find(vector);
    missed += (await at.exactly(vector)).filter((id) => !found.includes(id)).length;
  }
  expect(missed).toBeLessThanOrEqual(10);
});

it('what was stored, grown, told anew or deleted since is taken in', async () => {
  await using at = await yard(20);
  await at.keep();
  at.add(1, NOON + 800_000);
  await at.keep();
  expect(at.codes.count).toBe(121);
  const odd = Float32Array.from({ length: DIMENSIONS }, (_, i) => (i === 9 ? 1 : 0));
  const { id } = at.add(0, NOON + 900_000, odd);
  expect((await at.find(odd))[0]).toBe(id);
  const later = { start: NOON + 2_000_000 };
  expect(await at.find(odd, later)).toEqual([]);
  at.store.scenes.grow(id, NOON + 3_000_000);
  at.codes.changed('vectors_20250615', id);
  expect(await at.find(odd, later)).toEqual([id]);
  const anew = Float32Array.from({ length: DIMENSIONS }, (_, i) => (i === 20 ? 1 : 0));
  const told = at.store.scenes.get(id);
  if (!told?.facts) throw new Error('the scene is gone');
  at.store.scenes.retell(id, { text: 'anew', facts: told.facts }, anew, 'm');
  at.codes.changed('vectors_20250615', id);
  expect(await at.find(anew, {}, 1, 0.9)).toEqual([id]);
  expect(await at.find(odd, {}, 1, 0.9)).toEqual([]);
  const [{ stream }, other] = at.cameras as [(typeof at.cameras)[0], (typeof at.cameras)[0]];
  at.store.streams.delete(stream.id);
  at.codes.erased(stream.id);
  expect(at.codes.count).toBe(61);
  const vector = at.likely(1);
  expect(await at.find(vector)).toEqual(await at.exactly(vector));
  expect(await at.find(vector, { stream: other.stream.id }, 100)).toHaveLength(61);
});

it('a vector of another model than before is found once its day was read again', async () => {
  await using at = await yard(20);
  await at.keep();
  const { id } = at.add(0, NOON, axis(3));
  const facts = at.store.scenes.get(id)?.facts;
  if (!facts) throw new Error('the scene is gone');
  expect(await at.find(axis(3), {}, 1, 0.9)).toEqual([id]);
  at.store.scenes.retell(id, { text: 'anew', facts }, axis(4), 'newer');
  at.codes.changed('vectors_20250615', id);
  for (let n = 0; n < 2; n++) {
    expect(await at.find(axis(4), { model: 'newer' }, 1, 0.9)).toEqual([id]);
    expect(await at.find(axis(3), {}, 1, 0.9)).toEqual([]);
    await at.keep();
  }
});

it('a day that retention drops is neither found nor kept', async () => {
  await using at = await yard(20);
  await at.keep();
  await at.store.retention.enforce({
    mediaDir: at.dir,
    thumbsDir: at.dir,
    assetsDir: at.dir,
    reservePercent: 0,
    keepDays: 1,
    signal: new AbortController().signal,
  });
  const vector = at.likely(0);
  expect(await at.find(vector, {}, 100)).toEqual(await at.exactly(vector, {}, 100));
  await at.keep();
  expect(at.codes.count).toBe(80);
});

it('without room for all, the newest days are kept, and the others compared without codes', async () => {
  await using at = await yard(300, { bytes: 200_000 });
  expect(await at.keep()).toBe(true);
  expect(at.codes.count).toBeGreaterThan(0);
  expect(at.codes.count).toBeLessThan(1800);
  expect(at.codes.wants('vectors_20250615')).toBe(false);
  expect(at.codes.wants('vectors_20250613')).toBe(true);
  for (let n = 0; n < 5; n++) {
    const vector = at.likely(n % 2);
    expect(await at.find(vector)).toEqual(await at.exactly(vector));
  }
  // A new day is worth more than an old one.
  for (let n = 0; n < 200; n++) at.add(0, NOON + DAY + n * 5000);
  await at.keep();
  expect(at.codes.wants('vectors_20250616')).toBe(false);
});

it('a day that has grown much is read again, so that its codes are told apart by what is usual now', async () => {
  await using at = await yard(20);
  await at.keep();
  expect(at.codes.wants('vectors_20250615')).toBe(false);
  for (let n = 0; n < 200; n++) at.add(0, NOON + 200_000 + n * 5000);
  await at.find(at.likely(0));
  expect(at.codes.wants('vectors_20250615')).toBe(true);
  await at.keep();
  expect(at.codes.wants('vectors_20250615')).toBe(false);
  expect(at.codes.count).toBe(320);
});

it('a search that nobody waits for any more ends', async () => {
  await using at = await yard(5);
  await at.keep();
  const sql = new Database(join(at.dir, 'watchpost.db'), { readonly: true });
  sqliteVec.load(sql);
  const reader = new VectorReader({ sql, hasVectors: true }, 'vectors');
  const stop = new AbortController();
  stop.abort(new Error('enough'));
  const query = quantise(at.likely(0)) ?? Buffer.of();
  await expect(reader.nearest(query, ANY, { limit: 5, signal: stop.signal })).rejects.toThrow('enough');
  sql.close();
});
