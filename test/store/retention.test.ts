import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { RecordingSession, Segment } from '#domain';
import type { RetentionOptions } from '#store';
import {
  aCamera,
  aFiring,
  anArmedCamera,
  anAsset,
  aScene,
  aSegment,
  aSession,
  axis,
  countTurns,
  DAY,
  NOON,
  openStore,
  standingClock,
} from './fixture.ts';

const signal = new AbortController().signal;

/** A store whose media and thumbnails are real files on a disk of `capacity` bytes. */
async function openBox(capacity = 1_000_000) {
  const clock = standingClock();
  const opened = await openStore(clock);
  const { store, dir } = opened;
  const [mediaDir, thumbsDir, assetsDir] = [join(dir, 'media'), join(dir, 'thumbs'), join(dir, 'assets')];
  for (const place of [mediaDir, thumbsDir, assetsDir]) mkdirSync(place);
  const files = (root: string): string[] =>
    readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(root, path)).isFile());
  const write = (root: string, path: string, bytes: number) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), Buffer.alloc(bytes));
  };
  const freeSpace = async () => {
    const used = [mediaDir, thumbsDir].flatMap((root) => files(root).map((path) => statSync(join(root, path)).size));
    return { bsize: 10, blocks: capacity / 10, bavail: (capacity - used.reduce((a, b) => a + b, 0)) / 10 };
  };
  return {
    ...opened,
    [Symbol.asyncDispose]: opened[Symbol.asyncDispose],
    clock,
    mediaDir,
    media: () => files(mediaDir).sort(),
    thumbs: () => files(thumbsDir).sort(),
    assets: () => files(assetsDir).sort(),
    asset: (path: string) => write(assetsDir, path, 500),
    record(session: RecordingSession, startMs: number): Segment {
      const segment = aSegment(session, startMs);
      if (!existsSync(join(mediaDir, session.initPath))) {
        write(mediaDir, session.initPath, 0);
        write(mediaDir, join(dirname(session.initPath), 'session.json'), 0);
      }
      write(mediaDir, segment.path, segment.bytes);
      store.segments.add(segment, session);
      return segment;
    },
    picture: (path: string) => write(thumbsDir, path, 500),
    enforce: (options: Partial<RetentionOptions> = {}) =>
      store.retention.enforce({
        mediaDir,
        thumbsDir,
        assetsDir,
        reservePercent: 0,
        budgetBytes: capacity,
        signal,
        freeSpace,
        ...options,
      }),
    ask(query: string) {
      const db = new Database(join(dir, 'watchpost.db'));
      const rows = db.prepare(query).pluck().all();
      db.close();
      return rows;
    },
    garbage() {
      return this.ask('SELECT path FROM garbage');
    },
  };
}

