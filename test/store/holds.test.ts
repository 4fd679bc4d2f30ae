import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { type Alert, type Hold, newId, type RecordingSession } from '#domain';
import type { Store } from '#store';
import { aCamera, aFiring, anArmedCamera, aSegment, aSession, DAY, NOON, openStore, standingClock } from './fixture.ts';

const signal = new AbortController().signal;
const SEGMENT = 4000;

/** A store without files: rows are what counts here, and a file that is gone counts as deleted. */
async function openBox() {
  const clock = standingClock();
  const opened = await openStore(clock);
  const { store, dir } = opened;
  const sql = new Database(join(dir, 'watchpost.db'));
  return {
    store,
    clock,
    sql,
    async [Symbol.asyncDispose]() {
      sql.close();
      await opened[Symbol.asyncDispose]();
    },
    enforce: (budgetBytes: number, options: { keepDays?: number } = {}) =>
      store.retention.enforce({
        mediaDir: dir,
        thumbsDir: dir,
        assetsDir: dir,
        reservePercent: 0,
        budgetBytes,
        ...options,
        signal,
        freeSpace: async () => ({ bsize: 1, blocks: 1_000_000, bavail: 900_000 }),
      }),
  };
}

/** `count` segments of a kilobyte, one after the other. */
function record(store: Store, session: RecordingSession, count: number, from = 0): void {
  for (let n = from; n < from + count; n++) store.segments.add(aSegment(session, NOON + n * SEGMENT), session);
}

/** Which of the stream's segments are there, by number. */
function left(store: Store, streamId: string): number[] {
  return store.segments.inRange(streamId, 0, 9e15).map(({ startMs }) => (startMs - NOON) / SEGMENT);
}

function aHold(streamId: string, from: number, to: number, more: Partial<Hold> = {}): Hold {
  const [fromMs, toMs] = [NOON + from * SEGMENT, NOON + to * SEGMENT];
  return { id: newId('hold'), streamId, fromMs, toMs, reason: 'the police asked', who: 'me', createdMs: NOON, ...more };
}

function fire(store: Store, alert: Alert, n: number): string {
  const firing = aFiring(alert, NOON + n * SEGMENT);
  store.commitEvaluation({ cursor: 1, cursorName: 'e', states: [], firings: [{ firing, deliveries: [] }] });
  return firing.id;
}

