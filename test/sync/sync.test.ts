import { expect, it } from 'vitest';
import { Fault } from '#runtime';
import { TargetOutdated, TargetRefusal } from '#sync';
import { hastyClock } from '../delivery/fixture.ts';
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

it('keeps what a target of another version does not take, however long that lasts, and alerts that it refuses', async () => {
  // Minutes pass in no time for who waits; whoever sends has time.
  await using box = await openBox({ clock: { ...hastyClock(50_000), monotonicMs: () => performance.now() * 100 } });
  const target = new FakeTarget();
  let isOld = true;
  let offers = 0;
  target.behave = async ({ kind }) => {
    if (!isOld) return;
    if (kind === 'alert') throw new TargetRefusal('no alerts');
    if (kind === 'records' && ++offers > 0) throw new TargetOutdated('no records yet');
  };
  await using sync = await box.start(target, aTarget('send: { segments: all, clips: false }'));
  await box.see(0, false);
  box.fire(0);
  await box.record(2);
  await soon(() => expect(offers).toBeGreaterThan(15)); // Others are given up after twelve.
  expect(target.kinds).toEqual(['segment', 'segment']);
  isOld = false;
  sync.now();
  await soon(() => expect(sync.status()[0]).toMatchObject({ waiting: [], sent: 4, givenUp: 0 }));
});

it('gives up what it has no use for since its configuration changed', async () => {
  await using box = await openBox();
  box.store.outbox.open('there');
  const target = new FakeTarget();
  const entry = { kind: 'clip' as const, ref: 'c', streamId: box.stream.id, priority: 3, startMs: at(0), endMs: at(1) };
  const rest = { bytes: 0, facts: {}, readyMs: 0, asked: false };
  box.store.outbox.fill('there', [{ ...entry, ...rest }], at(0));
  await box.record(5);
  await using sync = await box.start(target);
  await soon(() => expect(sync.status()[0]).toMatchObject({ waiting: [], givenUp: 1 }));
  expect(target.offered).toEqual([]);
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
  await soon(async () => expect(await sync.request(wish)).toEqual(['there']));
  await soon(() => expect(target.kinds).toEqual(['alert', 'picture', 'segment', 'segment']));
  await soon(() => expect(sync.status()[0]).toMatchObject({ phase: 'later', why: 'outside its hours' }));
  await expect(sync.request({ ...wish, target: 'nobody' })).rejects.toThrow('there is none called nobody');
  await expect(sync.request({ ...wish, toMs: wish.fromMs })).rejects.toThrow('to: must be after from');
  sync.now();
  await soon(() => expect(target.kinds).toEqual(['alert', 'picture', 'segment', 'segment', 'records']));
});

it('enters a whole day that is asked for in slices, once, and others have their turn', async () => {
  await using box = await openBox();
  await using sync = await box.start(new FakeTarget());
  sync.pause('there', 'a test');
  const wish = { streamId: box.stream.id, fromMs: at(0) - 86_400_000, toMs: at(0), by: 'key "me"' };
  await soon(() => sync.request(wish));
  const items = () => sync.status()[0]?.waiting.reduce((sum, waiting) => sum + waiting.items, 0);
  expect(items()).toBe(144);
  const asked = sync.request(wish);
  let turns = 0;
  let over = false;
  void asked.then(() => {
    over = true;
  });
  while (!over) {
    await new Promise(setImmediate);
    turns += 1;
  }
  expect(await asked).toEqual(['there']);
  expect(turns).toBeGreaterThanOrEqual(144 / 8 - 1);
  expect(items(), 'asked again').toBe(144);
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

it('a pause also ends what is under way, which goes on from where it was', async () => {
  await using box = await openBox();
  const target = new FakeTarget();
  const resumed: unknown[] = [];
  target.behave = async (_, line, signal) => {
    resumed.push(line.resumed);
    if (resumed.length > 1) return;
    line.progressed(400, { offset: 400 });
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  await using sync = await box.start(target, aTarget('send: { segments: all }'));
  await box.record(1);
  await soon(() => expect(resumed).toEqual([undefined]));
  sync.pause(undefined, 'me');
  await soon(() => expect(sync.status()[0]).toMatchObject({ phase: 'paused', waiting: [{ kind: 'segment' }] }));
  expect(target.have.size).toBe(0);
  sync.resume();
  await soon(() => expect(sync.status()[0]).toMatchObject({ phase: 'idle', sent: 1 }));
  expect(resumed).toEqual([undefined, { offset: 400 }]);
  expect(sync.status()[0]?.lastError).toBeUndefined();
});

it('where not all of a recording stays, only what stays is sent, and the rest is not lost', async () => {
  let nowMs = at(0);
  await using box = await openBox({ clock: { ...hastyClock(200), nowMs: () => nowMs } });
  const { store, stream } = box;
  const recording = { ...stream.recording, mode: 'events' as const, preMs: 0, postMs: 0 };
  store.streams.update(stream.id, { recording });
  const target = new FakeTarget();
  await using sync = await box.start(target, aTarget('send: { segments: all, clips: false }'));
  nowMs = at(4);
  await box.record(4);
  for (const n of [0, 1, 2, 3]) await box.see(n, false);
  box.fire(1);
  store.commitEvaluation({ cursor: store.journal.head(), cursorName: 'events', states: [], firings: [] });
  await soon(() => expect(store.outbox.cursor('there')).toBe(store.journal.head()));
  nowMs += 125_000;
  for (let more = true; more; ) more = store.sifting.sift({ ...stream, recording }, nowMs) !== undefined;
  nowMs += 100_000;
  await soon(() => expect(sync.status()[0]).toMatchObject({ waiting: [], lost: 0 }));
  const sent = [...target.have.values()].flatMap(({ parcel }) => (parcel.kind === 'segment' ? [parcel.startMs] : []));
  expect(sent).toEqual([at(1), at(3)]); // The newest stays, as the recording may go on.
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
  expect(sync.wouldForget([{ name: 'there' }])).toEqual([]);
  expect(sync.wouldForget([])).toEqual([{ target: 'there', items: 1, bytes: 3 * SEGMENT_BYTES }]);
  await sync.configure([]);
  expect(sync.wouldForget([])).toEqual([]);
  expect(sync.status()).toEqual([]);
  expect(box.store.outbox.backlog('there')).toEqual([]);
  expect(box.store.outbox.cursor('there')).toBe(0);
});
