/** A box that is given up at its hub. */
import { expect, it } from 'vitest';
import { hashKey } from '#domain';
import { openBox } from '../http/box.ts';
import { aHub, only, sendAll } from './hub.ts';
import { aReport, aShipment } from './parcels.ts';

it('goes with its key, its cameras and what came from them; other boxes stay', async () => {
  const hub = await aHub();
  const [gone, stays] = ['box-0000000000000001', 'box-0000000000000002'].map((id) => aShipment(id));
  if (!gone || !stays) throw new Error('two were made');
  for (const [name, shipment] of [
    ['one', gone],
    ['two', stays],
  ] as const) {
    const keyId = hub.key(name);
    hub.fleet.hello(keyId, shipment.report);
    await sendAll(hub, keyId, shipment);
  }
  await hub.fleet.take(hub.store.keys.find(hashKey('one'))?.id ?? 0, {
    ...only(gone, 'segment'),
    key: `${gone.report.boxId}/segment/another`,
    facts: { ...only(gone, 'segment').facts, segment: { startMs: 1, endMs: 2 } },
  });
  expect(hub.fleet.forget(gone.report.boxId)).toBe(true);
  expect(hub.store.keys.find(hashKey('one'))).toBeUndefined();
  expect(hub.store.keys.find(hashKey('two'))).toBeDefined();
  expect(hub.fleet.boxes().map(({ id }) => id)).toEqual([stays.report.boxId]);
  expect(hub.store.streams.list().results.map(({ boxId }) => boxId)).toEqual([stays.report.boxId]);
  expect(hub.store.firings.recent({ limit: 100 }).some(({ streamId }) => streamId === gone.stream.id)).toBe(false);
  expect(hub.fleet.forget(gone.report.boxId)).toBe(false);
  await hub.fleet.sweep(); // What had come in part goes, too.
});

it('may come back with another key, and begins anew', async () => {
  const hub = await aHub();
  const shipment = aShipment('box-0000000000000001');
  hub.fleet.hello(hub.key('one'), shipment.report);
  hub.fleet.forget(shipment.report.boxId);
  const keyId = hub.key('two');
  expect(hub.fleet.hello(keyId, shipment.report)).toMatchObject({ id: shipment.report.boxId, online: true });
  await sendAll(hub, keyId, shipment);
  expect(hub.store.firings.recent({ limit: 100 })).not.toEqual([]);
});

it('is asked for over HTTP; its key opens nothing from then on', async () => {
  await using box = await openBox();
  box.store.keys.add(hashKey('sk-edge'), 'edge', ['edge']);
  const report = aReport('box-0000000000000001');
  box.deps.fleet.hello(box.store.keys.find(hashKey('sk-edge'))?.id ?? 0, report);
  expect(await box.call('DELETE', '/v1/boxes/box-none')).toMatchObject({ status: 404 });
  expect(await box.call('DELETE', `/v1/boxes/${report.boxId}`)).toMatchObject({ status: 200 });
  expect((await box.call('GET', '/v1/boxes')).data).toEqual({ boxes: [] });
  const hello = await box.app.request('http://box/v1/edge/hello', {
    method: 'POST',
    headers: { 'x-access-token': 'sk-edge' },
  });
  expect(hello.status).toBe(401);
});
