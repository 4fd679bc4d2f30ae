/** What a receiver gets that was away: everything, in order, what is fresh before what is late. */
import type { IncomingHttpHeaders } from 'node:http';
import { expect, it, vi } from 'vitest';
import { Delivery } from '#delivery';
import type { Alert, Firing } from '#domain';
import type { Clock } from '#runtime';
import type { Store } from '#store';
import { aFiring, anArmedCamera, NOON, openStore, quiet } from '../store/fixture.ts';
import { hastyClock, links, nobody, ok, receiver, streamName } from './fixture.ts';

vi.setConfig({ testTimeout: 60_000 });
const soon = (check: () => void) => vi.waitFor(check, 40_000);
const HOUR = 3_600_000;

/** Time passes when it is told to, and waiting takes next to none; the date is what the clock was set to besides. */
function handClock(): Clock & { now: number; setBy: number } {
  const hasty = hastyClock(200);
  const clock = {
    ...hasty,
    now: NOON,
    setBy: 0,
    nowMs: () => clock.now + clock.setBy,
    monotonicMs: () => hasty.monotonicMs() + clock.now,
  };
  return clock;
}

async function openBox() {
  const clock = handClock();
  const at = await openStore(clock);
  const { alert } = anArmedCamera(at.store);
  const start = () =>
    Delivery.start({ store: at.store, links, clock, log: quiet, streamName }, new AbortController().signal);
  const fire = (target: string) => fireNow(at.store, alert, clock, target);
  return { ...at, clock, start, fire };
}

/** Each a millisecond after the other. */
function fireNow(store: Store, alert: Alert, clock: Clock & { now: number }, target: string): string {
  clock.now += 1;
  const firing: Firing = aFiring(alert, clock.nowMs());
  const firings = [{ firing, deliveries: [{ channel: 'webhook' as const, target }] }];
  store.commitEvaluation({ cursor: store.journal.cursor('events'), cursorName: 'events', states: [], firings });
  return firing.id;
}

const keyOf = ({ headers }: { headers: IncomingHttpHeaders }) => String(headers['idempotency-key']);
const isLate = ({ body }: { body: unknown }) => Object(body).late === true;

it('loses nothing of 500 alerts over a long absence and two restarts, and keeps their order', async () => {
  await using box = await openBox();
  const away = await nobody();
  const fired: string[] = [];
  for (let life = 0; life < 2; life += 1) {
    for (let i = 0; i < 250; i += 1) fired.push(box.fire(away.url));
    await using delivery = await box.start();
    await soon(() =>
      expect(box.store.deliveries.list('waiting', { limit: 500 }).at(-1)?.lastError).toContain('ECONNREFUSED'),
    );
    expect(delivery.status().backlog).toMatchObject([{ pending: fired.length }]);
  }
  box.clock.now += HOUR;

  const fresh: string[] = [];
  await using back = await receiver((response, nth) => {
    // In the midst of the old ones, new ones fire; and one answer gets lost.
    if (nth === 100) for (let i = 0; i < 5; i += 1) fresh.push(box.fire(away.url));
    if (nth === 200) return void response.destroy();
    return ok(response);
  }, away.port);
  await using delivery = await box.start();
  await soon(() => expect(delivery.status()).toMatchObject({ backlog: [], delivered: { webhook: 505 } }));

  const late = back.posted.filter(isLate).map(keyOf);
  expect([...new Set(late)]).toEqual(fired);
  expect(late).toHaveLength(501);
  expect(back.posted.filter((one) => !isLate(one)).map(keyOf)).toEqual(fresh);
  expect(back.posted.findIndex((one) => keyOf(one) === fresh.at(-1))).toBeLessThan(120);
});

