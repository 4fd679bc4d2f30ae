import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashKey } from '#domain';
import { aReport, aShipment } from '../fleet/parcels.ts';
import { type Box, openBox } from './box.ts';

let hub: Box;
beforeAll(async () => {
  hub = await openBox();
  hub.store.keys.add(hashKey('sk-edge'), 'edge', ['edge']);
});
afterAll(() => hub[Symbol.asyncDispose]());

const as = (headers: Record<string, string> = {}) => ({ 'x-access-token': 'sk-edge', ...headers });
const patch = async (id: string, offset: string, bytes: Buffer) => {
  const headers = as({ 'upload-offset': offset, 'content-type': 'application/octet-stream' });
  const body = new Blob([new Uint8Array(bytes)]);
  const response = await hub.app.request(`http://box/v1/edge/parcels/${id}`, { method: 'PATCH', headers, body });
  // An envelope.
  const { data, message } = (await response.json()) as { data?: unknown; message: string };
  return { status: response.status, offset: response.headers.get('upload-offset'), data, message };
};

describe('what another box sends', () => {
  it('begins with hello', async () => {
    const shipment = aShipment('box-0000000000000001');
    expect(await hub.call('POST', '/v1/edge/parcels', shipment.heads[0], as())).toMatchObject({ status: 404 });
    const { data } = await hub.call('POST', '/v1/edge/hello', shipment.report, as());
    expect(data).toMatchObject({ hub: { boxId: hub.store.boxId }, takes: ['alert', 'picture', 'records', 'segment'] });
    const other = aReport('box-0000000000000002');
    expect(await hub.call('POST', '/v1/edge/hello', other, as())).toMatchObject({ status: 403 });
  });

  it('is taken from the wanted byte on, and else told which that is', async () => {
    const { heads, bodies } = aShipment('box-0000000000000001');
    const segment = heads.find(({ kind }) => kind === 'segment');
    const body = bodies.get(segment?.key ?? '') ?? Buffer.alloc(0);
    const { data } = await hub.call('POST', '/v1/edge/parcels', segment, as());
    expect(data).toMatchObject({ state: 'upload', offset: 0 });
    expect(await patch(data.id, '0', body.subarray(0, 1000))).toMatchObject({
      data: { state: 'upload', offset: 1000 },
    });
    expect(await patch(data.id, '0', body)).toMatchObject({ status: 409, offset: '1000', message: /from 1000 on/ });
    expect(await patch(data.id, '1000', body)).toMatchObject({ status: 400, message: /longer than the 300000 bytes/ });
    expect(await patch(data.id, '1000', body.subarray(1000))).toMatchObject({ data: { state: 'stored' } });
    expect(await patch(data.id, '300000', body)).toMatchObject({ status: 404, message: /send the parcel again/ });
    expect(await hub.call('POST', '/v1/edge/parcels', segment, as())).toMatchObject({ data: { state: 'stored' } });
  });

  it.each([
    ['a camera that is none', { stream: { id: '../../etc' } }, /facts\.stream\.id/],
    ['a session that leads elsewhere', { session: { id: 'ses-../..' } }, /facts\.session\.id/],
    ['times that are none', { segment: { startMs: -1, endMs: 'x' } }, /facts\.segment\.startMs/],
  ])('is refused with %s', async (_what, wrong, message) => {
    const segment = aShipment('box-0000000000000001').heads.find(({ kind }) => kind === 'segment');
    const facts = { ...segment?.facts, ...wrong };
    const answer = await hub.call('POST', '/v1/edge/parcels', { ...segment, facts }, as());
    expect(answer).toMatchObject({ status: 400, message });
  });

  it('has no more bytes than the hub has room for', async () => {
    const segment = aShipment('box-0000000000000001').heads.find(({ kind }) => kind === 'segment');
    const body = { bytes: 2 ** 53 - 1, mediaType: 'video/iso.segment' };
    const answer = await hub.call('POST', '/v1/edge/parcels', { ...segment, body }, as());
    expect(answer).toMatchObject({ status: 400, message: /body\.bytes/ });
  });

  it('is looked at by a model when its picture comes later than the model', async () => {
    const { renewal, replicas, scenes } = hub.store;
    const shipment = aShipment('box-0000000000000001');
    await hub.call(
      'POST',
      '/v1/edge/parcels',
      shipment.heads.find(({ kind }) => kind === 'records'),
      as(),
    );
    for (let next = renewal.next('pictures', 'clip'); next; next = renewal.next('pictures', 'clip')) {
      renewal.store('pictures', 'clip', []);
    }
    const all = scenes.recent({ limit: 3 });
    replicas.picture({ id: all[1]?.id ?? 0 }, 'rts-1/2025-06-15/1.jpg');
    expect(renewal.next('pictures', 'clip')?.map(({ id }) => id)).toEqual([all[1]?.id]);
    replicas.picture({ id: all[0]?.id ?? 0 }, 'rts-1/2025-06-15/2.jpg');
    renewal.store('pictures', 'clip', []); // It was given out before the second came: nothing is skipped.
    expect(renewal.next('pictures', 'clip')?.map(({ id }) => id)).toEqual([all[0]?.id, all[1]?.id]);
    renewal.store('pictures', 'clip', []);
    expect(renewal.next('pictures', 'clip')).toBeUndefined();
  });
});
