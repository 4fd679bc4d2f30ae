/** What a hub's page asks for: the boxes with what came of their cameras, timelines of many, and what one box tells. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hashKey, newId } from '#domain';
import { only, sendAll } from '../fleet/hub.ts';
import { aReport, aShipment, type Shipment } from '../fleet/parcels.ts';
import { NOON } from '../store/fixture.ts';
import { addIndex, addScene, addStream, type Box, openBox } from './box.ts';

const BARN = 'box-0000000000000001';
const MILL = 'box-0000000000000002';
const S0 = NOON / 1000;
let hub: Box;
let barn: Shipment;
let mill: Shipment;

beforeAll(async () => {
  hub = await openBox();
  barn = aShipment(BARN);
  mill = aShipment(MILL, { name: 'Weir' });
  await taken(barn, aReport(BARN, { cameras: [{ id: barn.stream.id, name: 'Yard', phase: 'stalled' }] }));
  await taken(
    mill,
    aReport(MILL, { name: 'Mill', cameras: [{ id: newId('stream'), name: 'New', phase: 'recording' }] }),
  );
  const own = addIndex(hub.store, addStream(hub.store, { name: 'Own' }).id);
  addScene(hub.store, own, 0, 'a red tractor of our own');
});
afterAll(() => hub[Symbol.asyncDispose]());

async function taken(shipment: Shipment, report = shipment.report): Promise<void> {
  const keyId = hub.store.keys.add(hashKey(report.boxId), report.name, ['edge']);
  hub.deps.fleet.hello(keyId, report);
  await sendAll({ fleet: hub.deps.fleet }, keyId, shipment);
}

it('boxes tell of their cameras, and what of them has come', async () => {
  const { data } = await hub.call('GET', '/v1/boxes');
  const [yard] = data.boxes[0].cameras;
  expect(yard).toMatchObject({
    name: 'Yard',
    phase: 'stalled',
    here: true,
    recorded_until: S0 + 8,
    picture_at: S0 + 25,
  });
  expect(yard.picture_url).toMatch(/^\/v1\/thumbs\/\d+\.jpg\?t=/);
  const [fresh, weir] = data.boxes[1].cameras;
  expect(fresh).toMatchObject({ name: 'New', here: false });
  expect(fresh).not.toHaveProperty('picture_url');
  expect(weir).toMatchObject({ rtstream_id: mill.stream.id, name: 'Weir', gone: true, here: true });
  expect((await hub.call('GET', `/v1/boxes/${MILL}`)).data).toEqual(data.boxes[1]);
});

it('timelines of several cameras come in one answer, those of none are left out', async () => {
  const ids = [barn.stream.id, 'rts-gone', mill.stream.id];
  const { data } = await hub.call('GET', `/v1/timelines?streams=${ids.join(',')}&start=${S0}&end=${S0 + 60}`);
  expect(Object.keys(data.timelines)).toEqual([barn.stream.id, mill.stream.id]);
  const one = await hub.call('GET', `/v1/timeline?stream=${barn.stream.id}&start=${S0}&end=${S0 + 60}`);
  expect(data.timelines[barn.stream.id]).toEqual(one.data);
  expect(one.data.recorded).toEqual([[S0, S0 + 8]]);
  const tooMany = Array.from({ length: 17 }, (_, n) => `rts-${n}`).join(',');
  expect(await hub.call('GET', `/v1/timelines?streams=${tooMany}`)).toMatchObject({
    status: 400,
    message: /more than 16/,
  });
});

it('scenes, alerts and search go by box, and say whose they are', async () => {
  const names = async (path: string, key: string) =>
    (await hub.call('GET', path)).data[key].map((one: { stream_name: string; box?: object }) => [
      one.stream_name,
      one.box,
    ]);
  const ofBarn = { id: BARN, name: 'Barn' };
  const yard = ['Yard', ofBarn];
  expect(await names(`/v1/scenes?box=${BARN}`, 'scenes')).toEqual([yard, yard, yard]);
  expect(await names(`/v1/scenes?box=${BARN}&limit=2`, 'scenes')).toEqual([yard, yard]);
  expect(await names(`/v1/scenes?box=${hub.store.boxId}`, 'scenes')).toEqual([['Own', undefined]]);
  expect(await names(`/v1/alerts?box=${BARN}`, 'alerts')).toEqual([yard]);
  expect(await names(`/v1/alerts?box=${hub.store.boxId}`, 'alerts')).toEqual([]);
  expect(await names('/v1/alerts', 'alerts')).toHaveLength(2);
  const found = async (where: string) => new Set((await names(`/v1/search?q=tractor${where}`, 'results')).map(String));
  expect(await found('')).toEqual(new Set(['Yard,[object Object]', 'Weir,[object Object]', 'Own,']));
  expect(await found(`&box=${MILL}`)).toEqual(new Set(['Weir,[object Object]']));
  expect(await found(`&box=${hub.store.boxId}`)).toEqual(new Set(['Own,']));
  expect(await hub.call('GET', '/v1/search?q=x&box=box-none')).toMatchObject({
    status: 404,
    message: /GET \/v1\/boxes/,
  });
});

it('older scenes of a box are asked for by the last one', async () => {
  const first = (await hub.call('GET', `/v1/scenes?box=${BARN}&limit=2`)).data.scenes;
  const rest = (await hub.call('GET', `/v1/scenes?box=${BARN}&limit=2&before=${first[1].id}`)).data.scenes;
  expect([...first, ...rest].map(({ id }: { id: number }) => id)).toHaveLength(
    only(barn, 'records').facts.scenes.length,
  );
});