describe('free space', () => {
  it('is made from the oldest recordings, no more than needed', async () => {
    await using box = await openBox(10_000);
    const [a, b] = [aSession(aCamera(box.store).stream.id), aSession(aCamera(box.store).stream.id)];
    const recorded = [0, 1, 2, 3].flatMap((n) => [box.record(a, NOON + n * 4000), box.record(b, NOON + n * 4000)]);
    expect(await box.enforce({ reservePercent: 20 })).toEqual({ deletedSegments: 0, bytes: 0 });
    expect(await box.enforce({ reservePercent: 45 })).toEqual({ deletedSegments: 3, bytes: 3000 });
    const there = recorded.map(({ path }) => [box.store.segments.has(path), existsSync(join(box.mediaDir, path))]);
    expect(there.slice(0, 3).flat()).not.toContain(true);
    expect(there.slice(3).flat()).not.toContain(false);
    expect(box.store.segments.totals()).toEqual({ count: 5, bytes: 5000 });
  });

  it('never takes the newest segment of a stream', async () => {
    await using box = await openBox(1000);
    const [a, b] = [aSession(aCamera(box.store).stream.id), aSession(aCamera(box.store).stream.id)];
    const [, newestA] = [box.record(a, NOON), box.record(a, NOON + 4000)];
    const newestB = box.record(b, NOON - DAY);
    expect(await box.enforce({ reservePercent: 50 })).toMatchObject({ deletedSegments: 1 });
    expect(box.media().filter((path) => path.endsWith('.m4s'))).toEqual([newestA.path, newestB.path].sort());
  });

  it('takes sessions along that have no segment left, with all that is in their directory', async () => {
    await using box = await openBox(2000);
    const { stream } = aCamera(box.store);
    const [old, young] = [aSession(stream.id), aSession(stream.id, { startedMs: NOON + 4000 })];
    box.record(old, NOON);
    const kept = box.record(young, NOON + 4000);
    await box.enforce({ reservePercent: 50 });
    const directory = dirname(young.initPath);
    expect(box.media()).toEqual([kept.path, young.initPath, join(directory, 'session.json')].sort());
    expect(existsSync(join(box.mediaDir, dirname(old.initPath)))).toBe(false);
  });

  it('takes a session that was the newest when its last segment went', async () => {
    await using box = await openBox();
    const { stream } = aCamera(box.store);
    const [old, young] = [aSession(stream.id), aSession(stream.id, { startedMs: NOON + 4000 })];
    const { path } = box.record(old, NOON);
    box.store.mending.forget('media', [path]);
    await box.enforce();
    expect(box.media()).toContain(old.initPath);
    box.record(young, NOON + 4000);
    await box.enforce();
    expect(box.media()).not.toContain(old.initPath);
    expect(box.media()).toContain(young.initPath);
  });

  it('takes the thumbnails of what is no longer recorded, and leaves the words', async () => {
    await using box = await openBox(3000);
    const { stream, index } = aCamera(box.store);
    const session = aSession(stream.id);
    box.picture('old.jpg');
    box.picture('new.jpg');
    const ends = { startMs: NOON, endMs: NOON + 4000 };
    const scene = box.store.scenes.add(aScene(index, { ...ends, thumbPath: 'old.jpg' }), axis(0), 'm');
    box.store.scenes.add(aScene(index, { startMs: NOON + 4000, thumbPath: 'new.jpg' }), axis(0), 'm');
    box.record(session, NOON);
    box.record(session, NOON + 4000);
    await box.enforce({ reservePercent: 20 });
    expect(box.thumbs()).toEqual(['new.jpg']);
    expect(box.store.scenes.get(scene.id)?.thumbPath).toBeUndefined();
    expect(box.store.scenes.page(index.id, { page: 1, pageSize: 10 }).scenes).toHaveLength(2);
  });

  it('leaves the thumbnails of what an alert holds: that may still be seen', async () => {
    await using box = await openBox(8000);
    const { store } = box;
    const { stream, index, alert } = anArmedCamera(store);
    const session = aSession(stream.id);
    for (const n of [0, 1, 2, 3]) {
      const times = { startMs: NOON + n * 4000, endMs: NOON + n * 4000 + 4000 };
      box.record(session, times.startMs);
      box.picture(`${n}.jpg`);
      store.scenes.add(aScene(index, { ...times, thumbPath: `${n}.jpg` }), axis(0), 'm');
    }
    const firing = aFiring(alert, NOON + 6000, { sceneId: 0, endMs: NOON + 6000 });
    store.streams.update(stream.id, { recording: { ...stream.recording, preMs: 1000, postMs: 1000 } });
    store.commitEvaluation({ cursor: 1, cursorName: 'e', states: [], firings: [{ firing, deliveries: [] }] });
    await box.enforce({ reservePercent: 50 });
    expect(box.thumbs()).toEqual(['1.jpg', '3.jpg']);
  });

  it('is made whatever the clock says', async () => {
    await using box = await openBox(3000);
    const session = aSession(aCamera(box.store).stream.id);
    for (const at of [NOON, 5000, 9000]) box.record(session, at);
    box.clock.now = 10_000;
    expect(await box.enforce({ reservePercent: 30, keepDays: 1 })).toMatchObject({ deletedSegments: 1 });
    expect(box.store.segments.has(aSegment(session, 5000).path)).toBe(true);
  });
});

