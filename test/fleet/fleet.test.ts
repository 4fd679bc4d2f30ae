import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId } from '#domain';
import { Fleet } from '#fleet';
import { Fault } from '#runtime';
import { until } from '../e2e/support/waiting.ts';
import { aCamera, NOON } from '../store/fixture.ts';
import { aHub, chunks, type Hub, only, sendAll } from './hub.ts';
import { aReport, aShipment, type Shipment } from './parcels.ts';

const DAY = 86_400_000;

/** All that a hub has of a shipment, without the numbers that it gives by itself. */
function contentOf({ store, dir }: Hub, { stream }: Shipment) {
  const [index] = store.indexes.listByStream(stream.id);
  const { scenes } = store.scenes.page(index?.id ?? '', { page: 1, pageSize: 100 });
  const numbers = new Map(scenes.map(({ id, startMs }) => [id, startMs]));
  const segments = store.segments.inRange(stream.id, NOON - DAY, NOON + DAY);
  return {
    stream: { ...store.streams.get(stream.id), collectionId: '' },
    scenes: scenes.map(({ id: _own, thumbPath, ...scene }) => ({ ...scene, pictured: thumbPath !== undefined })),
    transcripts: store.transcripts.inRange(stream.id, 0, NOON + DAY).map(({ text, startMs }) => ({ text, startMs })),
    firings: store.firings.recent({ limit: 100 }).map((firing) => {
      const { sceneId = 0, ...rest } = firing;
      return { ...rest, at: numbers.get(sceneId) };
    }),
    segments: segments.map(({ startMs, endMs, path, session }) => ({
      startMs,
      endMs,
      init: readFileSync(join(dir, 'media', session.initPath), 'utf8'),
      first: readFileSync(join(dir, 'media', path))[0],
      bytes: readFileSync(join(dir, 'media', path)).byteLength,
    })),
    waiting: store.deliveries.list('waiting', { limit: 10 }).length,
  };
}

describe('what is stored', () => {
  it('is said to be when the disk has it, and nobody else waits for the disk', async () => {
    const hub = await aHub();
    const synced = new Map<string, (problem?: Error) => void>();
    const settle = () =>
      new Promise<void>((resolve, reject) => {
        synced.set(`${synced.size}`, (problem) => (problem ? reject(problem) : resolve()));
      });
    const store = Object.create(hub.store, { settle: { value: settle } });
    const fleet = await Fleet.start({ ...hub.deps, store });
    const shipment = aShipment('box-0000000000000001');
    const keyId = hub.key('edge');
    fleet.hello(keyId, shipment.report);
    const answers: string[] = [];
    const taken = fleet.take(keyId, only(shipment, 'alert')).then(() => answers.push('alert'));
    const records = fleet.take(keyId, only(shipment, 'records')).catch(({ kind }) => answers.push(kind));
    await until('both have reached the disk', () => synced.size === 2);
    expect(hub.store.firings.recent({ limit: 9 })).toHaveLength(1);
    expect(answers).toEqual([]);
    synced.get('1')?.(new Fault('unavailable', 'the disk failed'));
    await records;
    expect(answers).toEqual(['unavailable']);
    synced.get('0')?.();
    await taken;
    expect(answers).toEqual(['unavailable', 'alert']);
  });
});

