import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { SceneFacts } from '#domain';
import type { SceneQuery } from '#store';
import { aCamera, aScene, axis, countTurns, DAY, NOON, openStore, standingClock } from './fixture.ts';

const MODEL = 'axes';
const SLICE = 16_384;
/** Leads to no scene by meaning. */
const NOWHERE = axis(7);

describe('a search through much', () => {
  it('lets others have their turn in every slice, by words as by meaning', async () => {
    await using yard = await longStoredYard();
    for (const query of [
      { text: 'bonjour', vector: axis(1) },
      { text: 'person', indexId: 'none' },
    ]) {
      using turns = countTurns();
      await yard.find(query);
      expect(turns.count, query.text).toBeGreaterThanOrEqual(4);
    }
  });

  it('finds what lies far apart, newest first among equals', async () => {
    await using yard = await longStoredYard();
    expect(await yard.find({ text: 'person' })).toEqual([2, 0]);
    expect(await yard.find({ text: 'zzz', vector: axis(0) })).toEqual([2, 0]);
    expect(await yard.find({ text: 'dog in the garden' })).toEqual([1]);
    expect(await yard.find({ text: 'person', limit: 1 })).toEqual([2]);
    expect(await yard.find({ text: 'person garden purple' })).toEqual([2, 1, 0]);
  });

  it('leaves out what is deleted meanwhile', async () => {
    await using yard = await longStoredYard();
    for (const query of [{ text: 'zzz', vector: axis(0) }, { text: 'person' }, { text: 'person garden' }]) {
      const stream = aCamera(yard.store);
      yard.store.scenes.add(aScene(stream.index, { text: 'A person in the garden.' }), axis(0), MODEL);
      expect(await yard.find(query), query.text).toContain(-1);
      const found = yard.find(query);
      yard.store.streams.delete(stream.stream.id);
      expect(await found, query.text).not.toContain(-1);
    }
  });

  it('goes on when retention drops a day that it has yet to look at', async () => {
    await using yard = await longStoredYard();
    const old = yard.store.scenes.add(
      aScene(yard.index, { startMs: NOON - 9 * DAY, endMs: NOON - 9 * DAY + 1, text: 'old' }),
      axis(0),
      MODEL,
    );
    const search = { text: 'zzz', vector: axis(0), model: MODEL, limit: 9 };
    expect((await yard.store.scenes.search(search)).map(({ scene }) => scene.id)).toContain(old.id);
    const found = yard.store.scenes.search(search);
    await yard.store.retention.enforce({
      mediaDir: yard.dir,
      thumbsDir: yard.dir,
      assetsDir: yard.dir,
      reservePercent: 0,
      keepDays: 1,
      signal: new AbortController().signal,
    });
    const ids = (await found).map(({ scene }) => scene.id);
    expect(ids).not.toContain(old.id);
    expect(ids).toHaveLength(2);
  });

  it('answers the same every time', async () => {
    await using yard = await longStoredYard();
    const ask = () => yard.find({ text: 'a person or a dog', vector: axis(0), scoreThreshold: 0 });
    const first = await ask();
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([first, first, first]);
  });
});

describe('words', () => {
  it('have those first that have more of them, then the newer', async () => {
    await using yard = await crowdedYard();
    const found = await yard.texts({ text: 'red car driveway', limit: 500 });
    expect(found.slice(0, 3)).toEqual(['A red car in the driveway.', 'A red car.', 'A red car.']);
    expect(new Set(found.slice(3))).toEqual(new Set(['A car.']));
  });

  it('find the old one that has them all behind hundreds of newer ones that have some', async () => {
    await using yard = await crowdedYard();
    expect(await yard.texts({ text: 'red driveway', limit: 1 })).toEqual(['A red car in the driveway.']);
    expect((await yard.texts({ text: 'blue driveway', limit: 5 }))[0]).toBe('A red car in the driveway.');
  });

  it('of which every one is there score the same however many there are', async () => {
    await using yard = await crowdedYard();
    const { scenes } = yard.store;
    const scoreOf = async (text: string) => {
      return (await scenes.search({ text, vector: NOWHERE, model: MODEL, limit: 1 }))[0]?.score;
    };
    expect(await scoreOf('driveway')).toBeCloseTo(0.8);
    expect(await scoreOf('driveway car')).toBeCloseTo(0.8);
    expect(await scoreOf('a red car in the driveway')).toBeCloseTo(0.8);
  });
});