describe('age', () => {
  it('takes recordings, scenes, vectors, gaps, words and firings of the days that have passed', async () => {
    await using box = await openBox();
    const { store } = box;
    const { stream, index, alert } = anArmedCamera(store);
    const session = aSession(stream.id);
    const days = [0, 1, 2, 3].map((n) => NOON + n * DAY);
    const firings = days.map((atMs) => aFiring(alert, atMs, { sceneId: 0 }));
    for (const [n, startMs] of days.entries()) {
      box.record(session, startMs);
      box.picture(`${n}.jpg`);
      const times = { startMs, endMs: startMs + 5000 };
      store.scenes.add(aScene(index, { ...times, thumbPath: `${n}.jpg` }), axis(0), 'm');
      store.segments.addGap({ streamId: stream.id, ...times, reason: 'away' });
      store.transcripts.add({ streamId: stream.id, ...times, text: 'hello', words: [] });
    }
    const webhook = { channel: 'webhook', target: 'https://example.com' } as const;
    store.commitEvaluation({
      cursor: 1,
      cursorName: 'events',
      states: [],
      firings: firings.map((firing, n) => ({ firing, deliveries: n === 0 ? [webhook] : [] })),
    });
    box.clock.now = NOON + 3 * DAY;
    // The first firing has not reached its receiver yet: it stays, and holds what was recorded then.
    expect(await box.enforce({ keepDays: 1 })).toEqual({ deletedSegments: 1, bytes: 1000 });
    expect(box.thumbs()).toEqual(['2.jpg', '3.jpg']);
    expect(store.scenes.recent({ limit: 9 }).map(({ startMs }) => startMs)).toEqual([days[3], days[2]]);
    const query = { text: 'person', vector: axis(0), model: 'm', limit: 9 };
    expect((await store.scenes.search(query)).map(({ scene }) => scene.startMs)).toEqual([days[3], days[2]]);
    expect(store.segments.gaps(stream.id, 0, 9e15)).toHaveLength(2);
    const said = store.transcripts.inRange(stream.id, 0, 9e15);
    expect(said.map(({ startMs }) => startMs)).toEqual([days[2], days[3]]);
    expect(store.firings.recent({ limit: 9 }).map(({ id }) => firings.findIndex((f) => f.id === id))).toEqual([
      3, 2, 0,
    ]);
    const tables = box.ask("SELECT name FROM sqlite_schema WHERE name LIKE 'vectors_2%' ORDER BY name");
    expect(tables).toEqual(['vectors_20250617', 'vectors_20250618']);
  });

  it('spares a scene that goes on, and its vector', async () => {
    await using box = await openBox();
    const { store } = box;
    const { index } = aCamera(store);
    const short = store.scenes.add(aScene(index), axis(0), 'm');
    const long = store.scenes.add(aScene(index, { text: 'An empty yard.' }), axis(1), 'm');
    store.scenes.grow(long.id, NOON + 4 * DAY);
    box.clock.now = NOON + 4 * DAY;
    await box.enforce({ keepDays: 1 });
    expect(store.scenes.get(short.id)).toBeUndefined();
    const near = (n: number) => store.scenes.search({ text: '', vector: axis(n), model: 'm', limit: 9 });
    expect(await near(0)).toEqual([]);
    expect(await near(1)).toHaveLength(1);
  });

  it('does not count while the clock is not sane, nor without keepDays', async () => {
    await using box = await openBox();
    const session = aSession(aCamera(box.store).stream.id);
    const beforeTheTimeWasKnown = box.record(session, 1000);
    for (const at of [NOON - 3 * DAY, NOON - 2 * DAY, NOON]) box.record(session, at);
    box.clock.now = DAY * 300;
    expect(await box.enforce({ keepDays: 1 })).toMatchObject({ deletedSegments: 0 });
    box.clock.now = NOON;
    expect(await box.enforce()).toMatchObject({ deletedSegments: 0 });
    expect(await box.enforce({ keepDays: 1 })).toMatchObject({ deletedSegments: 2 });
    expect(box.media()).toContain(beforeTheTimeWasKnown.path);
  });

  it('never takes assets, nor does a full disk', async () => {
    await using box = await openBox(2000);
    const made = anAsset({ createdMs: NOON });
    box.store.assets.create(made, []);
    box.asset(join(made.id, '000000.m4s'));
    box.clock.now = NOON + 900 * DAY;
    await box.enforce({ keepDays: 1, reservePercent: 99 });
    expect(box.store.assets.get(made.id)).toBeDefined();
    expect(box.assets()).toEqual([join(made.id, '000000.m4s')]);
  });

  it('goes through more than one batch', async () => {
    await using box = await openBox();
    const { stream, index } = aCamera(box.store);
    const session = aSession(stream.id);
    for (let n = 0; n < 1100; n++) {
      box.store.segments.add(aSegment(session, NOON + n * 4000), session);
      box.store.scenes.add(aScene(index, { startMs: NOON + n, endMs: NOON + n }), axis(0), 'm');
    }
    box.clock.now = NOON + 9 * DAY;
    expect(await box.enforce({ keepDays: 1 })).toMatchObject({ deletedSegments: 1099 });
    expect(box.store.scenes.recent({ limit: 1 })).toEqual([]);
    expect(box.garbage()).toEqual([]);
  });
});

