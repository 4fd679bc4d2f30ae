/** What people said of firings, and what is held because of it. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Alert, Firing, Mark } from '#domain';
import type { Store } from '#store';
import {
  aFiring,
  anArmedCamera,
  aScene,
  aSegment,
  aSession,
  axis,
  DAY,
  NOON,
  openStore,
  standingClock,
} from './fixture.ts';

const aMark = ({ id, alertId }: Firing, overrides: Partial<Mark> = {}): Mark => ({
  firingId: id,
  alertId,
  verdict: 'wrong',
  atMs: NOON,
  ...overrides,
});

function fire(store: Store, alert: Alert, startMs: number, overrides: Partial<Firing> = {}): Firing {
  const firing = aFiring(alert, startMs, overrides);
  store.commitEvaluation({ cursor: 1, cursorName: 'events', states: [], firings: [{ firing, deliveries: [] }] });
  return firing;
}

it('the last word counts, and can be taken back', async () => {
  await using at = await openStore();
  const { alert } = anArmedCamera(at.store);
  const { marks } = at.store;
  const [first, second] = [fire(at.store, alert, NOON), fire(at.store, alert, NOON + 9000, { confidence: 0.4 })];
  marks.set(aMark(first, { note: 'a coat' }));
  marks.set(aMark(second, { atMs: NOON + 1 }));
  expect(marks.get(first.id)).toEqual(aMark(first, { note: 'a coat' }));
  marks.set(aMark(first, { verdict: 'right', atMs: NOON + 2 }));
  expect(marks.listByAlert(alert.id)).toEqual([
    { ...aMark(first, { verdict: 'right', atMs: NOON + 2 }), confidence: 0.9 },
    { ...aMark(second, { atMs: NOON + 1 }), confidence: 0.4 },
  ]);
  expect([marks.takeBack(first.id), marks.takeBack(first.id)]).toEqual([true, false]);
  expect(marks.get(first.id)).toBeUndefined();
  expect(() => marks.set(aMark({ ...first, id: 'gone' }))).toThrowError(expect.objectContaining({ kind: 'not_found' }));
});

it('of one alert the newest five hundred are kept', async () => {
  await using at = await openStore();
  const { alert } = anArmedCamera(at.store);
  const firings = Array.from({ length: 501 }, (_, n) => aFiring(alert, NOON + n * 1000));
  const all = firings.map((firing) => ({ firing, deliveries: [] }));
  at.store.commitEvaluation({ cursor: 1, cursorName: 'events', states: [], firings: all });
  for (const [n, firing] of firings.entries()) at.store.marks.set(aMark(firing, { atMs: NOON + n }));
  expect(at.store.marks.listByAlert(alert.id)).toHaveLength(500);
  expect(at.store.marks.get(firings[0]?.id ?? '')).toBeUndefined();
});

/** Two scenes with pictures, each of which has fired; the first is marked. */
async function anExample() {
  const clock = standingClock();
  const opened = await openStore(clock);
  const { store, dir } = opened;
  const camera = anArmedCamera(store);
  const roots = { mediaDir: join(dir, 'media'), thumbsDir: join(dir, 'thumbs'), assetsDir: join(dir, 'assets') };
  for (const root of Object.values(roots)) mkdirSync(root);
  const scenes = [0, 1].map((n) => {
    const startMs = NOON + n * 9000;
    writeFileSync(join(roots.thumbsDir, `${n}.jpg`), 'x');
    return store.scenes.add(
      aScene(camera.index, { startMs, endMs: startMs + 5000, thumbPath: `${n}.jpg` }),
      axis(n),
      'm',
    );
  });
  const firings = scenes.map(({ id, startMs }) => fire(store, camera.alert, startMs, { sceneId: id }));
  const [first] = firings;
  if (!first) throw new Error('nothing fired');
  store.marks.set(aMark(first));
  const enforce = (freeBlocks: number) =>
    store.retention.enforce({
      ...roots,
      reservePercent: 50,
      keepDays: 1,
      signal: new AbortController().signal,
      freeSpace: async () => ({ bsize: 1, blocks: 100, bavail: freeBlocks }),
    });
  const pictures = () => [0, 1].filter((n) => existsSync(join(roots.thumbsDir, `${n}.jpg`)));
  return { ...opened, clock, ...camera, first, firings, scenes, enforce, pictures };
}

it('what is marked outlives its days with scene and picture, until the mark is taken back', async () => {
  const at = await anExample();
  await using _opened = at;
  at.clock.now = NOON + 9 * DAY;
  await at.enforce(100);
  expect(at.store.firings.recent({ limit: 9 }).map(({ id }) => id)).toEqual([at.first.id]);
  expect(at.store.scenes.get(at.scenes[0]?.id ?? 0)?.thumbPath).toBe('0.jpg');
  expect(at.pictures()).toEqual([0]);
  at.store.marks.takeBack(at.first.id);
  await at.enforce(100);
  expect([at.store.firings.count(), at.store.scenes.recent({ limit: 9 }), at.pictures()]).toEqual([0, [], []]);
});

it('a full disk takes recordings, and no picture that a firing shows', async () => {
  const at = await anExample();
  await using _opened = at;
  const session = aSession(at.stream.id);
  at.store.segments.add(aSegment(session, NOON + 60_000), session);
  const other = { startMs: NOON + 20_000, endMs: NOON + 25_000, thumbPath: 'other.jpg' };
  const plain = at.store.scenes.add(aScene(at.index, other), axis(3), 'm');
  await at.enforce(10);
  expect(at.store.scenes.get(plain.id)?.thumbPath).toBeUndefined();
  expect(at.pictures()).toEqual([0, 1]);
});
