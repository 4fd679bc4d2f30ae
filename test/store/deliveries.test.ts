import { expect, it } from 'vitest';
import type { Alert } from '#domain';
import { Store } from '#store';
import { aFiring, anArmedCamera, DAY, NOON, openStore, quiet, standingClock } from './fixture.ts';

const HOOK = 'http://box/hook';
const reader = { name: 'verdicts', seq: 1 };
const turn = { channel: 'webhook' as const, target: HOOK, freshFromMs: NOON, asideFrom: 3 };
const verdict = { confirmed: true, text: 'Yes.', by: 'seer', atMs: NOON };

async function open() {
  const clock = standingClock();
  const at = await openStore(clock);
  const { alert } = anArmedCamera(at.store);
  let moment = NOON;
  const fire = (target = HOOK, channel: 'webhook' | 'mqtt' = 'webhook'): string => {
    moment += 1;
    return commit(at.store, alert, moment, { channel, target });
  };
  return { ...at, clock, fire };
}

function commit(store: Store, alert: Alert, atMs: number, to: { channel: 'webhook' | 'mqtt'; target: string }): string {
  const firing = aFiring(alert, atMs);
  store.commitEvaluation({ cursor: 0, cursorName: 'events', states: [], firings: [{ firing, deliveries: [to] }] });
  return firing.id;
}

it('knows each target that something waits for once, by channel', async () => {
  await using at = await open();
  for (const target of ['http://b/', 'http://a/', 'http://b/']) at.fire(target);
  at.fire('front/person', 'mqtt');
  const { deliveries } = at.store;
  expect(deliveries.targets('webhook')).toEqual(['http://a/', 'http://b/']);
  expect(deliveries.targets('mqtt')).toEqual(['front/person']);
  for (const { id } of deliveries.list('waiting', { limit: 9 })) deliveries.delivered(id, NOON);
  expect(deliveries.targets('webhook')).toEqual([]);
});

it('the next is the first of the fresh ones, then of the older ones, then what was refused least', async () => {
  await using at = await open();
  const { deliveries } = at.store;
  at.clock.now = NOON - 1;
  const old = [at.fire(), at.fire()];
  at.clock.now = NOON;
  const fresh = [at.fire(), at.fire()];
  const taken: (string | undefined)[] = [];
  for (let i = 0; i < 4; i += 1) {
    const next = deliveries.turn(turn);
    taken.push(next?.firingId);
    for (let times = 0; times < 3 + i; times += 1) deliveries.failed(next?.id ?? 0, 'no', NOON);
  }
  expect(taken).toEqual([...fresh, ...old]);
  expect(deliveries.turn(turn)?.firingId).toBe(fresh[0]);
  deliveries.unreached(deliveries.turn(turn)?.id ?? 0, 'away', NOON);
  expect(deliveries.turn(turn)).toMatchObject({ firingId: fresh[0], attempts: 3, lastError: 'away' });
});

it('a verdict waits while its alert does, and no longer when that is given up', async () => {
  await using at = await open();
  const { deliveries, firings } = at.store;
  const id = at.fire();
  firings.setVerdict(id, verdict, reader);
  const first = deliveries.turn(turn);
  expect(first?.what).toBe('alert');
  expect(deliveries.giveUp(first?.id ?? 0, NOON)).toBe(1);
  expect(deliveries.turn(turn)?.what).toBe('verdict');
  expect(deliveries.replay(first?.id ?? 0, NOON)).toMatchObject({ what: 'alert', attempts: 0, sinceMs: NOON });
  expect(deliveries.turn(turn)?.what).toBe('alert');
});

it('gives up what is old of one target only, and nothing that was delivered', async () => {
  await using at = await open();
  const { deliveries } = at.store;
  at.fire();
  at.fire('http://other/');
  at.fire(HOOK, 'mqtt');
  const delivered = at.fire();
  deliveries.delivered(deliveries.list('waiting', { limit: 1 })[0]?.id ?? 0, NOON);
  at.clock.now = NOON + 10;
  at.fire();
  const how = { beforeMs: NOON + 10, nowMs: NOON + 20, reason: 'away' };
  expect(deliveries.giveUpAll({ channel: 'webhook', target: HOOK }, how)).toBe(1);
  expect(deliveries.deadCount()).toBe(1);
  expect(deliveries.list('delivered', { limit: 9 }).map(({ firingId }) => firingId)).toEqual([delivered]);
  expect(deliveries.backlog()).toMatchObject([
    { channel: 'mqtt', pending: 1 },
    { channel: 'webhook', pending: 2 },
  ]);
  expect(() => deliveries.replay(99, NOON)).toThrow('there is no delivery 99');
});

it('retention takes what was given up with its firing, and leaves what waits', async () => {
  await using at = await open();
  const { deliveries, firings, retention } = at.store;
  const dead = at.fire();
  const waiting = at.fire();
  deliveries.giveUp(deliveries.list('waiting', { limit: 9 }).at(-1)?.id ?? 0, NOON);
  at.clock.now = NOON + 40 * DAY;
  const { signal } = new AbortController();
  const dirs = { mediaDir: at.dir, thumbsDir: at.dir, assetsDir: at.dir };
  await retention.enforce({ ...dirs, reservePercent: 0, keepDays: 30, signal });
  expect([firings.get(dead), firings.get(waiting)?.id]).toEqual([undefined, waiting]);
  expect(deliveries.list('dead', { limit: 9 })).toEqual([]);
});

it('secrets change when they are asked to; the one before holds for a day, and a restart changes none', async () => {
  await using at = await open();
  const { webhookSecrets } = at.store;
  const [first] = webhookSecrets.valid(NOON);
  expect(webhookSecrets.valid(NOON)).toEqual([first]);
  expect(first).toHaveLength(32);
  const second = webhookSecrets.rotate(NOON);
  expect(webhookSecrets.valid(NOON + DAY - 1)).toEqual([second, first]);
  expect(webhookSecrets.valid(NOON + DAY)).toEqual([second]);
  const third = webhookSecrets.rotate(NOON + 1);
  expect(new Set([first, second, third].map(String)).size).toBe(3);
  await at.store[Symbol.asyncDispose]();
  await using again = await Store.open(at.dir, { clock: at.clock, log: quiet });
  expect(again.webhookSecrets.valid(NOON + 2)).toEqual([third, second]);
});
