import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { newId } from '#domain';
import { Fault } from '#runtime';
import { TargetBusy } from '#sync';
import { hastyClock } from '../delivery/fixture.ts';
import { aSession } from '../store/fixture.ts';
import { aTarget, at, FakeTarget, openBox, soon } from './fixture.ts';

it('a thousand entries of which nothing is there any more hold nothing else up', async () => {
  await using box = await openBox();
  const { outbox } = box.store;
  outbox.open('there');
  const when = { startMs: at(0), endMs: at(1), readyMs: 0, bytes: 0, asked: false };
  const entries = Array.from({ length: 1000 }, (_, n) => ({
    ...{ kind: 'picture' as const, ref: `${n}`, streamId: newId('stream'), priority: 5, facts: { scenes: [1000 + n] } },
    ...when,
  }));
  outbox.fill('there', entries, at(0));
  let turns = 0;
  let isOver = false;
  const others = (async () => {
    for (; !isOver; turns += 1) await setImmediate();
  })();
  await using sync = await box.start(new FakeTarget());
  await soon(() => expect(sync.status()[0]).toMatchObject({ waiting: [], sent: 0, lost: 0 }));
  isOver = true;
  await others;
  expect(turns).toBeGreaterThan(500);
});

it('where alerts are asked to wait, everything else goes', async () => {
  await using box = await openBox({ clock: hastyClock(100) });
  const target = new FakeTarget();
  target.behave = async ({ kind }) => {
    if (kind === 'alert') throw new TargetBusy('429', 3_600_000);
  };
  await using sync = await box.start(target, aTarget('send: { segments: all, clips: false }'));
  box.fire(0);
  await soon(() => expect(sync.status()[0]).toMatchObject({ phase: 'waiting', why: '429' }));
  await box.record(3);
  await soon(() => expect(target.kinds).toEqual(['segment', 'segment', 'segment']));
});

it('an alert that fails is not tried anew with everything else that goes', async () => {
  await using box = await openBox({ clock: hastyClock(2) });
  const target = new FakeTarget();
  target.behave = async ({ kind }) => {
    if (kind === 'alert') throw new Fault('unavailable', '500');
  };
  await using sync = await box.start(target, aTarget('send: { segments: all, clips: false }'));
  box.fire(0);
  await soon(() => expect(sync.status()[0]).toMatchObject({ phase: 'waiting' }));
  const begunMs = box.clock.monotonicMs();
  await box.record(150);
  await soon(() => expect(sync.status()[0]).toMatchObject({ sent: 150 }));
  const tries = target.offered.filter((key) => key.includes('/alert/')).length;
  expect(tries).toBeLessThan(5 + (box.clock.monotonicMs() - begunMs) / 1000);
});

it('a change of the configuration that fails half way leaves targets that work when it is taken back', async () => {
  await using box = await openBox();
  const { store } = box;
  const [first, second] = [new FakeTarget('first'), new FakeTarget('second')];
  const before = [aTarget('', 'first'), aTarget('', 'second')];
  box.targets.set('first', first).set('second', second);
  await using sync = await box.start(first, before[0]);
  await sync.configure(before);
  const stale = store.outbox.staleTargets.bind(store.outbox);
  store.outbox.staleTargets = () => {
    throw new Fault('unavailable', 'the disk is full');
  };
  await expect(sync.configure([aTarget('maxKbps: 100', 'first')])).rejects.toThrow('the disk is full');
  store.outbox.staleTargets = stale;
  await sync.configure(before);
  box.fire(0);
  await soon(() => expect([first.kinds, second.kinds]).toEqual([['alert'], ['alert']]));
});

it('a clock that was set back hides no recording: what lies beside another, or before what was sent, goes, too', async () => {
  await using box = await openBox({ clock: hastyClock(200) });
  const target = new FakeTarget();
  let until = at(3);
  target.behave = async ({ startMs }) => {
    if (startMs >= until) throw new Fault('unavailable', 'nobody is there');
  };
  await using sync = await box.start(target, aTarget('send: { segments: all, clips: false }'));
  await box.record(6);
  await soon(() => expect(sync.status()[0]).toMatchObject({ sent: 3, phase: 'waiting' }));
  const again = aSession(box.stream.id, { startedMs: at(1) });
  await box.recordAt(again, [
    [at(1) + 500, at(1) + 3500], // Before what was sent last.
    [at(4) + 500, at(4) + 3500], // Within another one that waits.
  ]);
  until = at(100);
  sync.now();
  await soon(() => expect(sync.status()[0]).toMatchObject({ sent: 8, waiting: [], lost: 0 }));
  const keys = [...target.have.keys()].filter((key) => key.includes(again.id));
  expect(keys).toHaveLength(2);
});
