import { expect, it } from 'vitest';
import type { NewEntry, Store } from '#store';
import { aCamera, aSegment, aSession, DAY, NOON, openStore, standingClock } from './fixture.ts';

const SEGMENT = 4000;
const signal = new AbortController().signal;

async function openBox() {
  const clock = standingClock();
  const opened = await openStore(clock);
  const { store, dir } = opened;
  const { stream } = aCamera(store);
  const session = aSession(stream.id);
  store.outbox.open('there');
  return {
    ...{ store, stream, session, clock },
    record: (count: number, from = 0) => {
      for (let n = from; n < from + count; n++) store.segments.add(aSegment(session, NOON + n * SEGMENT), session);
    },
    left: () => store.segments.inRange(stream.id, 0, 9e15).map(({ startMs }) => (startMs - NOON) / SEGMENT),
    enforce: (budgetBytes: number, keepDays?: number) =>
      store.retention.enforce({
        ...{ mediaDir: dir, thumbsDir: dir, assetsDir: dir, reservePercent: 0, budgetBytes, signal },
        ...(keepDays === undefined ? {} : { keepDays }),
        freeSpace: async () => ({ bsize: 1, blocks: 1_000_000, bavail: 900_000 }),
      }),
    [Symbol.asyncDispose]: opened[Symbol.asyncDispose],
  };
}

function anEntry(streamId: string, from: number, to: number, more: Partial<NewEntry> = {}): NewEntry {
  const [startMs, endMs] = [NOON + from * SEGMENT, NOON + to * SEGMENT];
  return {
    ...{ kind: 'segment', ref: `${from}`, streamId, priority: 7, startMs, endMs, bytes: 0, facts: {}, readyMs: 0 },
    asked: false,
    ...more,
  };
}

const turnsOf = (store: Store, nowMs = NOON) => {
  const turns: { kind: string; ref: string }[] = [];
  const query = { target: 'there', priorities: [0, 9] as const, nowMs };
  for (let turn = store.outbox.turn(query); turn; turn = store.outbox.turn(query)) {
    turns.push({ kind: turn.kind, ref: turn.ref });
    store.outbox.remove(turn.id);
  }
  return turns;
};

it('what waits to be sent is deleted after all that does not, and counted when it is', async () => {
  await using box = await openBox();
  const { store, stream } = box;
  box.record(4);
  store.outbox.fill('there', [anEntry(stream.id, 1, 3)], NOON);
  box.record(2, 4);
  expect(await box.enforce(4000)).toMatchObject({ deletedSegments: 2 });
  expect(box.left()).toEqual([1, 2, 4, 5]);
  expect(store.outbox.targets.totals('there')).toMatchObject({ lost: 0 });
  // Only the newest is left beside what waits: now that goes, too, the oldest first.
  await box.enforce(2000);
  expect(box.left()).toEqual([2, 5]);
  expect(store.outbox.targets.totals('there')).toMatchObject({ lost: 1, lostBytes: 1000 });
});

it('of a stretch only what was sent goes before the rest, and what comes into it later waits, too', async () => {
  await using box = await openBox();
  const { store, stream } = box;
  store.outbox.fill('there', [anEntry(stream.id, 1, 5)], NOON);
  box.record(7);
  const turn = store.outbox.turn({ target: 'there', priorities: [0, 9], nowMs: NOON });
  store.outbox.advance(turn?.id ?? 0, NOON + 3 * SEGMENT, { target: 'there', bytes: 1000 });
  await box.enforce(4000);
  expect(box.left()).toEqual([3, 4, 5, 6]);
  await box.enforce(3000);
  expect(box.left()).toEqual([3, 4, 6]);
  // Once all of it is there nothing is spared any more.
  store.outbox.advance(turn?.id ?? 0, NOON + 5 * SEGMENT);
  expect(store.outbox.backlog('there')).toEqual([]);
  box.record(1, 7);
  await box.enforce(2000);
  expect(box.left()).toEqual([6, 7]);
  expect(store.outbox.targets.totals('there')).toMatchObject({ sent: 1, sentBytes: 1000, lost: 0 });
});

it('waits for whoever else wants it, and for nobody who is gone', async () => {
  await using box = await openBox();
  const { store, stream } = box;
  box.record(5);
  store.outbox.open('elsewhere');
  store.outbox.fill('there', [anEntry(stream.id, 0, 3)], NOON);
  store.outbox.fill('elsewhere', [anEntry(stream.id, 0, 1)], NOON);
  expect(store.outbox.staleTargets(['elsewhere'])).toEqual(['there']);
  expect([store.outbox.forgetSome('there'), store.outbox.forgetSome('there')]).toEqual([1, 0]);
  await box.enforce(3000);
  expect(box.left()).toEqual([0, 3, 4]);
});

