import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, vi } from 'vitest';
import { aCamera, aScene, DAY, NOON, openStore, standingClock } from './fixture.ts';

// Thousands of scenes are stored.
vi.setConfig({ testTimeout: 60_000 });

const SCENES = 1500;
const PICTURE = Float32Array.from({ length: 512 }, (_, i) => Math.sin(i));

it('one pass of retention gives back what a day took, for the days that come', async () => {
  const clock = standingClock();
  await using opened = await openStore(clock);
  const { store, dir } = opened;
  const { index } = aCamera(store);
  const fill = (startMs: number) => {
    for (let n = 0; n < SCENES; n++) {
      const scene = aScene(index, { startMs: startMs + n * 5000, endMs: startMs + n * 5000 + 5000 });
      store.scenes.add(scene, PICTURE.subarray(0, 256), 'm', { vector: PICTURE, model: 'eyes' });
    }
  };
  fill(NOON - 2 * DAY);
  const full = pages(dir);
  clock.now = NOON + 3 * DAY;
  const places = { mediaDir: dir, thumbsDir: dir, assetsDir: dir };
  await store.retention.enforce({
    ...places,
    reservePercent: 0,
    keepDays: 1,
    signal: new AbortController().signal,
  });
  const swept = pages(dir);
  expect((swept.free - full.free) * swept.size).toBeGreaterThan(SCENES * (256 + 512));
  fill(NOON + 2 * DAY);
  const refilled = pages(dir);
  expect(refilled.count).toBeLessThan(full.count * 1.1);
  expect(refilled.free).toBeLessThan(swept.free / 2);
});

it('the vectors of a day go in short transactions; what a kill leaves goes with the next pass', async () => {
  const clock = standingClock();
  await using opened = await openStore(clock);
  const { store, dir } = opened;
  const { index } = aCamera(store);
  const startMs = NOON - 2 * DAY;
  const goesOn = { startMs: startMs - DAY, endMs: NOON + 3 * DAY };
  store.scenes.add(aScene(index, goesOn), PICTURE, 'm');
  for (let n = 0; n < SCENES; n++) {
    const times = { startMs: startMs - DAY + n * 5000, endMs: startMs + n * 5000 };
    store.scenes.add(aScene(index, times), PICTURE, 'm', { vector: PICTURE, model: 'eyes' });
  }
  clock.now = NOON + 3 * DAY;
  const places = { mediaDir: dir, thumbsDir: dir, assetsDir: dir, reservePercent: 0, keepDays: 1 };
  const stop = new AbortController();
  const left = () => [count(dir, 'vectors_20250612'), count(dir, 'pictures_20250612')];
  const demandPlace = async () => {
    if ((left()[0] ?? 0) < SCENES + 1) stop.abort();
  };
  await expect(store.retention.enforce({ ...places, demandPlace, signal: stop.signal })).rejects.toThrow();
  expect(left()[0]).toBeGreaterThan(1);
  expect(left()[1]).toBe(SCENES);
  await store.retention.enforce({ ...places, signal: new AbortController().signal });
  expect(left()).toEqual([1, 0]);
  clock.now = NOON + 9 * DAY;
  await store.retention.enforce({ ...places, signal: new AbortController().signal });
  expect(left()).toEqual([undefined, undefined]);
});

/** Undefined where there is no such table. */
function count(dir: string, table: string): number | undefined {
  using sql = opened(join(dir, 'watchpost.db'));
  if (!sql.db.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table)) return undefined;
  return Number(sql.db.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
}

function pages(dir: string): { count: number; free: number; size: number } {
  using sql = opened(join(dir, 'watchpost.db'));
  const [count, free, size] = ['page_count', 'freelist_count', 'page_size'].map((pragma) =>
    Number(sql.db.pragma(pragma, { simple: true })),
  );
  return { count: count ?? 0, free: free ?? 0, size: size ?? 0 };
}

function opened(file: string): Disposable & { db: Database.Database } {
  const db = new Database(file, { readonly: true });
  return { db, [Symbol.dispose]: () => db.close() };
}