describe('a hold', () => {
  it('spares what it overlaps from budget and age, also what comes later, until it is deleted', async () => {
    await using box = await openBox();
    const { store } = box;
    const { stream } = aCamera(store);
    const session = aSession(stream.id);
    record(store, session, 6);
    const hold = aHold(stream.id, 1, 3);
    const future = aHold(stream.id, 7, 8);
    for (const one of [hold, future]) await store.holds.add(one, 1e9);
    record(store, session, 6, 6);
    expect(store.holds.bytes()).toBe(3000);
    await box.enforce(5000);
    expect(left(store, stream.id)).toEqual([1, 2, 7, 10, 11]);
    box.clock.now = NOON + 9 * DAY;
    await box.enforce(1e9, { keepDays: 1 });
    expect(left(store, stream.id)).toEqual([1, 2, 7, 11]);
    expect(store.holds.list(stream.id).map(({ id }) => id)).toEqual([future.id, hold.id]);
    expect(store.holds.get(hold.id)).toEqual(hold);
    expect(await Promise.all([store.holds.delete(hold.id), store.holds.delete(hold.id)])).toEqual([true, false]);
    await box.enforce(1e9, { keepDays: 1 });
    expect(left(store, stream.id)).toEqual([7, 11]);
    expect(store.recorded.of(stream.id)).toEqual({ bytes: 2000, heldBytes: 1000 });
  });

  it('over weeks comes and goes in slices, and a crash in between neither shortens nor keeps it', async () => {
    await using box = await openBox();
    const { store, sql } = box;
    const { stream } = aCamera(store);
    const session = aSession(stream.id);
    const hour = 3_600_000 / SEGMENT;
    for (const part of [0, 200, 600, 601]) record(store, session, 3, part * hour);
    const hold = aHold(stream.id, 0, 700 * hour);
    const kept = aHold(stream.id, 600 * hour + 1, 600 * hour + 2);
    await store.holds.add(kept, 1e9);
    // As a crash leaves it that comes after the first slice.
    const held = () => sql.prepare('SELECT count(*) FROM segments WHERE held = 1').pluck().get();
    const leaveAt = (part: number, target: number) =>
      sql
        .prepare('UPDATE holds SET to_ms = ?, target_ms = ? WHERE id = ?')
        .run(NOON + part * 3_600_000, NOON + target * 3_600_000, hold.id);
    await store.holds.add(hold, 1e9);
    expect([held(), store.holds.bytes()]).toEqual([12, 12_000]);
    leaveAt(201, 700);
    expect([held(), store.holds.get(hold.id)]).toEqual([7, hold]);
    await box.enforce(1);
    expect([held(), left(store, stream.id).length, store.holds.bytes()]).toEqual([12, 12, 12_000]);
    leaveAt(201, 0);
    expect([store.holds.get(hold.id), store.holds.list(), await store.holds.delete(hold.id)]).toEqual([
      undefined,
      [kept],
      false,
    ]);
    await box.enforce(1e9);
    expect([held(), store.holds.count().manual, store.holds.bytes()]).toEqual([1, 1, 1000]);
  });

  it('leaves others their turn while it comes and goes', async () => {
    await using box = await openBox();
    const { store } = box;
    const { stream } = aCamera(store);
    const session = aSession(stream.id);
    const hour = 3_600_000 / SEGMENT;
    for (let part = 0; part < 20; part++) record(store, session, 1, part * hour * 2);
    const hold = aHold(stream.id, 0, 40 * hour);
    for (const work of [() => store.holds.add(hold, 1e9), () => store.holds.delete(hold.id)]) {
      const seen = new Set<number>();
      let isDone = false;
      const watch = () => {
        if (isDone) return;
        seen.add(store.holds.bytes());
        setImmediate(watch);
      };
      watch();
      await work();
      isDone = true;
      expect(seen.size).toBeGreaterThan(10);
    }
    expect(store.holds.bytes()).toBe(0);
  });

  it('ends at its time, but not while the clock is not sane', async () => {
    await using box = await openBox();
    const { store } = box;
    const { stream } = aCamera(store);
    record(store, aSession(stream.id), 4);
    await store.holds.add(aHold(stream.id, 0, 2, { untilMs: NOON + DAY }), 1e9);
    box.clock.now = 1000;
    await box.enforce(1000);
    expect(left(store, stream.id)).toEqual([0, 1, 3]);
    box.clock.now = NOON + DAY;
    await box.enforce(1000);
    expect(left(store, stream.id)).toEqual([3]);
  });

  it('of one stream says nothing of another; what two hold stays when one lets go', async () => {
    await using box = await openBox();
    const { store } = box;
    const [a, b] = [aCamera(store).stream, aCamera(store).stream];
    record(store, aSession(a.id), 3);
    record(store, aSession(b.id), 3);
    const [first, second] = [aHold(a.id, 0, 2), aHold(a.id, 1, 2)];
    for (const hold of [first, second]) await store.holds.add(hold, 1e9);
    await store.holds.delete(first.id);
    expect(store.holds.bytes()).toBe(1000);
    await box.enforce(0);
    expect([left(store, a.id), left(store, b.id)]).toEqual([[1, 2], [2]]);
  });

  it('that reaches into the future ends where half of the budget is held: there is room to record', async () => {
    await using box = await openBox();
    const { stream } = aCamera(box.store);
    const session = aSession(stream.id);
    const hold = aHold(stream.id, 0, 1000);
    await box.store.holds.add(hold, 5000);
    for (let n = 0; n < 30; n++) {
      record(box.store, session, 1, n);
      box.clock.now = NOON + (n + 1) * SEGMENT;
      await box.enforce(10_000);
    }
    expect(left(box.store, stream.id)).toEqual([0, 1, 2, 3, 4, 5, 26, 27, 28, 29]);
    expect(box.store.holds.get(hold.id)?.toMs).toBe(NOON + 6 * SEGMENT);
  });

  it('is refused beyond the share that may be held, and beyond a thousand', async () => {
    await using box = await openBox();
    const { store } = box;
    const { stream } = aCamera(store);
    record(store, aSession(stream.id), 6);
    await store.holds.add(aHold(stream.id, 0, 2), 3000);
    const refused = expect.objectContaining({ kind: 'refused', message: expect.stringContaining('half') });
    await expect(store.holds.add(aHold(stream.id, 2, 4), 3000)).rejects.toThrowError(refused);
    await store.holds.add(aHold(stream.id, 1, 3), 3000); // Half of it is held already.
    for (let n = store.holds.count().manual; n < 1000; n++) await store.holds.add(aHold(stream.id, 0, 1), 3000);
    const many = expect.objectContaining({ kind: 'refused', message: expect.stringContaining('1000') });
    await expect(store.holds.add(aHold(stream.id, 0, 1), 3000)).rejects.toThrowError(many);
  });
});

