import { describe, expect, it } from 'vitest';
import { aCamera, aScene, axis, DAY, NOON, openStore } from './fixture.ts';

const MODEL = 'axes';

describe('scenes', () => {
  it('gives back what it was given, and grows without getting shorter', async () => {
    await using opened = await openStore();
    const { scenes } = opened.store;
    const { index } = aCamera(opened.store);
    const draft = aScene(index, { thumbPath: 'a/b.jpg' });
    const scene = scenes.add(draft, axis(0), MODEL);
    expect(scenes.get(scene.id)).toEqual({ ...draft, id: scene.id });
    expect(scenes.grow(scene.id, NOON + 20_000).endMs).toBe(NOON + 20_000);
    expect(scenes.grow(scene.id, NOON + 10_000).endMs).toBe(NOON + 20_000);
    expect(scenes.get(scene.id)?.startMs).toBe(NOON);
    expect(() => scenes.grow(99, NOON)).toThrowError(expect.objectContaining({ kind: 'not_found' }));
  });

  it('refuses scenes of an index that is gone, and thumbnails outside the directory', async () => {
    await using opened = await openStore();
    const { scenes } = opened.store;
    const { index } = aCamera(opened.store);
    const orphan = aScene({ ...index, id: 'gone' });
    expect(() => scenes.add(orphan, axis(0), MODEL)).toThrowError(expect.objectContaining({ kind: 'not_found' }));
    for (const thumbPath of ['/etc/passwd', '../x.jpg', 'a/../../x.jpg', 'a//b.jpg', '']) {
      const scene = aScene(index, { thumbPath });
      expect(() => scenes.add(scene, axis(0), MODEL)).toThrowError(expect.objectContaining({ kind: 'internal' }));
    }
    expect(scenes.recent({ limit: 10 })).toEqual([]);
    expect(opened.store.journal.head()).toBe(0);
  });

  it('pages newest first and takes what overlaps the range', async () => {
    await using opened = await openStore();
    const { scenes } = opened.store;
    const { index } = aCamera(opened.store);
    const other = aCamera(opened.store).index;
    const at = (n: number) => NOON + n * 5000;
    const ids = [0, 1, 2, 3, 4].map((n) => {
      return scenes.add(aScene(index, { startMs: at(n), endMs: at(n + 1) }), axis(0), MODEL).id;
    });
    scenes.add(aScene(other), axis(0), MODEL);
    const page = (query: Partial<Parameters<typeof scenes.page>[1]>) => {
      const found = scenes.page(index.id, { page: 1, pageSize: 100, ...query });
      return [found.scenes.map(({ id }) => ids.indexOf(id)), found.nextPage];
    };
    expect(page({})).toEqual([[4, 3, 2, 1, 0], false]);
    expect(page({ pageSize: 2 })).toEqual([[4, 3], true]);
    expect(page({ pageSize: 2, page: 3 })).toEqual([[0], false]);
    expect(page({ page: 9 })).toEqual([[], false]);
    expect(page({ startMs: at(1) + 1, endMs: at(3) })).toEqual([[2, 1], false]);
    expect(page({ startMs: at(4) })).toEqual([[4], false]);
    expect(page({ endMs: at(1) })).toEqual([[0], false]);
    scenes.grow(ids[0] ?? 0, at(4) + 1);
    expect(page({ startMs: at(4) })).toEqual([[4, 0], false]);
  });

  it('tells the latest and the recent', async () => {
    await using opened = await openStore();
    const { scenes } = opened.store;
    const [a, b] = [aCamera(opened.store).index, aCamera(opened.store).index];
    const first = scenes.add(aScene(a), axis(0), MODEL);
    const second = scenes.add(aScene(b, { startMs: NOON + 1 }), axis(0), MODEL);
    const third = scenes.add(aScene(a, { startMs: NOON + 2 }), axis(0), MODEL);
    expect(scenes.latest(a.id)).toEqual(third);
    expect(scenes.latest('none')).toBeUndefined();
    expect(scenes.recent({ limit: 2 })).toEqual([third, second]);
    expect(scenes.recent({ limit: 9, streamId: a.streamId })).toEqual([third, first]);
    expect(scenes.recent({ limit: 9, beforeId: third.id })).toEqual([second, first]);
  });
});

