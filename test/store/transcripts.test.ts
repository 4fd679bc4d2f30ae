import { expect, it } from 'vitest';
import type { Transcript } from '#domain';
import { aCamera, axis, DAY, NOON, openStore } from './fixture.ts';

const MODEL = 'axes';

function stored(transcript: Transcript | undefined): Transcript {
  if (!transcript) throw new Error('it was there already');
  return transcript;
}

async function aTalk() {
  const opened = await openStore();
  const { store } = opened;
  const { stream } = aCamera(store);
  const at = (n: number) => NOON + n * 1000;
  const say = (n: number, seconds = 1, streamId = stream.id) => {
    const words = [{ text: 'word', startMs: at(n), endMs: at(n + seconds) }];
    return stored(store.transcripts.add({ streamId, startMs: at(n), endMs: at(n + seconds), text: `at ${n}`, words }));
  };
  return { ...opened, [Symbol.asyncDispose]: opened[Symbol.asyncDispose], stream, at, say };
}

it('gives back what was said, and journals it', async () => {
  await using opened = await aTalk();
  const { store, stream, at, say } = opened;
  const said = say(0);
  expect(store.transcripts.get(said.id)).toEqual(said);
  expect(said.words).toEqual([{ text: 'word', startMs: at(0), endMs: at(1) }]);
  expect(store.journal.after(0, 9)).toEqual([
    { seq: 1, kind: 'transcript', streamId: stream.id, ref: String(said.id), atMs: at(1) },
  ]);
  expect(() => say(1, 1, 'rts-none')).toThrowError(expect.objectContaining({ kind: 'not_found' }));
  expect(store.journal.head()).toBe(1);
});

it('pages oldest first, by what overlaps a range and by what ended after a time', async () => {
  await using opened = await aTalk();
  const { store, stream, at, say } = opened;
  say(0, 5);
  for (const n of [1, 2, 3, 4]) say(n);
  say(2, 1, aCamera(store).stream.id);
  const page = (query: Partial<Parameters<typeof store.transcripts.page>[1]>) => {
    const { records, total, nextPage } = store.transcripts.page(stream.id, { page: 1, pageSize: 100, ...query });
    return [records.map(({ text }) => Number(text.slice(3))), total, nextPage];
  };
  expect(page({})).toEqual([[0, 1, 2, 3, 4], 5, false]);
  expect(page({ pageSize: 2 })).toEqual([[0, 1], 5, true]);
  expect(page({ pageSize: 2, page: 3 })).toEqual([[4], 5, false]);
  expect(page({ pageSize: 5 })).toEqual([[0, 1, 2, 3, 4], 5, false]);
  expect(page({ startMs: at(2), endMs: at(4) })).toEqual([[0, 2, 3], 3, false]);
  expect(page({ sinceMs: at(4) })).toEqual([[0, 4], 2, false]);
  expect(page({ sinceMs: at(5) })).toEqual([[], 0, false]);
  const inRange = store.transcripts.inRange(stream.id, at(1), at(2));
  expect(inRange.map(({ text }) => text)).toEqual(['at 0', 'at 1']);
});

it('goes with its stream', async () => {
  await using opened = await aTalk();
  const { store, stream, say } = opened;
  const said = say(0);
  store.streams.delete(stream.id);
  expect(store.transcripts.get(said.id)).toBeUndefined();
});

it('keeps language and confidence, and what begins at the same time once', async () => {
  await using opened = await aTalk();
  const { store, stream, at } = opened;
  const draft = { streamId: stream.id, startMs: at(0), endMs: at(2), text: 'Hello there.', words: [] };
  const said = stored(store.transcripts.add({ ...draft, language: 'en', confidence: 0.75 }));
  expect(store.transcripts.get(said.id)).toEqual({ ...draft, id: said.id, language: 'en', confidence: 0.75 });
  expect(store.transcripts.add({ ...draft, text: 'Hello where?', endMs: at(3) })).toBeUndefined();
  expect(store.transcripts.inRange(stream.id, at(0), at(9)).map(({ text }) => text)).toEqual(['Hello there.']);
  expect(store.journal.head()).toBe(1);
  const found = await store.transcripts.search({ text: 'where hello', vector: axis(7), model: MODEL, limit: 9 });
  expect(found.map(({ transcript }) => transcript.text)).toEqual(['Hello there.']);
  const elsewhere = aCamera(store).stream.id;
  expect(store.transcripts.add({ ...draft, streamId: elsewhere })).toBeDefined();
});