it('what waits for a day is given up where nobody is, and replayed as a late one', async () => {
  await using box = await openBox();
  const away = await nobody();
  const fired = [box.fire(away.url), box.fire(away.url), box.fire(away.url)];
  box.clock.now += 23 * HOUR;
  const young = box.fire(away.url);
  box.clock.now += 2 * HOUR;
  await using delivery = await box.start();
  await soon(() => expect(delivery.status()).toMatchObject({ dead: 3, backlog: [{ pending: 1 }] }));
  const dead = box.store.deliveries.list('dead', { limit: 9 });
  expect(dead.map(({ firingId }) => firingId)).toEqual(fired.toReversed());
  expect(new Set(dead.map(({ lastError }) => lastError))).toEqual(new Set(['no connection (ECONNREFUSED)']));

  await using back = await receiver(ok, away.port);
  for (const { id } of dead.toReversed()) box.store.deliveries.replay(id, box.clock.now);
  delivery.wake();
  await soon(() => expect(delivery.status()).toMatchObject({ backlog: [], delivered: { webhook: 4 } }));
  expect(new Set(back.posted.map(keyOf))).toEqual(new Set([...fired, young]));
  expect(back.posted.filter((one) => keyOf(one) !== young).map(keyOf)).toEqual(fired);
  expect(back.posted.every(isLate)).toBe(true);
});

it.each([2 * 24 * HOUR, -2 * 24 * HOUR])(
  'a clock that is set by %s ms makes nothing give up, nor last',
  async (setBy) => {
    await using box = await openBox();
    const away = await nobody();
    const fired = [box.fire(away.url), box.fire(away.url)];
    await using delivery = await box.start();
    const tried = async () => {
      const before = box.store.deliveries.list('waiting', { limit: 9 }).map(({ nextTryMs }) => nextTryMs);
      for (let i = 0; i < 4; i += 1) {
        box.clock.now += 400_000;
        await soon(() => {
          const now = box.store.deliveries.list('waiting', { limit: 9 }).map(({ nextTryMs }) => nextTryMs);
          expect(now).not.toEqual(before);
        });
      }
    };
    await tried();
    box.clock.setBy = setBy;
    fired.push(box.fire(away.url));
    await tried();
    expect(delivery.status()).toMatchObject({ backlog: [{ pending: 3 }] });
    expect(delivery.status().dead).toBeUndefined();
    box.clock.now += 25 * HOUR;
    await soon(() => expect(delivery.status()).toMatchObject({ dead: 3 }));
    const dead = box.store.deliveries.list('dead', { limit: 9 });
    expect(dead.map(({ firingId }) => firingId)).toEqual(fired.toReversed());
  },
);

it('one that its receiver chokes on lets the others pass, and is given up alone', async () => {
  await using box = await openBox();
  const refused: { key?: string } = {};
  await using hook = await receiver((response, nth) => {
    const key = hook.posted[nth - 1]?.headers['idempotency-key'];
    response.writeHead(key === refused.key ? 500 : 200).end();
  });
  refused.key = box.fire(hook.url);
  const others = Array.from({ length: 5 }, () => box.fire(hook.url));
  await using delivery = await box.start();
  await soon(() => expect(delivery.status()).toMatchObject({ delivered: { webhook: 5 } }));
  const keys = hook.posted.map(keyOf);
  expect(keys.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => refused.key));
  expect(keys.filter((key) => key !== refused.key)).toEqual(others);
  expect(delivery.status()).toMatchObject({ backlog: [{ pending: 1 }] });
  box.clock.now += 25 * HOUR;
  await soon(() => expect(delivery.status()).toMatchObject({ backlog: [], dead: 1 }));
});

it('a receiver that asks for time gets it, and has refused nothing', async () => {
  await using box = await openBox();
  await using hook = await receiver((response, nth) => {
    response.writeHead(nth < 12 ? 503 : 200, { 'retry-after': '20' }).end();
  });
  const fired = [box.fire(hook.url), box.fire(hook.url)];
  await using delivery = await box.start();
  await soon(() => expect(delivery.status()).toMatchObject({ backlog: [], delivered: { webhook: 2 } }));
  expect([...new Set(hook.posted.map(keyOf))]).toEqual(fired);
});
