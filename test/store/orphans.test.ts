/** A stream is gone at once; what it leaves goes in short transactions, also after a kill between two of them. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { newId } from '#domain';
import { Ledger, Store } from '#store';
import {
  aFiring,
  anArmedCamera,
  aScene,
  aSegment,
  aSession,
  axis,
  countTurns,
  NOON,
  openStore,
  quiet,
  standingClock,
} from './fixture.ts';

const SCENES = 400;
const FIRINGS = 60;

type Camera = ReturnType<typeof anArmedCamera>;

/** Everything that may be made from a camera. */
async function fill(store: Store, { stream, index, alert }: Camera): Promise<void> {
  const session = aSession(stream.id);
  for (let n = 0; n < SCENES; n++) {
    const times = { startMs: NOON + n * 4000, endMs: NOON + n * 4000 + 4000 };
    store.segments.add(aSegment(session, times.startMs), session);
    const picture = { vector: axis(1), model: 'eyes' };
    store.scenes.add(aScene(index, { ...times, thumbPath: `${stream.id}/${n}.jpg` }), axis(0), 'm', picture);
  }
  for (let n = 0; n < FIRINGS; n++) {
    const firing = aFiring(alert, NOON + n * 20_000);
    const firings = [{ firing, deliveries: [{ channel: 'mqtt', target: 'x' } as const] }];
    store.commitEvaluation({ cursor: 1, cursorName: 'e', states: [{ alertId: alert.id, state: '{}' }], firings });
    if (n < 3) store.marks.set({ firingId: firing.id, alertId: alert.id, verdict: 'wrong', atMs: NOON });
    if (n < 3) store.deliveries.failed(store.deliveries.due(NOON, 1)[0]?.id ?? 0, 'away', NOON + 9e6);
  }
  for (let n = 0; n < 50; n++) {
    const said = { streamId: stream.id, startMs: NOON + n * 9000, endMs: NOON + n * 9000 + 1000, text: 'Hello there.' };
    store.transcripts.add({ ...said, words: [] }, axis(0), 'm');
    store.transcripts.addGap({ streamId: stream.id, startMs: n * 10, endMs: n * 10 + 5, reason: 'too much speech' });
    store.segments.addGap({ streamId: stream.id, startMs: n * 10, endMs: n * 10 + 5, reason: 'away' });
  }
  store.outbox.open('hub');
  const entry = { streamId: stream.id, priority: 9, startMs: NOON, endMs: NOON + 60_000, bytes: 1, facts: {} };
  const unsent = (['alert', 'segment'] as const).map((kind) => ({
    ...entry,
    kind,
    ref: stream.id,
    readyMs: 0,
    asked: false,
  }));
  store.outbox.fill('hub', unsent, NOON);
  const held = { id: newId('hold'), streamId: stream.id, fromMs: NOON, toMs: NOON + 60_000 };
  await store.holds.add({ ...held, reason: 'the police asked', who: 'me', createdMs: NOON }, 1e9);
}

const OF_STREAMS = [
  'scenes',
  'firings',
  'transcripts',
  'transcript_gaps',
  'gaps',
  'holds',
  'alert_holds',
  'segments',
  'outbox',
];
const OF_OTHERS = { marks: 3, deliveries: FIRINGS, scene_words: SCENES, transcript_words: 50 };

/** How many rows each table has of the stream, or, where it names none, at all. */
function rows(dir: string, streamId: string): Record<string, number> {
  const sql = new Database(join(dir, 'watchpost.db'), { readonly: true });
  try {
    const count = (table: string, where = '') =>
      Number(sql.prepare(`SELECT count(*) FROM ${table} ${where}`).pluck().get());
    const day = new Date(NOON).toISOString().slice(0, 10).replaceAll('-', '');
    const own = [...OF_STREAMS, `vectors_${day}`, `pictures_${day}`];
    return {
      ...Object.fromEntries(own.map((table) => [table, count(table, `WHERE stream_id = '${streamId}'`)])),
      ...Object.fromEntries(Object.keys(OF_OTHERS).map((table) => [table, count(table)])),
    };
  } finally {
    sql.close();
  }
}

it('a deleted stream is gone at once, and its rows follow in short transactions, also after a kill', async () => {
  const clock = standingClock();
  await using opened = await openStore(clock);
  const { store, dir } = opened;
  const [gone, kept] = [anArmedCamera(store), anArmedCamera(store)];
  for (const camera of [gone, kept]) await fill(store, camera);
  const others = rows(dir, kept.stream.id);
  store.streams.delete(gone.stream.id);

  const query = { text: 'person hello', vector: axis(0), model: 'm', limit: 1000 };
  const scenes = await store.scenes.search(query);
  expect(new Set(scenes.map(({ scene }) => scene.streamId))).toEqual(new Set([kept.stream.id]));
  const said = await store.transcripts.search(query);
  expect(new Set(said.map(({ transcript }) => transcript.streamId))).toEqual(new Set([kept.stream.id]));
  expect(store.scenes.recent({ limit: 5000 }).every(({ streamId }) => streamId === kept.stream.id)).toBe(true);
  expect(store.firings.recent({ limit: 5000 })).toHaveLength(FIRINGS);
  expect(store.holds.list()).toHaveLength(1);
  expect(store.alerts.get(gone.alert.id)).toBeUndefined();
  expect(store.indexes.get(gone.index.id)).toBeUndefined();
  expect(store.deliveries.backlog()).toEqual([{ channel: 'mqtt', pending: FIRINGS, oldestMs: NOON }]);
  expect(rows(dir, gone.stream.id)).toMatchObject({ scenes: SCENES, firings: FIRINGS, transcripts: 50 });
  using ledger = Ledger.open(dir);
  expect(ledger.disagreements()).toEqual([]);

  // Killed between two of them.
  const places = { mediaDir: dir, thumbsDir: dir, assetsDir: dir, reservePercent: 0, budgetBytes: 1e9 };
  const stop = new AbortController();
  let batches = 0;
  const demandPlace = async () => {
    if (++batches === 9) stop.abort();
  };
  await expect(store.retention.enforce({ ...places, demandPlace, signal: stop.signal })).rejects.toThrow();
  expect(rows(dir, gone.stream.id)['scenes']).toBeGreaterThan(0);
  expect(ledger.disagreements()).toEqual([]);
  await using again = await Store.open(dir, { clock, log: quiet });
  using turns = countTurns();
  await again.retention.enforce({ ...places, signal: new AbortController().signal });
  expect(turns.count).toBeGreaterThan(2);
  const left = rows(dir, gone.stream.id);
  expect(Object.keys(left).filter((table) => left[table] !== 0)).toEqual(Object.keys(OF_OTHERS));
  expect(left).toMatchObject(OF_OTHERS);
  expect(rows(dir, kept.stream.id)).toMatchObject({ ...others, ...OF_OTHERS });
  expect(ledger.disagreements()).toEqual([]);
  const sql = new Database(join(dir, 'watchpost.db'), { readonly: true });
  expect(sql.pragma('foreign_key_check')).toEqual([]);
  sql.close();
});
