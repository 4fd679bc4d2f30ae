import { expect, it } from 'vitest';
import { aCamera, NOON, openStore } from './fixture.ts';

async function aTalk() {
  const opened = await openStore();
  const { store } = opened;
  const { stream } = aCamera(store);
  const at = (n: number) => NOON + n * 1000;
  const say = (n: number, seconds = 1, streamId = stream.id) => {
    const words = [{ text: 'word', startMs: at(n), endMs: at(n + seconds) }];
    return store.transcripts.add({ streamId, startMs: at(n), endMs: at(n + seconds), text: `at ${n}`, words });
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
