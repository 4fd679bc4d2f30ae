import { describe, expect, it } from 'vitest';
import type { Piece } from '#domain';
import { anAsset, anAssetIndex, axis, NOON, openStore, standingClock } from './fixture.ts';

function aPiece(assetId: string, n: number, overrides: Partial<Piece> = {}): Piece {
  return {
    n,
    startMs: n * 4000,
    durationMs: 4000,
    path: `${assetId}/${n}.m4s`,
    bytes: 500,
    initPath: `${assetId}/init-0.mp4`,
    discontinuity: n === 0,
    ...overrides,
  };
}

const kind = (name: string) => expect.objectContaining({ kind: name });

describe('assets', () => {
  it('are given back as they were, with the real collection id', async () => {
    await using opened = await openStore();
    const { assets, defaultCollection } = opened.store;
    const video = anAsset({ codecs: 'avc1.640028', thumbPath: 'm-1/thumb.jpg' });
    const image = anAsset({ id: 'img-1', kind: 'image', origin: { kind: 'thumbnail', videoId: video.id, atMs: 5 } });
    const pieces = [aPiece(video.id, 0), aPiece(video.id, 1, { recordedMs: NOON })];
    assets.create(video, pieces);
    assets.create(image, []);
    expect(assets.get(video.id)).toEqual({ ...video, collectionId: defaultCollection.id });
    expect(assets.get(image.id)?.origin).toEqual(image.origin);
    expect(assets.pieces(video.id)).toEqual(pieces);
    expect(assets.piece(video.id, 1)).toEqual(pieces[1]);
    expect(assets.piece(video.id, 2)).toBeUndefined();
    expect(assets.totalBytes()).toBe(video.bytes + image.bytes);
    expect(() => assets.create(video, [])).toThrowError(kind('conflict'));
    expect(() => assets.create(anAsset({ collectionId: 'c-none' }), [])).toThrowError(kind('not_found'));
  });

  it('are stored with all their pieces or not at all, and never outside their directory', async () => {
    await using opened = await openStore();
    const { assets } = opened.store;
    const { id } = anAsset();
    for (const piece of [aPiece(id, 0, { path: '../x.m4s' }), aPiece(id, 0, { initPath: '/etc/passwd' })]) {
      expect(() => assets.create(anAsset({ id }), [piece])).toThrowError(kind('internal'));
    }
    expect(() => assets.create(anAsset({ id }), [aPiece(id, 0), aPiece(id, 0)])).toThrow();
    expect(assets.get(id)).toBeUndefined();
  });

  it('are listed newest first, by collection and kind, and renamed', async () => {
    await using opened = await openStore();
    const { assets, collections } = opened.store;
    const yard = collections.create({ name: 'Yard' });
    const made = [
      anAsset(),
      anAsset({ id: 'a-1', kind: 'audio', createdMs: NOON + 1 }),
      anAsset({ collectionId: yard.id, createdMs: NOON + 2 }),
    ];
    for (const asset of made) assets.create(asset, []);
    const listed = (query?: Parameters<typeof assets.list>[0]) =>
      assets.list(query).map(({ id }) => made.findIndex((asset) => asset.id === id));
    expect(listed()).toEqual([2, 1, 0]);
    expect(listed({ collectionId: 'default' })).toEqual([1, 0]);
    expect(listed({ kind: 'video' })).toEqual([2, 0]);
    expect(listed({ collectionId: yard.id, kind: 'audio' })).toEqual([]);
    expect(assets.update('a-1', { name: 'Talk' })).toMatchObject({ name: 'Talk', description: '' });
    expect(assets.get('a-1')?.name).toBe('Talk');
    expect(() => assets.update('a-2', { name: 'x' })).toThrowError(kind('not_found'));
    expect(() => collections.delete(yard.id)).toThrowError(kind('conflict'));
  });

  it('give the pieces that overlap a stretch', async () => {
    await using opened = await openStore();
    const { assets } = opened.store;
    const { id } = anAsset();
    assets.create(
      anAsset({ id }),
      [0, 1, 2, 3].map((n) => aPiece(id, n)),
    );
    const between = (startMs: number, endMs: number) => assets.pieces(id, startMs, endMs).map(({ n }) => n);
    expect(between(4000, 8000)).toEqual([1]);
    expect(between(3999, 8001)).toEqual([0, 1, 2]);
    expect(between(16_000, 20_000)).toEqual([]);
  });

  it('are found again as the export of the very same stretch', async () => {
    await using opened = await openStore();
    const { assets } = opened.store;
    const made = anAsset({ origin: { kind: 'export', streamId: 'rts-1', startMs: 5, endMs: 9 } });
    assets.create(made, []);
    expect(assets.findExport('rts-1', 5, 9)?.id).toBe(made.id);
    expect(assets.findExport('rts-1', 5, 8)).toBeUndefined();
    expect(assets.findExport('rts-2', 5, 9)).toBeUndefined();
  });

  it('keep what is said in them', async () => {
    await using opened = await openStore();
    const { assets } = opened.store;
    const { id } = anAsset();
    assets.create(anAsset({ id }), []);
    expect(assets.words(id)).toBeUndefined();
    assets.setWords(id, []);
    expect(assets.words(id)).toEqual([]);
    assets.setWords(id, [{ text: 'hello', startMs: 1, endMs: 2 }]);
    expect(assets.words(id)).toEqual([{ text: 'hello', startMs: 1, endMs: 2 }]);
  });

  it('go with everything that was made from them', async () => {
    await using opened = await openStore();
    const { assets, assetIndexes } = opened.store;
    const { id } = anAsset();
    assets.create(anAsset({ id }), [aPiece(id, 0)]);
    const index = anAssetIndex(id);
    assetIndexes.create(index);
    const record = { startMs: 0, endMs: 1, text: 'A car.', metadata: {}, vector: axis(0), model: 'm' };
    assetIndexes.addRecords(index.id, [record]);
    assets.delete(id);
    expect(assets.get(id)).toBeUndefined();
    expect(assets.pieces(id)).toEqual([]);
    expect(assetIndexes.get(index.id)).toBeUndefined();
    expect(assetIndexes.records(index.id)).toEqual([]);
    expect(() => assets.delete(id)).toThrowError(kind('not_found'));
    expect(() => assetIndexes.addRecords(index.id, [record])).toThrowError(kind('not_found'));
  });
});

