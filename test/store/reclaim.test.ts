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
