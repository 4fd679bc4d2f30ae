/** 500 alerts, a broker that is stopped, frozen and killed, and a box that is killed twice. */
import { expect, it, vi } from 'vitest';
import { systemClock } from '#runtime';
import { anArmedCamera, openStore } from '../store/fixture.ts';
import { AlertingBox } from './support/alerting-box.ts';
import { listener, mosquitto } from './support/mosquitto.ts';

const ALERTS = 500;
/** As many as are under way at once may come twice, each time that something breaks. */
const UNDER_WAY = 16;
vi.setConfig({ testTimeout: 180_000 });
const soon = (check: () => void) => vi.waitFor(check, { timeout: 40_000, interval: 20 });

it('every alert arrives, in order, again only with the same firing id', async () => {
  await using at = await openStore(systemClock);
  const { alert } = anArmedCamera(at.store);
  await using broker = await mosquitto();
  await broker.start();
  await using ear = await listener(broker.port);
  using box = new AlertingBox(at.dir, alert.id, `mqtt://127.0.0.1:${broker.port}`, ALERTS);
  const fired = (n: number) => soon(() => expect(at.store.firings.count()).toBeGreaterThanOrEqual(n));

  await fired(60);
  await broker.stop('SIGTERM'); // It is away,
  await fired(150);
  await box.kill(); // the box dies meanwhile,
  box.restart();
  await fired(250);
  await broker.start(); // it comes back,
  await soon(() => expect(ear.firings().length).toBeGreaterThan(100));
  await box.kill(); // the box dies in the midst of its backlog,
  box.restart();
  await fired(350);
  broker.freeze(); // the broker hangs
  await fired(400);
  await broker.stop('SIGKILL'); // and dies.
  await broker.start();
  await fired(ALERTS);
  await soon(() => expect(at.store.deliveries.backlog()).toEqual([]));
  await soon(() => expect(new Set(ear.firings()).size).toBe(ALERTS));
  await box.kill();

  const inOrder = at.store.deliveries.list('delivered', { limit: ALERTS }).map(({ firingId }) => firingId);
  const heard = ear.firings();
  expect([...new Set(heard)]).toEqual(inOrder.toReversed());
  const again = heard.length - ALERTS;
  console.log(`MQTT: ${ALERTS} alerts, 2 kills of the box, 2 absences of the broker: all in order, ${again} twice`);
  expect(again).toBeLessThanOrEqual(4 * UNDER_WAY);
});
