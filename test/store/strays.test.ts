import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { newId } from '#domain';
import { aCamera, aScene, axis, countTurns, DAY, NOON, openStore } from './fixture.ts';

const { signal } = new AbortController();
const DAY_BEFORE = '2025-06-13';

/** A camera, and a directory of thumbnails with files as old as wanted. */
async function openBox() {
  const opened = await openStore();
  const thumbs = join(opened.dir, 'thumbs');
  const { stream, index } = aCamera(opened.store);
  return {
    ...opened,
    [Symbol.asyncDispose]: opened[Symbol.asyncDispose],
    thumbs,
    stream,
    file(path: string, writtenMs: number): string {
      mkdirSync(dirname(join(thumbs, path)), { recursive: true });
      writeFileSync(join(thumbs, path), 'jpeg');
      utimesSync(join(thumbs, path), writtenMs / 1000, writtenMs / 1000);
      return path;
    },
    scene(startMs: number, thumbPath: string): void {
      opened.store.scenes.add(aScene(index, { startMs, endMs: startMs + 5000, thumbPath }), axis(0), 'm');
    },
    sweep: () => opened.store.strays.sweepNext(thumbs, NOON, signal),
    there: (path: string) => existsSync(join(thumbs, path)),
  };
}

it('takes thumbnails that no scene names, and what was half written; not those that one names, nor young ones', async () => {
  await using box = await openBox();
  const day = join(box.stream.id, DAY_BEFORE);
  const named = box.file(join(day, 'named.jpg'), NOON - 2 * DAY);
  box.scene(NOON - 2 * DAY, named);
  const late = box.file(join(day, 'late.jpg'), NOON - 2 * DAY);
  box.scene(Date.parse(DAY_BEFORE) + DAY - 1000, late);
  const strays = ['stray.jpg', 'half.jpg.part'].map((name) => box.file(join(day, name), NOON - 2 * DAY));
  const young = box.file(join(day, 'young.jpg'), NOON - DAY + 60_000);
  expect(await box.sweep()).toBe(2);
  expect(strays.map(box.there)).toEqual([false, false]);
  expect([named, late, young].map(box.there)).toEqual([true, true, true]);
});

it('goes through one day at a time, of all cameras, also of deleted ones, and then from the first again', async () => {
  await using box = await openBox();
  const days = [newId('stream'), newId('stream')].flatMap((stream) =>
    ['2025-06-10', '2025-06-11'].map((day) => join(stream, day)),
  );
  const strays = days.map((day) => box.file(join(day, 'stray.jpg'), NOON - 3 * DAY));
  for (let left = days.length - 1; left >= 0; left--) {
    expect(await box.sweep()).toBe(1);
    expect(strays.filter(box.there)).toHaveLength(left);
  }
  expect(readdirSync(box.thumbs)).toEqual([]);
  expect(await box.sweep()).toBe(0);
  const again = box.file(join(box.stream.id, '2025-06-10', 'stray.jpg'), NOON - 3 * DAY);
  expect(await box.sweep()).toBe(1);
  expect(box.there(again)).toBe(false);
});

it('is no error where there are no thumbnails yet', async () => {
  await using box = await openBox();
  expect(await box.sweep()).toBe(0);
});

it('serves everything else meanwhile, and stops when it is told to', async () => {
  await using box = await openBox();
  const day = join(box.stream.id, DAY_BEFORE);
  for (let n = 0; n < 300; n++) box.file(join(day, `${n}.jpg`), NOON - 2 * DAY);
  const stop = new AbortController();
  setImmediate(() => stop.abort());
  await expect(box.store.strays.sweepNext(box.thumbs, NOON, stop.signal)).rejects.toThrow();
  const left = readdirSync(join(box.thumbs, day)).length;
  box.file(join(box.stream.id, '2025-06-12', 'first.jpg'), NOON - 2 * DAY);
  expect(await box.sweep()).toBe(0); // That was the last day.
  expect(await box.sweep()).toBe(1);
  using turns = countTurns();
  expect(await box.sweep()).toBe(left);
  expect(turns.count).toBeGreaterThan(20);
});
