import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { spokenWords } from '#assets';
import type { Asset, AssetIndex } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { Fault } from '#runtime';
import { type Box, openBox, T0 } from './box.ts';

let box: Box;
beforeEach(async () => {
  box = await openBox();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await box[Symbol.asyncDispose]();
});

/** Words of 400 ms, half a second apart, written down as said so many seconds after `T0`. */
function say(atS: number, text: string): void {
  const words = text.split(' ').map((word, i) => {
    const startMs = T0 + atS * 1000 + i * 500;
    return { text: word, startMs, endMs: startMs + 400 };
  });
  const endMs = words.at(-1)?.endMs ?? 0;
  box.store.transcripts.add({ streamId: box.stream.id, startMs: T0 + atS * 1000, endMs, text, words });
}

const sentences = (asset: Asset) => box.index(asset, 'transcript', { segmenter: 'sentence', segmentation_value: 1 });
const fill = (index: AssetIndex) => box.run(box.fill(index));
const wordsOf = (asset: Asset) => box.store.assets.words(asset.id)?.map(({ text }) => text);

describe('an index of what is said', () => {
  it('has the sentences that were written down while it was recorded, on the time of the video', async () => {
    box.record(T0, 8);
    box.record(T0 + 60_000, 8);
    say(-5, 'Long before.');
    say(1, 'Good morning. How are you?');
    say(30, 'Nobody records this.');
    say(62, 'Fine.');
    say(67.6, 'And you');
    say(100, 'Long after.');
    const asset = await box.exportAll('m-1');
    const index = sentences(asset);
    expect(await fill(index)).toEqual({ indexId: index.id, message: '' });
    expect(box.records(index)).toEqual([
      [1, 1.9, 'Good morning.'],
      [2, 3.4, 'How are you?'],
      [10, 10.4, 'Fine.'],
      [15.6, 16, 'And'],
    ]);
    expect(wordsOf(asset)).toEqual(['Good', 'morning.', 'How', 'are', 'you?', 'Fine.', 'And']);
    expect(box.store.assetIndexes.get(index.id)).toMatchObject({ status: 'done', message: '' });
    expect(box.store.assetIndexes.records(index.id)[0]?.metadata).toEqual({ yard: 'north' });
    const hits = await box.store.assetIndexes.search({
      text: 'morning',
      vector: embedText('morning'),
      model: TEXT_EMBEDDING.model,
      mode: 'keyword',
      assetId: asset.id,
      limit: 9,
    });
    expect(hits.map(({ record }) => record.text)).toEqual(['Good morning.']);
  });

  it.each([
    ['word', 2, ['one two', 'three four', 'five']],
    ['time', 2, ['one two', 'three four five']],
    ['sentence', 1, ['one two three four five']],
  ])('has every so many of %s', async (segmenter, segmentation_value, texts) => {
    box.record(T0, 8);
    say(1, 'one two three four five');
    const index = box.index(await box.exportAll('m-1'), 'transcript', { segmenter, segmentation_value });
    await fill(index);
    expect(box.records(index).map(([, , text]) => text)).toEqual(texts);
  });

  it.each([
    [
      'an export of a silent yard',
      async () => {
        box.record(T0, 2);
        return box.exportAll('m-1');
      },
    ],
    ['an upload', () => box.upload(['-f', 'lavfi', '-i', 'sine=duration=2'])],
  ])('says why there is nothing in it: %s', async (_what, make) => {
    const asset = await make();
    const index = sentences(asset);
    expect(await fill(index)).toMatchObject({ message: expect.stringContaining('no speech model') });
    expect(box.store.assetIndexes.get(index.id)).toMatchObject({
      status: 'done',
      message: expect.stringContaining('there are no words'),
    });
    expect(wordsOf(asset)).toEqual([]);
  });
});

describe('made again', () => {
  it('has what was written down since, and nothing twice', async () => {
    box.record(T0, 8);
    const asset = await box.exportAll('m-1');
    say(1, 'Good morning.');
    await fill(sentences(asset));
    say(3, 'Good night.');
    const again = sentences(asset);
    await fill(again);
    expect(box.records(again).map(([, , text]) => text)).toEqual(['Good morning.', 'Good night.']);
    expect(wordsOf(asset)).toEqual(['Good', 'morning.', 'Good', 'night.']);
  });

  it('keeps the words that were gathered before, when the stream is gone', async () => {
    box.record(T0, 8);
    say(1, 'Good morning.');
    const asset = await box.exportAll('m-1');
    await fill(sentences(asset));
    box.store.streams.delete(box.stream.id);
    const again = sentences(asset);
    await fill(again);
    expect(box.records(again)).toEqual([[1, 1.9, 'Good morning.']]);
    expect(spokenWords(box.store, asset).map(({ text }) => text)).toEqual(['Good', 'morning.']);
  });
});

describe('its job', () => {
  it('begins again after a kill without doubling what it had written', async () => {
    box.record(T0, 40);
    say(0, Array.from({ length: 79 }, (_, n) => `n${n}`).join(' '));
    const index = box.index(await box.exportAll('m-1'), 'transcript', { segmenter: 'word', segmentation_value: 1 });
    const [job, stop] = [box.fill(index), new AbortController()];
    const stopped = box.run(job, stop.signal, (percentage) => percentage > 80 && stop.abort(new Error('stopping')));
    await expect(stopped).rejects.toThrow('stopping');
    expect(box.records(index)).toHaveLength(50);
    await box.run(job);
    await box.run(job);
    expect(box.records(index).map(([, , text]) => text)).toEqual(Array.from({ length: 79 }, (_, n) => `n${n}`));
  });

  it('fails with the reason when the disk is full', async () => {
    box.record(T0, 4);
    say(1, 'Good morning.');
    const index = sentences(await box.exportAll('m-1'));
    vi.spyOn(box.store.assets, 'setWords').mockImplementationOnce(() => {
      throw new Fault('unavailable', 'the disk is full');
    });
    await expect(fill(index)).rejects.toThrow('the disk is full');
    expect(box.store.assetIndexes.get(index.id)).toMatchObject({ status: 'failed', message: 'the disk is full' });
  });

  it('fails when its video or index was deleted', async () => {
    box.record(T0, 4);
    const asset = await box.exportAll('m-1');
    const [first, second] = [sentences(asset), sentences(asset)];
    const jobs = [box.fill(first), box.fill(second)] as const;
    box.store.assetIndexes.delete(first.id);
    await expect(box.run(jobs[0])).rejects.toThrow('deleted meanwhile');
    box.store.assets.delete(asset.id);
    await expect(box.run(jobs[1])).rejects.toThrow('deleted meanwhile');
  });
});
