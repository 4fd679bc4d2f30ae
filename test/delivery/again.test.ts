/** What is sent a second time: a scene that was told anew, an alert that was looked at again. */
import { expect, it, vi } from 'vitest';
import { Delivery, Hub } from '#delivery';

import { newId, type Verdict } from '#domain';
import { anArmedCamera, aScene, axis, NOON, openStore, quiet } from '../store/fixture.ts';
import { fire, hastyClock, links, receiver, streamName } from './fixture.ts';
import { FakeSocket } from './hub-socket.ts';

vi.setConfig({ testTimeout: 60_000 });
const soon = (check: () => void) => vi.waitFor(check, 30_000);
const signal = new AbortController().signal;

const VERDICT: Verdict = { confirmed: false, text: 'No, it is a bag.', by: 'seer', atMs: NOON + 9000 };
const SENT = { confirmed: false, text: 'No, it is a bag.', by: 'seer', timestamp: new Date(NOON + 9000).toISOString() };
const reader = { name: 'verdicts', seq: 1 };

it('live clients get the scene once more under its number, and the alert once more with the verdict', async () => {
  await using at = await openStore();
  const { index, alert } = anArmedCamera(at.store);
  await using hub = Hub.start({ store: at.store, links, streamName, clock: hastyClock(), log: quiet });
  const socket = new FakeSocket();
  hub.accept(socket, { connectionId: newId('connection'), keyId: 1 });
  const { id, facts } = at.store.scenes.add(aScene(index, { text: 'A person.' }), axis(0), 'm');
  const firing = fire(at.store, alert);
  await soon(() => expect(socket.events()).toHaveLength(2));
  if (!facts) throw new Error('it has facts');
  at.store.scenes.retell(id, { text: 'A bag.', facts }, axis(0), 'm');
  at.store.firings.setVerdict(firing.id, VERDICT, reader);
  await soon(() => expect(socket.events()).toHaveLength(4));
  const [scene, first, retold, second] = socket.events();
  expect(scene).toMatchObject({ channel: 'scene_index', data: { text: 'A person.', scene_id: id } });
  expect(scene?.data).not.toHaveProperty('retold');
  expect(retold).toEqual({
    ...scene,
    seq: retold?.['seq'],
    data: { ...scene?.data, text: 'A bag.', retold: true },
  });
  expect(first?.data).not.toHaveProperty('verdict');
  expect(second).toEqual({ ...first, seq: second?.['seq'], data: { ...first?.data, verdict: SENT } });
});

it('a client that resumes gets the first alert without the verdict that came later', async () => {
  await using at = await openStore();
  const { alert } = anArmedCamera(at.store);
  const before = at.store.journal.head();
  const firing = fire(at.store, alert);
  at.store.firings.setVerdict(firing.id, VERDICT, reader);
  await using hub = Hub.start({ store: at.store, links, streamName, clock: hastyClock(), log: quiet });
  const socket = new FakeSocket();
  hub.accept(socket, { connectionId: newId('connection'), keyId: 1 }, before);
  await soon(() => expect(socket.events()).toHaveLength(2));
  expect(socket.events().map(({ data }) => 'verdict' in data)).toEqual([false, true]);
});

it('webhooks hear of the verdict after the alert, however long that takes, under the same firing', async () => {
  await using at = await openStore();
  const { alert } = anArmedCamera(at.store);
  await using hook = await receiver((response, nth) => void response.writeHead(nth < 3 ? 503 : 200).end());
  const deps = { store: at.store, links, clock: hastyClock(10), log: quiet, streamName };
  await using delivery = await Delivery.start(deps, signal);
  const firing = fire(at.store, alert, { channel: 'webhook', target: hook.url });
  at.store.firings.setVerdict(firing.id, VERDICT, reader);
  await soon(() => expect(delivery.status()).toEqual({ backlog: [], delivered: { mqtt: 0, webhook: 2 } }));
  const [, , first, second] = hook.posted;
  expect(hook.posted).toHaveLength(4);
  expect(hook.posted.slice(0, 3).map(({ body }) => body)).toEqual([first?.body, first?.body, first?.body]);
  expect(first?.body).not.toHaveProperty('verdict');
  expect(second?.body).toEqual({ ...Object(first?.body), verdict: SENT });
  const keys = hook.posted.map(({ headers }) => headers['idempotency-key']);
  expect(keys).toEqual([firing.id, firing.id, firing.id, `${firing.id}-verdict`]);
});

it('who got no alert gets no verdict', async () => {
  await using at = await openStore();
  const { alert } = anArmedCamera(at.store);
  const firing = fire(at.store, alert);
  at.store.firings.setVerdict(firing.id, VERDICT, reader);
  expect(at.store.deliveries.due(NOON, 9)).toEqual([]);
});