describe('search', () => {
  async function yard() {
    const opened = await openStore();
    const { scenes } = opened.store;
    const { index } = aCamera(opened.store);
    const texts = [
      'A person walks through the gate.',
      'A red car stands in the driveway.',
      'Two dogs are running in the garden.',
      'Nothing moves. Grey and blue dominate.',
    ];
    texts.forEach((text, n) => {
      scenes.add(aScene(index, { startMs: NOON + n * 5000, endMs: NOON + n * 5000 + 5000, text }), axis(n), MODEL);
    });
    const find = async (text: string, query: Partial<Parameters<typeof scenes.search>[0]> = {}) => {
      const hits = await scenes.search({ text, vector: axis(7), model: MODEL, limit: 10, ...query });
      return hits.map(({ scene, score }) => ({ n: texts.indexOf(scene.text), score }));
    };
    return { ...opened, [Symbol.asyncDispose]: opened[Symbol.asyncDispose], index, find };
  }

  it('finds by words alone, whatever their form, synonyms included, with a high score', async () => {
    await using opened = await yard();
    for (const [text, n] of [
      ['person at the gate', 0],
      ['when did someone walk near a gate?', 0],
      ['WALKING', 0],
      ['vehicle', 1],
      ['Show me the red car', 1],
      ['dog runs', 2],
      ['animal', 2],
    ] as const) {
      const hits = await opened.find(text);
      expect(
        hits.map((hit) => hit.n),
        text,
      ).toEqual([n]);
      expect(hits[0]?.score, text).toBeGreaterThanOrEqual(0.7);
    }
  });

  it('finds by meaning alone', async () => {
    await using opened = await yard();
    const [hit, ...rest] = await opened.find('bonjour', { vector: axis(1) });
    expect(hit).toMatchObject({ n: 1 });
    expect(hit?.score).toBeGreaterThan(0.8);
    expect(rest).toEqual([]);
  });

  it('puts what both ways agree on first, and what matches in part behind', async () => {
    await using opened = await yard();
    opened.store.scenes.add(aScene(opened.index, { text: 'A blue car.' }), axis(5), MODEL);
    const hits = await opened.find('red car', { vector: axis(1) });
    expect(hits.map(({ n }) => n)).toEqual([1, -1]);
    expect(hits[0]?.score).toBeGreaterThan(0.9);
    expect(hits[1]?.score).toBeLessThan(0.5);
  });

  it('finds nothing for what is not there', async () => {
    await using opened = await yard();
    for (const text of ['purple elephant playing chess', 'quarterly sales report', 'what is the time', '', '日本']) {
      expect(await opened.find(text), text).toEqual([]);
    }
    const weak = Float32Array.from([0.3, 0.3, 0.3, 0.3, 0, 0, 0, 0.8]); // Cosine 0.3 with all of them.
    for (const { score } of await opened.find('chess', { vector: weak, scoreThreshold: 0 }))
      expect(score).toBeLessThan(0.2);
    expect(await opened.find('chess', { vector: weak })).toEqual([]);
  });

  it('takes any text as words, never as a query language', async () => {
    await using opened = await yard();
    for (const text of [
      '"person',
      'person*',
      'text:person',
      'NEAR(person gate)',
      'person AND (',
      "per'son",
      '-',
      'a"b"OR"c',
    ]) {
      await expect(opened.find(text), text).resolves.toBeInstanceOf(Array);
    }
    expect((await opened.find('person* "gate')).map(({ n }) => n)).toEqual([0]);
  });

  it('keeps to stream, collection, index, time, limit and threshold', async () => {
    await using opened = await yard();
    const { store, find } = opened;
    const apart = store.collections.create({ name: 'Apart' });
    const other = aCamera(store, { collectionId: apart.id });
    const text = 'A person walks through the gate.';
    store.scenes.add(aScene(other.index, { startMs: NOON + DAY, endMs: NOON + DAY + 5000, text }), axis(0), MODEL);
    const count = async (query: Parameters<typeof find>[1]) => {
      return (await find('person', { vector: axis(0), ...query })).length;
    };
    expect(await count({})).toBe(2);
    expect(await count({ streamId: other.stream.id })).toBe(1);
    expect(await count({ collectionId: apart.id })).toBe(1);
    expect(await count({ collectionId: 'default' })).toBe(1);
    expect(await count({ indexId: other.index.id })).toBe(1);
    expect(await count({ indexId: 'none' })).toBe(0);
    expect(await count({ startMs: NOON + DAY })).toBe(1);
    expect(await count({ endMs: NOON + DAY })).toBe(1);
    expect(await count({ startMs: NOON + 5000, endMs: NOON + DAY })).toBe(0);
    expect(await count({ limit: 1 })).toBe(1);
    expect(await count({ scoreThreshold: 0.99 })).toBe(0);
  });

  it('finds a scene that grew into the range, and prefers the newer of equals', async () => {
    await using opened = await yard();
    const { scenes } = opened.store;
    const text = 'A bicycle leans on the wall.';
    const old = scenes.add(aScene(opened.index, { text }), axis(6), MODEL);
    const young = scenes.add(
      aScene(opened.index, { startMs: NOON + 3 * DAY, endMs: NOON + 3 * DAY, text }),
      axis(6),
      MODEL,
    );
    const ids = async (query: Partial<Parameters<typeof scenes.search>[0]>) => {
      const hits = await scenes.search({ text: 'zzz', vector: axis(6), model: MODEL, limit: 10, ...query });
      return hits.map(({ scene }) => scene.id);
    };
    expect(await ids({})).toEqual([young.id, old.id]);
    expect(await ids({ startMs: NOON + DAY })).toEqual([young.id]);
    scenes.grow(old.id, NOON + 2 * DAY);
    expect(await ids({ startMs: NOON + DAY })).toEqual([young.id, old.id]);
  });

  it('compares only vectors of the same model and size', async () => {
    await using opened = await yard();
    expect(await opened.find('zzz', { vector: axis(0), model: 'another' })).toEqual([]);
    expect(await opened.find('zzz', { vector: new Float32Array([1, 0]) })).toEqual([]);
    expect(await opened.find('zzz', { vector: new Float32Array(8) })).toEqual([]);
    const byWords = await opened.find('person', { vector: new Float32Array(8), model: 'another' });
    expect(byWords.map(({ n }) => n)).toEqual([0]);
    opened.store.scenes.add(aScene(opened.index, { text: 'Without direction.' }), new Float32Array(8), MODEL);
    expect(await opened.find('direction')).toHaveLength(1);
  });
});
