import { expect, it } from 'vitest';
import { Fault } from '#runtime';
import { TargetRefusal } from '#sync';
import { aTarget, at, FakeTarget, openBox, SEGMENT_BYTES, soon } from './fixture.ts';

it('sends what is stored after the target was entered, each thing once', async () => {
  await using box = await openBox();
  await box.record(1, -10);
  const target = new FakeTarget();
  await using sync = await box.start(target, aTarget('send: { segments: all, clips: false }'));
  await box.record(3);
  const scene = await box.see(1);
  const firing = box.fire(1, scene);
  await soon(() => expect(target.have.size).toBe(6)); // Three segments, the alert, its picture, what was seen.
  const { boxId } = box.store;
  expect(target.have.has(`${boxId}/alert/${firing}`)).toBe(true);
  expect(target.have.has(`${boxId}/segment/${box.session.id}/${at(0)}`)).toBe(true);
  expect(target.have.has(`${boxId}/segment/${box.session.id}/${at(-10)}`)).toBe(false);
  await soon(() =>
    expect(sync.status()[0]).toMatchObject({ phase: 'idle', waiting: [], sent: 6, lost: 0, givenUp: 0 }),
  );
  expect(target.offered).toHaveLength(6);
  const alert = target.have.get(`${boxId}/alert/${firing}`)?.parcel;
  expect(alert?.facts).toMatchObject({
    payload: { firing_id: firing, what: 'alert' },
    firing: { id: firing },
    stream: { id: box.stream.id, name: 'Front door' },
    scene: { id: scene },
  });
  expect(JSON.stringify([...target.have.values()])).not.toMatch(/secret|example\.com|thumbPath/);
});

it('goes from the most to the least urgent, whenever it was stored', async () => {
  await using box = await openBox();
  const target = new FakeTarget();
  let isAway = true;
  target.behave = async () => {
    if (isAway) throw new Fault('unavailable', 'nobody is there');
  };
  await using sync = await box.start(target, aTarget('send: { segments: all }'));
  await box.record(30);
  await box.see(3);
  box.fire(20, await box.see(20));
  await soon(() => expect(sync.status()[0]).toMatchObject({ phase: 'waiting', why: 'nobody is there' }));
  await soon(() => expect(sync.status()[0]?.waiting.map(({ kind }) => kind)).toContain('records'));
  isAway = false;
  sync.now();
  await soon(() => expect(sync.status()[0]).toMatchObject({ phase: 'idle', waiting: [] }));
  const bulk = [...target.have.values()].map(({ parcel }) => parcel).filter(({ kind }) => !/alert|picture/.test(kind));
  const times = bulk.map(({ kind, startMs }) => (kind === 'segment' ? (startMs - at(0)) / 4000 : kind));
  // Around the alert, from 5 seconds before to 10 after; what was seen; and the others in their order.
  expect(times.slice(0, 6)).toEqual([18, 19, 20, 21, 22, 'records']);
  expect(times.slice(6)).toEqual([...Array.from({ length: 18 }, (_, n) => n), ...[23, 24, 25, 26, 27, 28, 29]]);
  const kinds = target.kinds.filter((kind) => /alert|picture/.test(kind));
  expect(kinds).toEqual(['alert', 'picture', 'picture']);
});

it('gives up what the target will never take, and goes on with the rest', async () => {
  await using box = await openBox();
  const target = new FakeTarget();
  target.behave = async ({ startMs }) => {
    if (startMs === at(1)) throw new TargetRefusal('its pictures are too large');
  };
  await using sync = await box.start(target, aTarget('send: { segments: all }'));
  await box.record(3);
  await soon(() => expect(sync.status()[0]).toMatchObject({ phase: 'idle', waiting: [], sent: 2, givenUp: 1 }));
  expect(sync.status()[0]?.refusal).toBe('segment: its pictures are too large');
});

it('sends what was asked for before all that nobody asked for, also on a metered line and out of hours', async () => {
  await using box = await openBox();
  await box.record(10);
  const target = new FakeTarget();
  const rest = 'metered: true, schedule: [{ from: "00:00", to: "00:01" }], send: { segments: all }';
  await using sync = await box.start(target, aTarget(rest));
  await box.record(2, 10);
  box.fire(11, await box.see(11));
  await soon(() => expect(target.kinds).toEqual(['alert', 'picture']));
  const wish = { streamId: box.stream.id, fromMs: at(2) + 1, toMs: at(4) - 1, by: 'key "me"' };
  await soon(() => expect(sync.request(wish)).toEqual(['there']));
  await soon(() => expect(target.kinds).toEqual(['alert', 'picture', 'segment', 'segment']));
  await soon(() => expect(sync.status()[0]).toMatchObject({ phase: 'later', why: 'outside its hours' }));
  expect(() => sync.request({ ...wish, target: 'nobody' })).toThrow('there is none called nobody');
  expect(() => sync.request({ ...wish, toMs: wish.fromMs })).toThrow('to: must be after from');
  sync.now();
  await soon(() => expect(target.kinds).toEqual(['alert', 'picture', 'segment', 'segment', 'records']));
});

it('a pause holds over a restart, until it is resumed', async () => {
  await using box = await openBox();
  const target = new FakeTarget();
  {
    await using sync = await box.start(target);
    sync.pause('there', 'key "me"');
    box.fire(0);
  }
  await using sync = await box.start(target);
  await soon(() => expect(sync.status()[0]?.waiting).toMatchObject([{ kind: 'alert' }, { kind: 'segment' }]));
  expect(sync.status()[0]).toMatchObject({ phase: 'paused', why: 'paused by key "me"' });
  expect(target.offered).toEqual([]);
  sync.resume();
  await soon(() => expect(target.kinds).toEqual(['alert']));
});

it('what waited for a target that is no longer configured is forgotten, and the journal is not kept for it', async () => {
  await using box = await openBox();
  const target = new FakeTarget();
  target.behave = async () => {
    throw new Fault('unavailable', 'nobody is there');
  };
  await using sync = await box.start(target, aTarget('send: { segments: all }'));
  await box.record(3);
  await soon(() => expect(sync.status()[0]?.waiting).toMatchObject([{ kind: 'segment', bytes: 3 * SEGMENT_BYTES }]));
  await sync.configure([]);
  expect(sync.status()).toEqual([]);
  expect(box.store.outbox.backlog('there')).toEqual([]);
  expect(box.store.outbox.cursor('there')).toBe(0);
});