describe('deleting', () => {
  it('resumes where a crash left off', async () => {
    await using box = await openBox();
    const { stream } = aCamera(box.store);
    const session = aSession(stream.id);
    box.record(session, NOON);
    box.record(session, NOON + 4000);
    box.store.streams.delete(stream.id);
    // Rows go and files are noted; then it stops, as if by a crash, before a file is touched.
    const stop = new AbortController();
    const freeSpace = async () => ({ bsize: 1, blocks: 1, bavail: 1 });
    const pending = box.enforce({ signal: stop.signal, freeSpace });
    stop.abort();
    await expect(pending).rejects.toThrow();
    expect(box.store.segments.totals().count).toBe(0);
    expect(box.garbage().length).toBe(3);
    expect(box.store.segments.has(aSegment(session, NOON).path)).toBe(true);
    expect(box.media().length).toBe(4);
    expect(await box.enforce()).toMatchObject({ deletedSegments: 0 });
    expect(box.garbage()).toEqual([]);
    expect(box.store.segments.has(aSegment(session, NOON).path)).toBe(false);
    expect(readdirSync(box.mediaDir)).toEqual([]);
  });

  it('of an asset takes its folder with the next run', async () => {
    await using box = await openBox();
    const [gone, kept] = [anAsset(), anAsset()];
    for (const asset of [gone, kept]) {
      box.store.assets.create(asset, []);
      box.asset(join(asset.id, '000000.m4s'));
      box.asset(join(asset.id, 'index.m3u8'));
    }
    box.store.assets.delete(gone.id);
    expect(box.garbage()).toEqual([gone.id]);
    await box.enforce();
    expect(box.assets()).toEqual([join(kept.id, '000000.m4s'), join(kept.id, 'index.m3u8')]);
    expect(box.garbage()).toEqual([]);
  });

  it('says what stands in the way, and deletes no more rows for nothing', async () => {
    await using box = await openBox(4000);
    const session = aSession(aCamera(box.store).stream.id);
    const [first] = [0, 1, 2, 3].map((n) => box.record(session, NOON + n * 4000));
    if (!first) throw new Error('nothing was recorded');
    await box.enforce();
    const stuck = aSegment(session, NOON - 4000); // A directory where a file should be can't be unlinked.
    mkdirSync(join(box.mediaDir, stuck.path, 'x'), { recursive: true });
    const other = aSession(aCamera(box.store).stream.id);
    box.store.segments.add({ ...stuck, streamId: other.streamId, sessionId: other.id }, other);
    box.store.streams.delete(other.streamId);
    await expect(box.enforce({ reservePercent: 20 })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining(stuck.path),
    });
    expect(box.garbage()).toEqual([stuck.path]);
    expect(box.store.segments.has(first.path)).toBe(false);
  });

  it('of a stream takes everything that was made from it', async () => {
    await using box = await openBox();
    const { store } = box;
    const { stream, index, alert } = anArmedCamera(store);
    const kept = anArmedCamera(store);
    for (const camera of [{ index, alert }, kept]) {
      store.scenes.add(aScene(camera.index), axis(0), 'm');
      const firings = [{ firing: aFiring(camera.alert), deliveries: [{ channel: 'mqtt', target: 'x' } as const] }];
      const states = [{ alertId: camera.alert.id, state: '{}' }];
      store.commitEvaluation({ cursor: 1, cursorName: 'events', states, firings });
    }
    store.segments.addGap({ streamId: stream.id, startMs: 0, endMs: 1, reason: 'away' });
    const session = aSession(stream.id);
    box.record(session, NOON);
    const stays = box.record(aSession(kept.stream.id), NOON);
    store.streams.delete(stream.id);
    expect(store.streams.get(stream.id)).toBeUndefined();
    expect(store.indexes.get(index.id)).toBeUndefined();
    expect(store.alerts.get(alert.id)).toBeUndefined();
    expect(store.firings.recent({ limit: 9 }).map(({ alertId }) => alertId)).toEqual([kept.alert.id]);
    expect(store.deliveries.backlog()).toEqual([{ channel: 'mqtt', pending: 1, oldestMs: NOON }]);
    const found = await store.scenes.search({ text: 'person', vector: axis(0), model: 'm', limit: 9 });
    expect(found.map(({ scene }) => scene.indexId)).toEqual([kept.index.id]);
    box.record(session, NOON + 4000); // The camera ends a little later than its stream.
    expect(await box.enforce()).toEqual({ deletedSegments: 2, bytes: 2000 });
    expect(store.segments.gaps(stream.id, 0, 9)).toEqual([]);
    expect(box.media().filter((path) => path.endsWith('.m4s'))).toEqual([stays.path]);
    expect(() => store.streams.delete(stream.id)).toThrowError(expect.objectContaining({ kind: 'not_found' }));
  });
});