describe('an alert', () => {
  it('holds five seconds before and ten after it, as long as it is there', async () => {
    await using box = await openBox();
    const { store } = box;
    const { stream, alert } = anArmedCamera(store);
    const session = aSession(stream.id);
    record(store, session, 12);
    fire(store, alert, 10); // From second 40 to 45: the last comes while it is being recorded.
    record(store, session, 32, 12);
    await box.enforce(21_000);
    const [around, last] = [
      [8, 9, 10, 11, 12, 13],
      [29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43],
    ];
    expect(left(store, stream.id)).toEqual([...around, ...last]);
    expect(store.holds.count()).toEqual({ manual: 0, alerts: 1 });
    box.clock.now = NOON + 9 * DAY;
    await box.enforce(1e9, { keepDays: 1 });
    expect(left(store, stream.id)).toEqual([43]);
    expect([store.holds.count().alerts, store.holds.bytes(), store.holds.gaveWay()]).toEqual([0, 0, 0]);
  });

  it('holds as much before and after it as the recording policy says, for half an hour at most', async () => {
    await using box = await openBox();
    const { store } = box;
    const { stream, alert } = anArmedCamera(store);
    store.streams.update(stream.id, { recording: { ...stream.recording, preMs: 0, postMs: 60_000.5 } });
    record(store, aSession(stream.id), 600);
    fire(store, alert, 10);
    expect(store.holds.bytes()).toBe(17_000);
    const endMs = NOON + 6 * 3_600_000;
    const firing = aFiring(alert, NOON + 100 * SEGMENT, { endMs });
    store.commitEvaluation({ cursor: 1, cursorName: 'e', states: [], firings: [{ firing, deliveries: [] }] });
    expect(store.holds.bytes()).toBe(17_000 + 450_000);
  });

  it('lets go of it, the oldest first, when holds take more than half of the budget; people do not', async () => {
    await using box = await openBox();
    const { store } = box;
    const { stream, alert } = anArmedCamera(store);
    record(store, aSession(stream.id), 1200);
    await store.holds.add(aHold(stream.id, 0, 5), 1e9);
    for (let n = 0; n < 110; n++) fire(store, alert, 20 + n * 10);
    const held = store.holds.bytes();
    expect(held).toBeGreaterThan(600_000);
    await box.enforce(2 * held - 2000);
    const gave = store.holds.gaveWay();
    expect(gave).toBeGreaterThan(0);
    expect(gave).toBeLessThan(110); // A batch is enough.
    expect(store.holds.count()).toEqual({ manual: 1, alerts: 110 - gave });
    await box.enforce(8000);
    expect(left(store, stream.id)).toEqual([0, 1, 2, 3, 4, 1197, 1198, 1199]);
    expect(store.holds.gaveWay()).toBe(110);
  });
});

describe('a stream', () => {
  it('is kept for its own days, and within its own quota', async () => {
    await using box = await openBox();
    const { store } = box;
    const usual = aCamera(store).stream;
    const [brief, long, small] = [{ keepDays: 1 }, { keepDays: 30 }, { quotaBytes: 2500 }].map(
      (limits) => aCamera(store, { recording: { ...usual.recording, ...limits } }).stream,
    );
    const streams = [usual, brief, long, small].map((stream) => stream?.id ?? '');
    for (const id of streams) record(store, aSession(id), 4);
    expect(await box.enforce(1e9)).toMatchObject({ deletedSegments: 2 });
    box.clock.now = NOON + 2 * DAY;
    expect(await box.enforce(1e9)).toMatchObject({ deletedSegments: 3 });
    expect(streams.map((id) => left(store, id).length)).toEqual([4, 1, 4, 2]);
    box.clock.now = NOON + 20 * DAY;
    expect(await box.enforce(1e9, { keepDays: 15 })).toMatchObject({ deletedSegments: 4 });
    expect(streams.map((id) => left(store, id).length)).toEqual([1, 1, 4, 1]);
  });

  it('tells what it takes, since when, and what was written each day', async () => {
    await using box = await openBox();
    const { store } = box;
    const { stream } = aCamera(store);
    const session = aSession(stream.id);
    record(store, session, 3);
    store.segments.add(aSegment(session, NOON + DAY), session);
    await store.holds.add(aHold(stream.id, 0, 1), 1e9);
    expect(store.recorded.passing()).toEqual([
      { streamId: stream.id, bytes: 4000, heldBytes: 1000, fromMs: NOON + 8000, toMs: NOON + DAY + 4000 },
    ]);
    store.recorded.addWritten(70, NOON + DAY);
    store.recorded.addWritten(7, NOON + DAY);
    await box.enforce(0);
    const today = { dayMs: NOON - DAY / 2, bytes: 3000, streamId: stream.id };
    expect(store.recorded.written(NOON)).toEqual([
      { streamId: '', dayMs: NOON + DAY / 2, bytes: 77 },
      { ...today, dayMs: NOON + DAY / 2, bytes: 1000 },
      today,
    ]);
    store.recorded.addWritten(1, NOON + 91 * DAY);
    expect(store.recorded.written(0)).toHaveLength(3);
  });
});
