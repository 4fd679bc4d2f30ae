/** 500 alerts, a receiver that comes and goes, and a box that is killed twice. */
import { expect, it, vi } from 'vitest';
import { systemClock } from '#runtime';
import { ok, receiver } from '../delivery/fixture.ts';
import { anArmedCamera, openStore } from '../store/fixture.ts';
import { AlertingBox } from './support/alerting-box.ts';

const ALERTS = 500;
vi.setConfig({ testTimeout: 180_000 });
const soon = (check: () => void) => vi.waitFor(check, 40_000);

it('every alert arrives, in order, again only with the same key', async () => {
  await using at = await openStore(systemClock);
  const { alert } = anArmedCamera(at.store);
  const keys: string[] = [];
  const listen = (port?: number) =>
    receiver((response, nth) => {
      keys.push(String(hooks.at(-1)?.posted[nth - 1]?.headers['idempotency-key']));
      // Some answers get lost.
      if (keys.length % 97 === 0) response.destroy();
      else ok(response);
    }, port);
  const hooks = [await listen()];
  const { port = 0, url = '' } = hooks[0] ?? {};

  using box = new AlertingBox(at.dir, alert.id, url, ALERTS);
  const fired = (n: number) => soon(() => expect(at.store.firings.count()).toBeGreaterThanOrEqual(n));

  await fired(60);
  await hooks[0]?.[Symbol.asyncDispose](); // It is away,
  await fired(150);
  await box.kill(); // the box dies meanwhile,
  box.restart();
  await fired(250);
  hooks.push(await listen(port)); // it comes back,
  await soon(() => expect(keys.length).toBeGreaterThan(100));
  await box.kill(); // and the box dies once more, in the midst of its backlog.
  box.restart();
  await fired(ALERTS);
  await soon(() => expect(at.store.deliveries.backlog()).toEqual([]));
  await box.kill();
  await hooks[1]?.[Symbol.asyncDispose]();

  const inOrder = at.store.deliveries.list('delivered', { limit: ALERTS }).map(({ firingId }) => firingId);
  expect([...new Set(keys)]).toEqual(inOrder.toReversed());
  expect(inOrder).toHaveLength(ALERTS);
  const again = keys.length - ALERTS;
  console.log(`webhook: ${ALERTS} alerts, 2 kills, 1 absence: all arrived in order, ${again} of them twice`);
  // Each answer that got lost, and what was under way when the receiver went or the box was killed.
  expect(again).toBeLessThanOrEqual(Math.ceil(keys.length / 97) + 3);
});