it('a quota of a camera spares what waits as well; its days do not', async () => {
  await using box = await openBox();
  const { store, stream, clock } = box;
  box.record(4);
  store.outbox.fill('there', [anEntry(stream.id, 0, 2)], NOON);
  store.streams.update(stream.id, { recording: { ...stream.recording, quotaBytes: 3000 } });
  await box.enforce(1e6);
  expect(box.left()).toEqual([0, 1, 3]);
  clock.now += 2 * DAY;
  await box.enforce(1e6, 1); // The clock may be wrong: not yet.
  clock.now += 2 * DAY;
  await box.enforce(1e6, 1);
  expect(box.left()).toEqual([3]);
  expect(store.outbox.targets.totals('there')).toMatchObject({ lost: 2, lostBytes: 2000 });
});

it('takes the most urgent first, the oldest of these, and what is asked for again sooner than before', async () => {
  await using box = await openBox();
  const { store, stream } = box;
  const picture = { kind: 'picture' as const, priority: 5 };
  const alert = { kind: 'alert' as const, priority: 0 };
  const fill = (...entries: NewEntry[]) => store.outbox.fill('there', entries, NOON);
  fill(anEntry(stream.id, 0, 1, { ref: 'a', ...picture }), anEntry(stream.id, 1, 2, { ref: 'b', ...picture }));
  fill(anEntry(stream.id, 9, 9, { ref: 'c', ...alert }), anEntry(stream.id, 8, 8, { ref: 'd', ...alert }));
  fill(anEntry(stream.id, 1, 2, { ref: 'b', ...picture, priority: 1 }));
  expect(turnsOf(store).map(({ ref }) => ref)).toEqual(['d', 'c', 'b', 'a']);
});

it('clips that lie close together are one until it is offered; so are records', async () => {
  await using box = await openBox();
  const { store, stream } = box;
  const clip = (from: number, firing: string, readyMs = 0) =>
    anEntry(stream.id, from, from + 2, { kind: 'clip', ref: firing, facts: { firings: [firing] }, readyMs });
  const records = (seq: number) =>
    anEntry('', seq, seq, { kind: 'records', ref: `${seq}-${seq + 1}.x`, facts: { scenes: [seq, 1] }, bytes: 200 });
  store.outbox.fill('there', [clip(0, 'f1'), clip(3, 'f2'), clip(40, 'f3'), records(5), records(7)], NOON);
  const query = { target: 'there', priorities: [0, 9] as const, nowMs: NOON };
  const turn = store.outbox.turn(query);
  expect(turn).toMatchObject({ ref: 'f1', endMs: NOON + 5 * SEGMENT, facts: { firings: ['f1', 'f2'] } });
  store.outbox.begin(turn?.id ?? 0);
  store.outbox.fill('there', [clip(4, 'f4')], NOON);
  expect(store.outbox.get(turn?.id ?? 0)?.facts.firings).toEqual(['f1', 'f2']);
  const waiting = store.outbox.backlog('there');
  expect(waiting).toMatchObject([
    { kind: 'clip', items: 3 },
    { kind: 'records', items: 1, bytes: 300 },
  ]);
  expect(turnsOf(store).find(({ kind }) => kind === 'records')?.ref).toBe('5-8.x');
});

it('is bounded: the oldest of the least urgent gives way and is counted, an alert never', async () => {
  await using box = await openBox();
  const { store } = box;
  const many = (kind: NewEntry['kind'], count: number, priority: number, from = 0) =>
    Array.from({ length: count }, (_, n) => anEntry('s', from + n, from + n, { kind, ref: `${from + n}`, priority }));
  store.outbox.fill('there', many('alert', 600, 0), NOON);
  for (let n = 0; n < 50_000; n += 5000) store.outbox.fill('there', many('picture', 5000, 5, n), NOON);
  const { dropped } = store.outbox.targets.totals('there');
  expect(dropped).toBe(610);
  expect(store.outbox.backlog('there')).toMatchObject([
    { kind: 'alert', items: 600 },
    { kind: 'picture', items: 49_390 },
  ]);
  const oldest = store.outbox.turn({ target: 'there', priorities: [5, 5], nowMs: NOON });
  expect(oldest?.ref).toBe('610');
});
