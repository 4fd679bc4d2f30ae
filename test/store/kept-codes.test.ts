/** Codes of past days outlast a restart, as long as they are those of what is stored. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, vi } from 'vitest';
import { NOON } from './fixture.ts';
import { DIMENSIONS, yard } from './yard.ts';

// A machine that is busy with other things takes its time to store what is searched.
vi.setConfig({ testTimeout: 60_000 });

const [TODAY, YESTERDAY, BEFORE] = ['vectors_20250615', 'vectors_20250614', 'vectors_20250613'];
const ENOUGH_RUNS = 20;

/** The days that have passed are kept. */
async function keptYard() {
  const at = await yard(40);
  for (let n = 0; n < ENOUGH_RUNS; n++) await at.keep();
  return { ...at, file: join(at.dir, 'codes', YESTERDAY) };
}

it('days that have passed are kept once nothing changes any more, and serve after a start', async () => {
  await using at = await keptYard();
  expect(readdirSync(join(at.dir, 'codes')).sort()).toEqual([BEFORE, YESTERDAY]);
  const anew = at.another();
  expect(await anew.load(TODAY, at.kept)).toBe(false);
  for (const table of [YESTERDAY, BEFORE]) expect(await anew.load(table, at.kept)).toBe(true);
  expect(anew.count).toBe(160);
  const query = Int8Array.from({ length: DIMENSIONS }, (_, n) => (n % 7) - 3);
  const wanted = { limit: 10 };
  const filter = { model: 'm', stream: null, collection: null, box: null, index: null, start: null, end: null };
  expect(await anew.candidates([YESTERDAY, BEFORE], query, filter, wanted)).toEqual(
    await at.codes.candidates([YESTERDAY, BEFORE], query, filter, wanted),
  );
});

it('what was added to a day since is taken in', async () => {
  await using at = await keptYard();
  const odd = Float32Array.from({ length: DIMENSIONS }, (_, n) => (n === 9 ? 1 : 0));
  const { id } = at.add(0, NOON - 80_000_000, odd);
  const anew = at.another();
  expect(await anew.load(YESTERDAY, at.kept)).toBe(true);
  await anew.freshen(YESTERDAY);
  expect(anew.count).toBe(81);
  expect((await at.find(odd))[0]).toBe(id);
});

it('a day in which something has changed since is read anew, and kept again', async () => {
  await using at = await keptYard();
  const [id = 0] = at.sql.prepare<[], number>(`SELECT scene_id FROM ${YESTERDAY}`).pluck().all();
  const changes = [
    () => at.store.scenes.grow(id, NOON),
    () =>
      at.store.scenes.retell(
        id,
        { text: 'anew', facts: { ...at.store.scenes.get(id)?.facts } as never },
        at.likely(1),
        'm',
      ),
    () => at.store.streams.delete(at.cameras[0]?.stream.id ?? ''),
  ];
  for (const change of changes) {
    expect(await at.another().load(YESTERDAY, at.kept)).toBe(true);
    change();
    await sweep(at);
    expect(await at.another().load(YESTERDAY, at.kept)).toBe(false);
    at.codes.drop(YESTERDAY);
    for (let n = 0; n < ENOUGH_RUNS; n++) await at.keep();
  }
});

it('a file that is damaged, cut off, or of another database is no use and does no harm', async () => {
  await using at = await keptYard();
  const whole = readFileSync(at.file);
  const flipped = Buffer.from(whole);
  flipped[5000] = (flipped[5000] ?? 0) ^ 1;
  for (const damaged of [flipped, whole.subarray(0, 4000), Buffer.alloc(0), Buffer.alloc(100)]) {
    writeFileSync(at.file, damaged);
    expect(await at.another().load(YESTERDAY, at.kept)).toBe(false);
  }
  writeFileSync(at.file, whole);
  expect(await at.another().load(YESTERDAY, at.kept)).toBe(true);
  // As a copy of the database from before would have it.
  const writer = new Database(at.sql.name);
  writer.prepare(`UPDATE ${YESTERDAY} SET embedding = ?`).run(Buffer.from(new Int8Array(DIMENSIONS).fill(1)));
  writer.close();
  expect(await at.another().load(YESTERDAY, at.kept)).toBe(false);
});

it('what was kept of a later time than the database is of is no use, however much of it is the same', async () => {
  await using at = await keptYard();
  const writer = new Database(at.sql.name);
  writer.prepare(`DELETE FROM ${YESTERDAY} WHERE scene_id = (SELECT max(scene_id) FROM ${YESTERDAY})`).run();
  writer.close();
  expect(await at.another().load(YESTERDAY, at.kept)).toBe(false);
});

it('where nothing can be written all goes on without', async () => {
  await using at = await yard(10);
  writeFileSync(join(at.dir, 'codes'), 'in the way');
  for (let n = 0; n < ENOUGH_RUNS; n++) expect(await at.keep()).toBe(true);
  expect(at.codes.count).toBe(60);
  rmSync(join(at.dir, 'codes'));
});

it('of a day that is dropped nothing stays', async () => {
  await using at = await keptYard();
  await sweep(at, 1);
  for (let n = 0; n < ENOUGH_RUNS; n++) await at.keep();
  at.store.scenes.grow(at.sql.prepare<[], number>(`SELECT max(scene_id) FROM ${YESTERDAY}`).pluck().get() ?? 0, NOON);
  for (let n = 0; n < ENOUGH_RUNS; n++) await at.keep();
  expect(readdirSync(join(at.dir, 'codes'))).toEqual([YESTERDAY]);
});

async function sweep({ store, dir }: Awaited<ReturnType<typeof yard>>, keepDays?: number): Promise<void> {
  await store.retention.enforce({
    mediaDir: dir,
    thumbsDir: dir,
    assetsDir: dir,
    reservePercent: 0,
    ...(keepDays === undefined ? {} : { keepDays }),
    signal: new AbortController().signal,
  });
}