it('serves everything else while thousands of rows go, and stops between two batches', async () => {
  await using box = await openBox();
  const { store } = box;
  const { stream, index, alert } = anArmedCamera(store);
  const session = aSession(stream.id);
  for (let n = 0; n < 1200; n++) {
    const startMs = NOON - 3 * DAY + n * 5000;
    store.scenes.add(aScene(index, { startMs, endMs: startMs + 5000 }), axis(0), 'm');
    store.segments.addGap({ streamId: stream.id, startMs, endMs: startMs + 1, reason: 'offline' });
  }
  box.record(session, NOON);
  const firings = Array.from({ length: 600 }, (_, n) => ({
    firing: aFiring(alert, NOON - 3 * DAY + n * 5000, { sceneId: n + 1 }),
    deliveries: [],
  }));
  store.commitEvaluation({ cursor: 0, cursorName: 'events', states: [], firings, questions: [] });
  const rows = () => Number(box.ask('SELECT (SELECT count(*) FROM scenes) + (SELECT count(*) FROM gaps)')[0]);
  const all = rows();
  const stop = new AbortController();
  setImmediate(() => setImmediate(() => stop.abort()));
  await expect(box.enforce({ keepDays: 1, signal: stop.signal })).rejects.toThrow();
  expect(box.ask('SELECT count(*) FROM firings')[0]).toBeGreaterThan(0);
  expect(rows()).toBe(all);
  using turns = countTurns();
  await box.enforce({ keepDays: 1 });
  expect(rows()).toBe(0);
  expect(turns.count).toBeGreaterThan(10); // However quick the machine: each batch is half as large again at most.
});
