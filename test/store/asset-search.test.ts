import { describe, expect, it } from 'vitest';
import { anAsset, anAssetIndex, axis, openStore } from './fixture.ts';

const MODEL = 'axes';
/** Leads to no record by meaning. */
const NOWHERE = axis(7);

describe('records of assets', () => {
  async function library() {
    const opened = await openStore();
    const { store } = opened;
    const apart = store.collections.create({ name: 'Apart' });
    const [film, talk] = [anAsset(), anAsset({ collectionId: apart.id })];
    store.assets.create(film, []);
    store.assets.create(talk, []);
    const seen = anAssetIndex(film.id);
    const said = anAssetIndex(talk.id, { kind: 'spoken_word' });
    store.assetIndexes.create(seen);
    store.assetIndexes.create(said);
    const record = (n: number, text: string, metadata = {}) => {
      return { startMs: n * 1000, endMs: n * 1000 + 1000, text, metadata, vector: axis(n), model: MODEL };
    };
    store.assetIndexes.addRecords(seen.id, [
      record(0, 'A person opens the gate.', { counts: { person: 1 }, tags: ['night'] }),
      record(1, 'A red car.', { counts: { car: 1 } }),
    ]);
    store.assetIndexes.addRecords(said.id, [record(0, 'Welcome to the gate.'), record(2, 'Goodbye.')]);
    const find = async (query: Partial<Parameters<typeof store.assetIndexes.search>[0]>) => {
      const asked = { text: '', vector: NOWHERE, model: MODEL, mode: 'hybrid', limit: 9, ...query } as const;
      return (await store.assetIndexes.search(asked)).map((hit) => hit.record.text);
    };
    return { ...opened, [Symbol.asyncDispose]: opened[Symbol.asyncDispose], film, talk, seen, said, apart, find };
  }

  it('are found by words and by meaning, by words alone when so asked', async () => {
    await using opened = await library();
    const { find } = opened;
    expect(await find({ text: 'gate' })).toEqual(['Welcome to the gate.', 'A person opens the gate.']);
    expect(await find({ text: 'zzz', vector: axis(1) })).toEqual(['A red car.']);
    expect(await find({ text: 'zzz', vector: axis(1), mode: 'keyword' })).toEqual([]);
    expect(await find({ text: 'goodbye', mode: 'keyword' })).toEqual(['Goodbye.']);
    expect(await find({ text: 'zzz', vector: axis(1), model: 'another' })).toEqual([]);
    expect(await find({ text: 'zzz', vector: new Float32Array([1, 0]) })).toEqual([]);
  });

  it('are found by their pictures, but not by words alone', async () => {
    await using opened = await library();
    const { find, store, seen } = opened;
    const picture = { vector: axis(4), model: 'eyes' };
    const about = { startMs: 5000, endMs: 6000, text: 'all is still', metadata: {}, vector: axis(3), model: MODEL };
    store.assetIndexes.addRecords(seen.id, [{ ...about, picture }]);
    const pictures = { vector: axis(4), model: 'eyes', slope: 20, offset: -10 };
    expect(await find({ text: 'zzz', pictures })).toEqual(['all is still']);
    expect(await find({ text: 'zzz', pictures, mode: 'keyword' })).toEqual([]);
    expect(await find({ text: 'zzz', pictures: { ...pictures, vector: axis(5) } })).toEqual([]);
    expect(await find({ text: 'zzz', pictures: { ...pictures, model: 'other eyes' } })).toEqual([]);
  });

  it('are in the order of how near their pictures are to the text, where all surely show it', async () => {
    await using opened = await library();
    const { find, store, seen } = opened;
    const shown = (text: string, along: number, across: number) => ({
      ...{ startMs: 5000, endMs: 6000, text, metadata: {}, vector: axis(3), model: MODEL },
      picture: { vector: axis(4).map((v, i) => v * along + (axis(5)[i] ?? 0) * across), model: 'eyes' },
    });
    store.assetIndexes.addRecords(seen.id, [shown('near', 0.8, 0.6), shown('far', 1, 0.1)]);
    const pictures = { vector: axis(4), model: 'eyes', slope: 60, offset: -30 };
    expect(await find({ text: 'zzz', pictures })).toEqual(['far', 'near']);
    expect(await find({ text: 'zzz', pictures: { ...pictures, text: axis(5) } })).toEqual(['near', 'far']);
  });

  it('keep to asset, collection, index, kind, filter, limit and threshold', async () => {
    await using opened = await library();
    const { film, talk, seen, said, apart, find } = opened;
    const [here, there] = [['A person opens the gate.'], ['Welcome to the gate.']];
    expect(await find({ text: 'gate', assetId: film.id })).toEqual(here);
    expect(await find({ text: 'gate', assetId: talk.id })).toEqual(there);
    expect(await find({ text: 'gate', collectionId: 'default' })).toEqual(here);
    expect(await find({ text: 'gate', collectionId: apart.id })).toEqual(there);
    expect(await find({ text: 'gate', indexId: seen.id })).toEqual(here);
    expect(await find({ text: 'gate', indexId: said.id })).toEqual(there);
    expect(await find({ text: 'gate', kind: 'scene' })).toEqual(here);
    expect(await find({ text: 'gate', kind: 'spoken_word' })).toEqual(there);
    expect(await find({ text: 'gate', filter: [{ label: 'person' }] })).toEqual(here);
    expect(await find({ text: 'gate', filter: [{ tags: 'night' }] })).toEqual(here);
    expect(await find({ text: 'gate', filter: [{ tags: 'day' }] })).toEqual([]);
    expect(await find({ text: 'gate', limit: 1 })).toEqual(there);
    expect(await find({ text: 'gate', scoreThreshold: 0.9 })).toEqual([]);
    expect(await find({ text: 'gate', vector: axis(0), dynamicPercentage: 0, assetId: film.id })).toEqual(here);
  });

  it('are left out when they are deleted meanwhile', async () => {
    await using opened = await library();
    const { store, film, seen, said, find } = opened;
    const first = find({ text: 'zzz gate', vector: axis(0) });
    store.assetIndexes.clearRecords(said.id);
    expect(await first).toEqual(['A person opens the gate.']);
    const second = find({ text: 'gate' });
    store.assets.delete(film.id);
    expect(await second).toEqual([]);
    expect(store.assetIndexes.get(seen.id)).toBeUndefined();
  });
});