describe('filters', () => {
  const facts: SceneFacts = {
    objects: [],
    gone: [],
    counts: {},
    motion: { amount: 0, regions: [], zones: [] },
    light: { brightness: 0.5 },
    colours: [],
    tamper: [],
    packs: [],
  };
  async function filtered() {
    const opened = await openStore();
    const { index } = aCamera(opened.store);
    const each: Partial<SceneFacts>[] = [
      { counts: { person: 2 }, colours: ['red', 'grey'] },
      { counts: { car: 1 }, colours: ['grey'], tamper: ['covered'] },
      { counts: { person: 1, car: 1 } },
    ];
    const ids = each.map((some) => {
      return opened.store.scenes.add(aScene(index, { facts: { ...facts, ...some } }), axis(0), MODEL).id;
    });
    const spoken = aScene(index);
    delete spoken.facts;
    const heard = opened.store.scenes.add(spoken, axis(0), MODEL);
    const find = async (filter: Record<string, unknown>[], query: Partial<SceneQuery> = {}) => {
      const asked = { text: 'person', vector: axis(0), model: MODEL, limit: 9, filter, ...query };
      const hits = await opened.store.scenes.search(asked);
      return hits.map(({ scene }) => [...ids, heard.id].indexOf(scene.id)).sort();
    };
    return { ...opened, [Symbol.asyncDispose]: opened[Symbol.asyncDispose], index, find };
  }

  it('keep to what has the value: in a list, as a key, as a label', async () => {
    await using yard = await filtered();
    expect(await yard.find([])).toEqual([0, 1, 2, 3]);
    expect(await yard.find([{ label: 'person' }])).toEqual([0, 2]);
    expect(await yard.find([{ label: 'Person' }])).toEqual([]); // Keys are as they are.
    expect(await yard.find([{ counts: 'car' }])).toEqual([1, 2]);
    expect(await yard.find([{ colours: 'GREY' }])).toEqual([0, 1]);
    expect(await yard.find([{ tamper: 'covered' }])).toEqual([1]);
    expect(await yard.find([{ label: 'person' }, { label: 'car' }])).toEqual([2]);
    expect(await yard.find([{ label: 'person', colours: 'red' }])).toEqual([0]);
    for (const none of [{ label: 'boat' }, { nothing: 1 }, { constructor: 'x' }, { label: null }, { label: {} }]) {
      expect(await yard.find([none]), JSON.stringify(none)).toEqual([]);
    }
  });

  it('are passed before the best are taken', async () => {
    await using yard = await filtered();
    for (let n = 0; n < 600; n++) yard.store.scenes.add(aScene(yard.index, { facts }), axis(0), MODEL);
    expect(await yard.find([{ tamper: 'covered' }], { limit: 1 })).toEqual([1]);
    expect(await yard.find([{ tamper: 'covered' }], { text: 'zzz', limit: 1 })).toEqual([1]);
  });
});