describe('indexes of assets', () => {
  it('are created, listed oldest first, updated and deleted with their records', async () => {
    await using opened = await openStore();
    const { assets, assetIndexes } = opened.store;
    const { id } = anAsset();
    assets.create(anAsset({ id }), []);
    const scene = anAssetIndex(id, { metadata: { place: 'yard' }, status: 'processing', jobId: 'job-1' });
    const spoken = anAssetIndex(id, { kind: 'spoken_word', createdMs: NOON + 1 });
    assetIndexes.create(scene);
    assetIndexes.create(spoken);
    expect(assetIndexes.get(scene.id)).toEqual(scene);
    expect(assetIndexes.listByAsset(id)).toEqual([scene, spoken]);
    expect(assetIndexes.listByAsset(id, 'spoken_word')).toEqual([spoken]);
    const failed = { status: 'failed', message: 'no model' } as const;
    expect(assetIndexes.update(scene.id, failed)).toEqual({ ...scene, ...failed });
    expect(assetIndexes.get(scene.id)).toEqual({ ...scene, ...failed });
    const record = { startMs: 0, endMs: 1, text: 'A car.', metadata: {}, vector: axis(0), model: 'm' };
    assetIndexes.addRecords(scene.id, [record]);
    assetIndexes.delete(scene.id);
    expect(assetIndexes.records(scene.id)).toEqual([]);
    expect(() => assetIndexes.delete(scene.id)).toThrowError(kind('not_found'));
    expect(() => assetIndexes.create(spoken)).toThrowError(kind('conflict'));
    expect(() => assetIndexes.create(anAssetIndex('m-none'))).toThrowError(kind('not_found'));
  });

  it('give their records by start, and begin anew when they are cleared', async () => {
    await using opened = await openStore();
    const { assets, assetIndexes } = opened.store;
    const { id } = anAsset();
    assets.create(anAsset({ id }), []);
    const index = anAssetIndex(id);
    assetIndexes.create(index);
    const record = (startMs: number, text: string) => {
      return { startMs, endMs: startMs + 1, text, metadata: { n: startMs }, vector: axis(0), model: 'm' };
    };
    assetIndexes.addRecords(index.id, [record(9, 'late'), record(1, 'early')]);
    expect(assetIndexes.records(index.id)).toMatchObject([
      { assetId: id, indexId: index.id, startMs: 1, endMs: 2, text: 'early', metadata: { n: 1 } },
      { startMs: 9, text: 'late' },
    ]);
    assetIndexes.clearRecords(index.id);
    assetIndexes.addRecords(index.id, [record(2, 'again')]);
    expect(assetIndexes.records(index.id).map(({ text }) => text)).toEqual(['again']);
  });
});

describe('cuts', () => {
  const parts = [
    { assetId: 'm-1', startMs: 0, endMs: 1000 },
    { assetId: 'm-2', startMs: 500, endMs: 900 },
  ];

  it('are the same for the same parts', async () => {
    await using opened = await openStore();
    const { cuts } = opened.store;
    const cut = cuts.put(parts);
    expect(cut.id).toMatch(/^cut-[0-9a-f]{16}$/);
    expect(cuts.get(cut.id)).toEqual(cut);
    expect(cuts.put([...parts])).toEqual(cut);
    expect(cuts.put(parts.toReversed()).id).not.toBe(cut.id);
    expect(cuts.get('cut-0')).toBeUndefined();
  });

  it('are forgotten when nobody has asked for them since', async () => {
    const clock = standingClock();
    await using opened = await openStore(clock);
    const { cuts } = opened.store;
    const [kept, lost] = [cuts.put(parts), cuts.put(parts.slice(1))];
    clock.now = NOON + 1;
    cuts.put(parts);
    cuts.pruneUnused(NOON);
    expect(cuts.get(lost.id)).toBeDefined();
    cuts.pruneUnused(NOON + 1);
    expect(cuts.get(lost.id)).toBeUndefined();
    expect(cuts.get(kept.id)).toBeDefined();
  });
});
