/** Bytes that come twice or otherwise, and cameras that come back. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NOON } from '../store/fixture.ts';
import { aHub, chunks, only, sendAll } from './hub.ts';
import { aShipment } from './parcels.ts';

const DAY = 86_400_000;

describe('a hub', () => {
  it('takes bytes from one sender at a time, each where they belong', async () => {
    const shipment = aShipment();
    const hub = await aHub();
    const keyId = hub.key('edge');
    hub.fleet.hello(keyId, shipment.report);
    const head = only(shipment, 'segment');
    const body = shipment.bodies.get(head.key) ?? Buffer.alloc(0);
    const begun = await hub.fleet.take(keyId, head);
    if (begun.state !== 'upload') throw new Error('nothing is wanted');
    async function* some(): AsyncGenerator<Buffer> {
      yield body.subarray(0, 70_000);
      throw new Error('the line broke');
    }
    // Both were told to begin at 0.
    const both = await Promise.allSettled([
      hub.fleet.append(keyId, begun.id, 0, some()),
      hub.fleet.append(keyId, begun.id, 0, chunks(body)),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(both[1]).toMatchObject({ reason: { kind: 'conflict' } });
    expect(await hub.fleet.offsetOf(keyId, begun.id)).toBe(70_000);
    await expect(hub.fleet.append(keyId, begun.id, 0, chunks(body))).rejects.toMatchObject({ kind: 'conflict' });
    await hub.fleet.append(keyId, begun.id, 70_000, chunks(body.subarray(70_000)));
    const [segment] = hub.store.segments.inRange(shipment.stream.id, NOON, NOON + DAY);
    expect(readFileSync(join(hub.dir, 'media', segment?.path ?? '')).equals(body)).toBe(true);
  });

  it('begins anew with what has other bytes by now', async () => {
    const shipment = aShipment();
    const hub = await aHub();
    const keyId = hub.key('edge');
    hub.fleet.hello(keyId, shipment.report);
    const head = only(shipment, 'picture');
    const first = await hub.fleet.take(keyId, head);
    const other = await hub.fleet.take(keyId, { ...head, body: { bytes: 500, mediaType: 'image/jpeg' } });
    if (first.state !== 'upload' || other.state !== 'upload') throw new Error('nothing is wanted');
    expect(other.id).not.toBe(first.id);
    await expect(hub.fleet.offsetOf(keyId, first.id)).rejects.toMatchObject({ kind: 'not_found' });
    expect(await hub.fleet.append(keyId, other.id, 0, chunks(Buffer.alloc(500)))).toEqual({ state: 'stored' });
  });

  it('shows nothing again of a camera that was deleted here and is still sent', async () => {
    const shipment = aShipment();
    const hub = await aHub();
    const keyId = hub.key('edge');
    hub.fleet.hello(keyId, shipment.report);
    await sendAll(hub, keyId, shipment);
    hub.store.streams.delete(shipment.stream.id);
    for (const head of shipment.heads)
      await expect(hub.fleet.take(keyId, head), head.kind).rejects.toMatchObject({ kind: 'unavailable' });
    const { mediaDir, thumbsDir } = hub.deps;
    const places = { mediaDir, thumbsDir, assetsDir: thumbsDir, reservePercent: 0, budgetBytes: 1e9 };
    await hub.store.retention.enforce({ ...places, signal: new AbortController().signal });
    const later = only(shipment, 'records');
    const facts = { ...later.facts, scenes: [], transcripts: [] };
    expect(await hub.fleet.take(keyId, { ...later, facts })).toEqual({ state: 'stored' });
    expect(hub.store.firings.recent({ limit: 9 })).toEqual([]);
    expect(hub.store.segments.inRange(shipment.stream.id, 0, NOON + DAY)).toEqual([]);
  });
});