describe('what counts as found', () => {
  async function graded() {
    const opened = await openStore();
    const { index } = aCamera(opened.store);
    const vector = (cosine: number) =>
      Float32Array.from({ length: 8 }, (_, i) => [cosine, Math.sqrt(1 - cosine ** 2)][i] ?? 0);
    for (const cosine of [1, 0.85, 0.7, 0.4]) {
      opened.store.scenes.add(aScene(index, { text: String(cosine * 100) }), vector(cosine), MODEL);
    }
    const find = async (query: Partial<SceneQuery> = {}) => {
      const asked = { text: 'zzz', vector: axis(0), model: MODEL, limit: 9, ...query };
      const hits = await opened.store.scenes.search(asked);
      return hits.map(({ scene, score }) => [Number.parseInt(scene.text, 10), Math.round(score * 100) / 100]);
    };
    return { ...opened, [Symbol.asyncDispose]: opened[Symbol.asyncDispose], index, find };
  }

  it('is scored by what it shares with the query', async () => {
    await using yard = await graded();
    expect(await yard.find()).toEqual([
      [100, 0.9],
      [85, 0.72],
      [70, 0.54],
      [40, 0.18],
    ]);
  });

  it('is at or above the threshold', async () => {
    await using yard = await graded();
    expect((await yard.find({ scoreThreshold: 0.5 })).map(([n]) => n)).toEqual([100, 85, 70]);
    expect((await yard.find({ scoreThreshold: 0.95 })).map(([n]) => n)).toEqual([]);
    expect((await yard.find({ scoreThreshold: 0 })).map(([n]) => n)).toEqual([100, 85, 70, 40]);
  });

  it('is in the upper part of the range from the lowest score to the highest', async () => {
    await using yard = await graded();
    expect((await yard.find({ dynamicPercentage: 100 })).map(([n]) => n)).toEqual([100, 85, 70, 40]);
    expect((await yard.find({ dynamicPercentage: 60 })).map(([n]) => n)).toEqual([100, 85, 70]);
    expect((await yard.find({ dynamicPercentage: 0 })).map(([n]) => n)).toEqual([100]);
    expect((await yard.find({ dynamicPercentage: 50, limit: 2 })).map(([n]) => n)).toEqual([100, 85]);
  });

  it('is weighed against all there is where only the best count', async () => {
    await using yard = await graded();
    yard.store.scenes.add(aScene(yard.index, { text: '1 person' }), axis(5), MODEL);
    const first = async (query: Partial<SceneQuery>) => (await yard.find({ text: 'person', limit: 1, ...query }))[0];
    expect(await first({})).toEqual([1, 0.8]);
    expect(await first({ scoreThreshold: 0.85 })).toEqual([100, 0.9]);
    expect(await first({ dynamicPercentage: 10 })).toEqual([100, 0.9]);
    expect(await first({ limit: 2 })).toEqual([100, 0.9]);
  });
});

/** Three scenes whose ids lie so far apart that several slices are looked through. */
async function longStoredYard() {
  const opened = await openStore(standingClock());
  const { store, dir } = opened;
  const { index } = aCamera(store);
  const texts = ['A person at the gate.', 'A dog in the garden.', 'A person in the yard.'];
  const add = (n: number, vector: Float32Array) => {
    store.scenes.add(aScene(index, { startMs: NOON + n, endMs: NOON + n + 1, text: texts[n] ?? '' }), vector, MODEL);
    skipIds(dir, (n + 1) * 2 * SLICE);
  };
  add(0, axis(0));
  add(1, axis(1));
  add(2, axis(0));
  const find = async (query: { text: string } & Partial<SceneQuery>) => {
    const hits = await store.scenes.search({ vector: NOWHERE, model: MODEL, limit: 9, ...query });
    return hits.map(({ scene }) => texts.indexOf(scene.text));
  };
  return { store, dir, [Symbol.asyncDispose]: opened[Symbol.asyncDispose], index, find };
}

/** One that has every word, and after it hundreds that have some. */
async function crowdedYard() {
  const opened = await openStore();
  const { store } = opened;
  const { index } = aCamera(store);
  const add = (text: string) => store.scenes.add(aScene(index, { text }), axis(0), MODEL);
  add('A red car in the driveway.');
  add('A red car.');
  add('A red car.');
  for (let n = 0; n < 300; n++) add('A car.');
  const texts = async (query: { text: string } & Partial<SceneQuery>) => {
    const hits = await store.scenes.search({ vector: NOWHERE, model: MODEL, limit: 9, ...query });
    return hits.map(({ scene }) => scene.text);
  };
  return { store, [Symbol.asyncDispose]: opened[Symbol.asyncDispose], texts };
}

function skipIds(dir: string, next: number): void {
  const db = new Database(join(dir, 'watchpost.db'));
  db.prepare("UPDATE sqlite_sequence SET seq = ? WHERE name = 'scenes'").run(next);
  db.close();
}
