/** A hub follows what its boxes have: why recordings are missing, what people said of alerts, and cameras that were deleted. */
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { hashKey, type ParcelHead } from '#domain';
import { Fault } from '#runtime';
import { Sync } from '#sync';
import { aHub, type Hub, sendAll } from '../fleet/hub.ts';
import { aReport } from '../fleet/parcels.ts';
import { NOON } from '../store/fixture.ts';
import { aTarget, at, FakeTarget, openBox, soon } from './fixture.ts';

/** A target that hands on to a hub what it is sent; `away` while nobody is there. */
async function hubTarget(box: Awaited<ReturnType<typeof openBox>>) {
  const hub = await aHub();
  const keyId = hub.store.keys.add(hashKey('edge'), 'edge', ['edge']);
  hub.fleet.hello(keyId, aReport(box.store.boxId));
  const target = new FakeTarget();
  target.follows = true;
  const line = { away: false };
  target.behave = async ({ body, ...head }) => {
    if (line.away) throw new Fault('unavailable', 'nobody is there');
    const bytes = body ? await buffer(body.open()) : Buffer.alloc(0);
    // As it comes over a line, with what its schema leaves of it.
    const sent = JSON.parse(JSON.stringify({ ...head, ...(body ? { body } : {}) })) as ParcelHead;
    await sendAll(hub, keyId, { heads: [sent], bodies: new Map([[head.key, bytes]]) });
  };
  return { hub, target, line, keyId };
}

const gapsOf = ({ store }: Hub, streamId: string) =>
  store.segments.gaps(streamId, NOON - 1e6, NOON + 1e6).map(({ startMs, endMs, reason }) => [startMs, endMs, reason]);

it('a gap is known there with its reason, once, and as long as it is by now', async () => {
  await using box = await openBox();
  const { hub, target, keyId } = await hubTarget(box);
  await using sync = await box.start(target, aTarget('send: { segments: all }'));
  const streamId = box.stream.id;
  box.store.segments.addGap({ streamId, startMs: at(0), endMs: at(3), reason: 'no answer' });
  sync.now();
  await soon(() => expect(gapsOf(hub, streamId)).toEqual([[at(0), at(3), 'no answer']]));
  await soon(() => expect(target.have.size).toBe(1)); // The answer comes back after the hub has it.
  const [told] = [...target.have.values()].map(({ parcel }) => parcel);
  if (told?.kind !== 'records') throw new Error('no records');
  const [gap] = told.facts.gaps ?? [];
  if (!gap) throw new Error('no gap');
  const longer = { ...told, facts: { ...told.facts, gaps: [{ ...gap, endMs: at(5) }] } };
  await sendAll(hub, keyId, { heads: [longer, told], bodies: new Map() });
  expect(gapsOf(hub, streamId)).toEqual([[at(0), at(5), 'no answer']]);
});

it('the last word on an alert is known there, also one that was said while nobody was there', async () => {
  await using box = await openBox();
  const { hub, target, line } = await hubTarget(box);
  await using sync = await box.start(target);
  const firingId = box.fire(0);
  const { marks } = box.store;
  const mark = (verdict: 'right' | 'wrong', note?: string) =>
    marks.set({ firingId, alertId: box.alert.id, verdict, atMs: box.clock.nowMs(), ...(note ? { note } : {}) });
  mark('wrong', 'a coat');
  await soon(() => expect(hub.store.marks.get(firingId)).toMatchObject({ verdict: 'wrong', note: 'a coat' }));
  line.away = true;
  mark('right');
  await soon(() => expect(sync.status()[0]?.waiting).toMatchObject([{ kind: 'alert' }]));
  await soon(() => expect(sync.status()[0]).toMatchObject({ phase: 'waiting' }));
  expect(marks.takeBack(firingId)).toBe(true);
  line.away = false;
  sync.now();
  await soon(() => expect(hub.store.marks.get(firingId)).toBeUndefined());
  await soon(() => expect(sync.status()[0]).toMatchObject({ waiting: [], givenUp: 0 }));
  // The alert itself was told there once.
  expect(hub.store.journal.after(0, 100, ['firing'])).toHaveLength(1);
});

it('what was said later at the hub stays', async () => {
  await using box = await openBox();
  const { hub, target } = await hubTarget(box);
  await using sync = await box.start(target);
  const firingId = box.fire(0);
  await soon(() => expect(hub.store.firings.get(firingId)).toBeDefined());
  const mark = { firingId, alertId: box.alert.id };
  hub.store.marks.set({ ...mark, verdict: 'right', atMs: box.clock.nowMs() + 3_600_000 });
  box.store.marks.set({ ...mark, verdict: 'wrong', atMs: box.clock.nowMs() });
  await soon(() => expect(sync.status()[0]).toMatchObject({ sent: 2, waiting: [] }));
  expect(hub.store.marks.get(firingId)?.verdict).toBe('right');
});