describe('a hub', () => {
  it('has each thing once, in whatever order and however often it comes', async () => {
    const shipment = aShipment('box-0000000000000001');
    const straight = await aHub();
    const keyId = straight.key('edge');
    straight.fleet.hello(keyId, shipment.report);
    await sendAll(straight, keyId, shipment);
    const wanted = contentOf(straight, shipment);
    expect(wanted.scenes.map(({ pictured }) => pictured)).toEqual([false, true, false]);
    expect(wanted).toMatchObject({ waiting: 2, segments: [{ bytes: 300_000, init: 'an init file' }, { first: 2 }] });
    expect(wanted.firings).toMatchObject([{ at: NOON + 20_000, verdict: { text: 'A tractor.' } }]);
    expect(wanted.stream).toMatchObject({ origin: 'edge', boxId: 'box-0000000000000001', url: '' });
    const [alert, verdict, ...others] = shipment.heads;
    if (!alert || !verdict) throw new Error('no alert');
    const all = [...others, ...others, alert, alert];
    const twice = fc.shuffledSubarray([...all.keys()], { minLength: all.length });
    await fc.assert(
      fc.asyncProperty(twice, async (order) => {
        const hub = await aHub();
        const key = hub.key('edge');
        hub.fleet.hello(key, shipment.report);
        // The engine sends a verdict after its alert.
        await sendAll(hub, key, {
          heads: [...order.flatMap((n) => all[n] ?? []), verdict, alert, verdict],
          bodies: shipment.bodies,
        });
        expect(contentOf(hub, shipment)).toEqual(wanted);
        expect(hub.store.journal.after(0, 1000, ['scene']).length).toBe(3);
        expect(hub.store.journal.after(0, 1000, ['firing', 'verdict']).map(({ kind }) => kind)).toEqual([
          'firing',
          'verdict',
        ]);
        expect(readdirSync(join(hub.dir, 'incoming'))).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });

  it('takes recordings of sound only as any other', async () => {
    const shipment = aShipment(undefined, { mediaTypes: ['audio'] });
    const hub = await aHub();
    const key = hub.key('edge');
    hub.fleet.hello(key, shipment.report);
    const heard = { codecs: 'mp4a.40.2', width: 0, height: 0 };
    const heads = shipment.heads.map((head) =>
      head.kind === 'segment'
        ? { ...head, facts: { ...head.facts, session: { ...head.facts.session, ...heard } } }
        : head,
    );
    await sendAll(hub, key, { ...shipment, heads });
    expect(hub.store.streams.get(shipment.stream.id)?.mediaTypes).toEqual(['audio']);
    const segments = hub.store.segments.inRange(shipment.stream.id, NOON, NOON + DAY);
    expect(segments.map(({ session }) => session)).toEqual(segments.map(() => expect.objectContaining(heard)));
    expect(segments.length).toBeGreaterThan(0);
  });

  it('goes on with bytes where they broke off, also after a restart, and has them once', async () => {
    const shipment = aShipment();
    const hub = await aHub();
    const keyId = hub.key('edge');
    hub.fleet.hello(keyId, shipment.report);
    const head = only(shipment, 'segment');
    const body = shipment.bodies.get(head.key) ?? Buffer.alloc(0);
    const begun = await hub.fleet.take(keyId, head);
    if (begun.state !== 'upload') throw new Error('nothing is wanted');
    async function* broken(): AsyncGenerator<Buffer> {
      yield body.subarray(0, 70_000);
      throw new Error('the line broke');
    }
    await expect(hub.fleet.append(keyId, begun.id, 0, broken())).rejects.toThrow('the line broke');
    const later = await Fleet.start(hub.deps);
    expect(await later.take(keyId, head)).toEqual({ ...begun, offset: 70_000 });
    expect(await later.offsetOf(keyId, begun.id)).toBe(70_000);
    expect(await later.append(keyId, begun.id, 70_000, chunks(body.subarray(70_000, 200_000)))).toMatchObject({
      offset: 200_000,
    });
    await expect(later.append(keyId, begun.id, 200_000, chunks(Buffer.alloc(100_001), 200_000))).rejects.toThrow(
      'longer than the 300000',
    );
    const offset = await later.offsetOf(keyId, begun.id);
    await later.append(keyId, begun.id, offset, chunks(body.subarray(offset)));
    const [segment] = hub.store.segments.inRange(shipment.stream.id, NOON, NOON + DAY);
    expect(readFileSync(join(hub.dir, 'media', segment?.path ?? '')).equals(body)).toBe(true);
    expect(await later.take(keyId, head)).toEqual({ state: 'stored' });
  });

  it('knows each box by its key, until that is revoked', async () => {
    const hub = await aHub();
    const [first, second] = [hub.key('first'), hub.key('second')];
    expect(() => hub.fleet.hello(first, aReport(hub.store.boxId))).toThrow('this hub itself');
    hub.fleet.hello(first, aReport('box-a'));
    expect(() => hub.fleet.hello(first, aReport('box-b'))).toThrow(/belongs to the box box-a/);
    expect(() => hub.fleet.hello(second, aReport('box-a'))).toThrow(/has another key: revoke/);
    hub.store.keys.revoke(first);
    hub.fleet.hello(second, aReport('box-a', { version: '0.2.0', clockMs: NOON + 5000, oldestWaitingMs: NOON }));
    expect(hub.fleet.boxes()).toMatchObject([
      { id: 'box-a', online: true, clockAheadMs: 5000, lagMs: 5000, report: { version: '0.2.0' } },
    ]);
    hub.clock.now += 10 * 60_000;
    expect(hub.fleet.status()).toMatchObject({ boxes: 1, online: 0 });
    const { heads } = aShipment('box-c');
    for (const head of heads)
      await expect(hub.fleet.take(second, head)).rejects.toThrow('key: it must begin with box-a/');
    await expect(hub.fleet.take(hub.key('third'), only(aShipment(), 'alert'))).rejects.toMatchObject({
      kind: 'not_found',
    });
  });

  it('lets no box touch what is another’s, or its own', async () => {
    const hub = await aHub();
    const [mine, thine] = [aShipment('box-a'), aShipment('box-b')];
    const keys = { a: hub.key('a'), b: hub.key('b') };
    hub.fleet.hello(keys.a, mine.report);
    hub.fleet.hello(keys.b, thine.report);
    await sendAll(hub, keys.a, mine);
    const own = aCamera(hub.store);
    for (const taken of [mine.stream, own.stream]) {
      for (const head of thine.heads) {
        // Another box's camera under this box's key.
        const text = JSON.stringify(head).replaceAll(thine.stream.id, taken.id);
        await expect(hub.fleet.take(keys.b, JSON.parse(text)), head.kind).rejects.toMatchObject({ kind: 'forbidden' });
      }
    }
    const records = only(thine, 'records');
    const [scene] = records.facts.scenes;
    const foreign = {
      ...records,
      facts: { ...records.facts, indexes: [], scenes: [{ ...scene, indexId: own.index.id }] },
    };
    const told = only(thine, 'alert');
    const onForeign = {
      alert: { ...told.facts.alert, indexId: own.index.id },
      firing: { ...told.facts.firing, indexId: own.index.id },
    };
    // An alert on an index of the hub's own.
    await expect(hub.fleet.take(keys.b, { ...told, facts: { ...told.facts, ...onForeign } })).rejects.toMatchObject({
      kind: 'forbidden',
    });
    expect(hub.store.alerts.listByIndex(own.index.id)).toEqual([]);
    // A scene on an index of the hub's own.
    await expect(hub.fleet.take(keys.b, foreign as typeof records)).rejects.toMatchObject({ kind: 'forbidden' });
    expect(hub.store.scenes.page(own.index.id, { page: 1, pageSize: 9 }).scenes).toEqual([]);
  });

  it('looks at no alert of another box’s, and changes nothing that its user has made of it', async () => {
    const hub = await aHub();
    const shipment = aShipment('box-a');
    const keyId = hub.key('a');
    hub.fleet.hello(keyId, shipment.report);
    await sendAll(hub, keyId, shipment);
    const { alert, index } = only(shipment, 'alert').facts;
    expect(hub.store.alerts.enabledByIndex(index.id)).toEqual([]);
    expect(hub.store.alerts.get(alert.id)).toMatchObject({ status: 'enabled', boxId: 'box-a' });
    const { event } = only(shipment, 'alert').facts;
    hub.store.alerts.create({ ...alert, id: newId('alert'), eventId: event.id });
    expect(hub.store.alerts.enabledByIndex(index.id)).toHaveLength(1);
    expect(hub.store.streams.list({ own: true }).results).toEqual([]);
  });

  it('takes nothing while there is no room, and forgets what was never finished', async () => {
    const full = await aHub({ reservePercent: 200 });
    const shipment = aShipment();
    const keyId = full.key('a');
    full.fleet.hello(keyId, shipment.report);
    await expect(full.fleet.take(keyId, only(shipment, 'segment'))).rejects.toMatchObject({ kind: 'unavailable' });
    const hub = await aHub();
    const key = hub.key('a');
    hub.fleet.hello(key, shipment.report);
    const begun = await hub.fleet.take(key, only(shipment, 'segment'));
    if (begun.state !== 'upload') throw new Error('nothing is wanted');
    await hub.fleet.append(key, begun.id, 0, chunks(Buffer.alloc(1000)));
    hub.clock.now += 2 * DAY;
    await hub.fleet.sweep();
    expect(existsSync(join(hub.dir, 'incoming', begun.id))).toBe(true);
    hub.clock.now += 2 * DAY;
    await hub.fleet.sweep();
    expect(readdirSync(join(hub.dir, 'incoming'))).toEqual([]);
    await expect(hub.fleet.offsetOf(key, begun.id)).rejects.toMatchObject({ kind: 'not_found' });
  });
});