it('tells what was not written down, once per beginning', async () => {
  await using opened = await aTalk();
  const { store, stream, at } = opened;
  const gap = (from: number, to: number, reason = 'too much speech') => {
    store.transcripts.addGap({ streamId: stream.id, startMs: at(from), endMs: at(to), reason });
  };
  gap(0, 20);
  gap(5, 6);
  gap(5, 8, 'the disk is full');
  gap(30, 31);
  const told = (from: number, to: number) =>
    store.transcripts
      .gaps(stream.id, at(from), at(to))
      .map(({ startMs, endMs, reason }) => [(startMs - NOON) / 1000, (endMs - NOON) / 1000, reason]);
  expect(told(0, 40)).toEqual([
    [0, 20, 'too much speech'],
    [5, 8, 'the disk is full'],
    [30, 31, 'too much speech'],
  ]);
  expect(told(10, 30)).toEqual([[0, 20, 'too much speech']]);
  expect(told(20, 30)).toEqual([]);
  expect(() => store.transcripts.addGap({ streamId: 'rts-none', startMs: 0, endMs: 1, reason: '' })).toThrowError(
    expect.objectContaining({ kind: 'not_found' }),
  );
});

it('finds what was said by words and by meaning, on a stream, in a collection, in a range', async () => {
  await using opened = await aTalk();
  const { store, stream, at } = opened;
  const apart = store.collections.create({ name: 'Apart' });
  const other = aCamera(store, { collectionId: apart.id }).stream.id;
  const say = (n: number, text: string, streamId = stream.id, language = 'en') => {
    const draft = { streamId, startMs: at(n), endMs: at(n + 1), text, words: [], language };
    store.transcripts.add(draft, axis(n), MODEL);
  };
  say(0, 'The parcel is at the door.');
  say(1, 'Good morning.', other);
  say(2, 'Open the door, please.', other, 'de');
  const find = async (query: Partial<Parameters<typeof store.transcripts.search>[0]>) => {
    const hits = await store.transcripts.search({ text: '', vector: axis(7), model: MODEL, limit: 9, ...query });
    return hits.map(({ transcript }) => transcript.text);
  };
  expect(await find({ text: 'doors' })).toEqual(['Open the door, please.', 'The parcel is at the door.']);
  expect(await find({ text: 'door', streamId: stream.id })).toEqual(['The parcel is at the door.']);
  expect(await find({ text: 'door', collectionId: apart.id })).toEqual(['Open the door, please.']);
  expect(await find({ text: 'door', collectionId: 'default' })).toEqual(['The parcel is at the door.']);
  expect(await find({ text: 'door', startMs: at(0), endMs: at(1) })).toEqual(['The parcel is at the door.']);
  expect(await find({ text: 'door', filter: [{ language: 'de' }] })).toEqual(['Open the door, please.']);
  expect(await find({ text: 'door', limit: 1 })).toEqual(['Open the door, please.']);
  expect(await find({ text: 'zzz', vector: axis(1) })).toEqual(['Good morning.']);
  expect(await find({ text: 'zzz', vector: axis(1), model: 'another' })).toEqual([]);
  expect(await find({ text: 'zzz' })).toEqual([]);
});

it('forgets by age: the words can no longer be found, gaps go too', async () => {
  await using opened = await aTalk();
  const { store, stream, dir } = opened;
  const old = NOON - 10 * DAY;
  for (const startMs of [old, NOON]) {
    const times = { streamId: stream.id, startMs, endMs: startMs + 1000 };
    store.transcripts.add({ ...times, text: `said at ${startMs}`, words: [] }, axis(0), MODEL);
    store.transcripts.addGap({ ...times, reason: 'why' });
  }
  const options = { mediaDir: dir, thumbsDir: dir, assetsDir: dir, reservePercent: 0, keepDays: 5 };
  await store.retention.enforce({ ...options, signal: new AbortController().signal });
  const find = async (text: string, n: number) => {
    const hits = await store.transcripts.search({ text, vector: axis(n), model: MODEL, limit: 9 });
    return hits.map(({ transcript }) => transcript.startMs);
  };
  expect(await find(String(old), 7)).toEqual([]);
  expect(await find('said', 7)).toEqual([NOON]);
  expect(await find('zzz', 0)).toEqual([NOON]);
  expect(store.transcripts.gaps(stream.id, 0, 9e15).map(({ startMs }) => startMs)).toEqual([NOON]);
});