it('what fired days ago, and isn’t there, is no news there because somebody marks it', async () => {
  await using box = await openBox();
  const { hub, target, keyId } = await hubTarget(box);
  await using sync = await box.start(target);
  const firingId = box.fire(0);
  await soon(() => expect(sync.status()[0]).toMatchObject({ sent: 1, waiting: [] }));
  box.store.marks.set({ firingId, alertId: box.alert.id, verdict: 'wrong', atMs: box.clock.nowMs() });
  await soon(() => expect(sync.status()[0]).toMatchObject({ sent: 2, waiting: [] }));
  const marked = [...target.have.values()].map(({ parcel }) => parcel).find(({ key }) => key.includes('/mark-'));
  if (marked?.kind !== 'alert') throw new Error('no mark');
  const { store } = hub;
  const firing = { ...marked.facts.firing, id: 'firing-old', atMs: store.firings.get(firingId)?.atMs ?? 0 };
  const old = { ...marked, key: marked.key.replace(firingId, 'firing-old'), facts: { ...marked.facts, firing } };
  hub.clock.now += 2 * 86_400_000;
  await sendAll(hub, keyId, { heads: [old, marked], bodies: new Map() });
  expect(store.firings.get('firing-old')).toBeUndefined();
  expect(store.marks.get(firingId)?.verdict).toBe('wrong');
});

it('a camera that somebody deleted goes there, too, unless some of it is held', async () => {
  await using box = await openBox();
  const { hub, target, line } = await hubTarget(box);
  await using sync = await box.start(target, aTarget('send: { segments: all }'));
  await box.record(3);
  await soon(() => expect(hub.store.segments.inRange(box.stream.id, at(0), at(3))).toHaveLength(3));
  line.away = true;
  await box.record(3, 3);
  box.store.streams.delete(box.stream.id, { everywhere: true });
  const hold = { id: 'hold-1', streamId: box.stream.id, fromMs: at(0), toMs: at(1), reason: 'a theft', who: 'me' };
  await hub.store.holds.add({ ...hold, createdMs: NOON }, 1e9);
  line.away = false;
  sync.now();
  await soon(() => expect(target.kinds).toContain('records'));
  await soon(() => expect(sync.status()[0]).toMatchObject({ waiting: [], givenUp: 0 }));
  expect(hub.store.streams.get(box.stream.id)).toBeDefined();
  const deletion = [...target.have.values()].find(({ parcel }) => parcel.kind === 'records')?.parcel;
  expect(deletion?.facts).toMatchObject({ deleted: [box.stream.id], scenes: [] });
  await hub.store.holds.delete(hold.id);
  const keyId = hub.store.keys.find(hashKey('edge'))?.id ?? 0;
  for (const _again of [1, 2]) await sendAll(hub, keyId, { heads: deletion ? [deletion] : [], bodies: new Map() });
  expect(hub.store.streams.get(box.stream.id)).toBeUndefined();
});

it('is told nothing of what the box deletes by itself, and nobody else is told of any of it', async () => {
  await using box = await openBox();
  const { hub, target } = await hubTarget(box);
  const bucket = new FakeTarget('bucket', 'mp4');
  for (const one of [target, bucket]) box.targets.set(one.name, one);
  await using sync = await Sync.start(box.deps, [aTarget(), aTarget('', 'bucket')]);
  const firingId = box.fire(0);
  const { streams, segments, marks, journal, outbox } = box.store;
  segments.addGap({ streamId: box.stream.id, startMs: at(0), endMs: at(3), reason: 'no answer' });
  marks.set({ firingId, alertId: box.alert.id, verdict: 'wrong', atMs: NOON });
  sync.now();
  await soon(() => expect(hub.store.marks.get(firingId)).toBeDefined());
  await soon(() => expect(gapsOf(hub, box.stream.id)).toHaveLength(1));
  streams.delete(box.stream.id);
  expect(journal.after(0, 100, ['deleted'])).toEqual([]);
  await soon(() => expect(outbox.cursor('bucket')).toBe(journal.after(0, 1000).at(-1)?.seq));
  await soon(() => expect(sync.status().map(({ waiting }) => waiting)).toEqual([[], []]));
  expect(bucket.kinds).toEqual(['alert']);
  expect(hub.store.streams.get(box.stream.id)).toBeDefined();
});

it('forbids a box to say anything of another box’s cameras and alerts', async () => {
  await using box = await openBox();
  const { hub, target } = await hubTarget(box);
  await using _sync = await box.start(target);
  const firingId = box.fire(0);
  await soon(() => expect(hub.store.firings.get(firingId)).toBeDefined());
  const other = 'box-0000000000000009';
  hub.fleet.hello(hub.key('other'), aReport(other));
  const { replicas, firings } = hub.store;
  const firing = firings.get(firingId);
  if (!firing) throw new Error('no firing');
  const forbidden = expect.objectContaining({ kind: 'forbidden' });
  expect(() => replicas.deleted(other, box.stream.id)).toThrow(forbidden);
  expect(() => replicas.mark(other, firing, { verdict: 'wrong', atMs: NOON })).toThrow(forbidden);
  const gap = { streamId: box.stream.id, startMs: 0, endMs: 1, reason: 'none' };
  expect(() => replicas.gap(other, gap)).toThrow(forbidden);
});
