/** Scenes found by what their pictures look like. */
import { expect, it } from 'vitest';
import type { Store } from '#store';
import { aCamera, aScene, axis, DAY, NOON, openStore } from './fixture.ts';

/** A picture at cosine 1 is surely what is asked for, one at 0.5 as likely as not, one at 0 surely not. */
const LIKENESS = { model: 'eyes', slope: 20, offset: -10 };
const NOWHERE = axis(7);

function stored(store: Store, index: ReturnType<typeof aCamera>['index'], picture: number, startMs = NOON): number {
  const scene = aScene(index, { text: 'motion in the middle', startMs, endMs: startMs + 5000 });
  return store.scenes.add(scene, axis(1), 'm', { vector: axis(picture), model: 'eyes' }).id;
}

const hits = (store: Store, picture: Float32Array, more: object = {}) =>
  store.scenes.search({
    text: 'zzz',
    vector: NOWHERE,
    model: 'm',
    limit: 9,
    pictures: { ...LIKENESS, vector: picture },
    ...more,
  });
const ids = async (store: Store, picture: Float32Array, more: object = {}) =>
  (await hits(store, picture, more)).map(({ scene }) => scene.id);

it('those that show it come first, however little their words say; others are left out', async () => {
  await using at = await openStore();
  const { index } = aCamera(at.store);
  const [first, second] = [stored(at.store, index, 2), stored(at.store, index, 3, NOON + 60_000)];
  expect(await ids(at.store, axis(2))).toEqual([first]);
  expect(await ids(at.store, axis(3))).toEqual([second]);
  const [best] = await hits(at.store, axis(2));
  expect(best?.score).toBeCloseTo(0.9, 2);
  const between = axis(2).map((value, i) => value + (axis(3)[i] ?? 0));
  expect((await hits(at.store, between)).map(({ score }) => score.toFixed(1))).toEqual(['0.9', '0.9']);
});

it('words count as before, and the better of the two decides', async () => {
  await using at = await openStore();
  const { index } = aCamera(at.store);
  const shown = stored(at.store, index, 2);
  const told = at.store.scenes.add(aScene(index, { text: 'a forklift in the yard' }), axis(1), 'm').id;
  expect(await ids(at.store, axis(2), { text: 'forklift' })).toEqual([shown, told]);
  const unlikely = { pictures: { ...LIKENESS, vector: axis(5) } };
  expect(await ids(at.store, axis(5), { text: 'forklift', ...unlikely })).toEqual([told]);
});

it('of those that surely show it the nearest to the text comes first, also where that says it less surely', async () => {
  await using at = await openStore();
  const { index } = aCamera(at.store);
  const both = (first: number, second: number) => axis(2).map((value, i) => first * value + second * (axis(3)[i] ?? 0));
  const add = (vector: Float32Array, startMs: number) => {
    const scene = aScene(index, { text: 'motion in the middle', startMs, endMs: startMs + 5000 });
    return at.store.scenes.add(scene, axis(1), 'm', { vector, model: 'eyes' }).id;
  };
  const [near, far] = [add(both(0.8, 0.6), NOON), add(both(1, 0.1), NOON + 60_000)];
  const steep = { ...LIKENESS, slope: 60, offset: -30, vector: axis(2) };
  expect(await ids(at.store, axis(2), { pictures: steep })).toEqual([far, near]);
  expect(await ids(at.store, axis(2), { pictures: { ...steep, text: axis(3) } })).toEqual([near, far]);
});

it('pictures that another model looked at are not compared', async () => {
  await using at = await openStore();
  const { index } = aCamera(at.store);
  stored(at.store, index, 2);
  const other = { pictures: { ...LIKENESS, model: 'other eyes', vector: axis(2) } };
  expect(await ids(at.store, axis(2), other)).toEqual([]);
});

it('they are found by time and stream, also as far as a scene has grown', async () => {
  await using at = await openStore();
  const { index } = aCamera(at.store);
  const id = stored(at.store, index, 2);
  at.store.scenes.grow(id, NOON + 60_000);
  const later = { startMs: NOON + 30_000, endMs: NOON + 40_000 };
  expect(await ids(at.store, axis(2), later)).toEqual([id]);
  expect(await ids(at.store, axis(2), { streamId: aCamera(at.store).stream.id })).toEqual([]);
});

it('they go with the stream, and with their day', async () => {
  await using at = await openStore();
  const [kept, deleted] = [aCamera(at.store), aCamera(at.store)];
  stored(at.store, deleted.index, 2);
  stored(at.store, kept.index, 2, NOON - 9 * DAY);
  const fresh = stored(at.store, kept.index, 2);
  at.store.streams.delete(deleted.stream.id);
  const places = { mediaDir: at.dir, thumbsDir: at.dir, assetsDir: at.dir };
  const signal = new AbortController().signal;
  await at.store.retention.enforce({ ...places, reservePercent: 0, keepDays: 1, signal });
  expect(await ids(at.store, axis(2))).toEqual([fresh]);
});
