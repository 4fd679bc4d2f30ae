import { createHash, randomBytes } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { Fault } from '#runtime';
import { TargetBusy } from '#sync';
import { Bandwidth } from '../../src/sync/bandwidth.ts';
import { hastyClock } from '../delivery/fixture.ts';
import { NOON } from '../store/fixture.ts';
import { aTarget, at, FakeTarget, openBox, soon } from './fixture.ts';

const signal = new AbortController().signal;

/** Sleeping takes no time at all, and is counted. */
function countingClock() {
  return {
    now: 0,
    nowMs() {
      return NOON + this.now;
    },
    monotonicMs() {
      return this.now;
    },
    async sleep(ms: number) {
      this.now += ms;
    },
  };
}

it('nothing goes faster than the cap, over the whole of it; what is urgent borrows, and the rest pays it back', async () => {
  const clock = countingClock();
  const line = new Bandwidth(clock, 800); // 100 bytes a millisecond.
  const chunk = 256 * 1024;
  for (let n = 0; n < 40; n++) await line.take(chunk, { urgent: n % 10 === 0 }, signal);
  const sent = 40 * chunk;
  await line.take(1, { urgent: false }, signal); // Waits until the debt is paid.
  expect(clock.now).toBeGreaterThanOrEqual(sent / 100 - 1000);
  expect(clock.now).toBeLessThanOrEqual(sent / 100 + 10);
  const before = clock.now;
  for (let n = 0; n < 5; n++) await line.take(chunk, { urgent: true }, signal);
  expect(clock.now).toBe(before);
});

it('a line without a cap makes nobody wait', async () => {
  const clock = countingClock();
  const line = new Bandwidth(clock);
  for (let n = 0; n < 100; n++) await line.take(1e9, { urgent: false }, signal);
  expect(clock.now).toBe(0);
});

it('both lanes of a target together keep to its cap', async () => {
  const clock = hastyClock(100);
  await using box = await openBox({ clock });
  const target = new FakeTarget();
  await using sync = await box.start(target, aTarget('maxKbps: 8, send: { segments: all }')); // A byte a millisecond.
  const begunMs = clock.monotonicMs();
  await box.record(20);
  for (let n = 0; n < 4; n++) box.fire(n);
  await soon(() => expect(sync.status()[0]).toMatchObject({ sent: 24, waiting: [] }));
  // 22 000 bytes, of which the first second's and the last of each kind are free.
  expect(clock.monotonicMs() - begunMs).toBeGreaterThan(22_000 - 1000 - 1000 - 500);
});

it('a target that hangs is cut off, also one that does not listen; one that is only slow is not', async () => {
  const clock = hastyClock(50); // What is only slow may be two seconds slower.
  await using box = await openBox({ clock });
  const target = new FakeTarget();
  const hung: number[] = [];
  target.behave = async ({ kind }, line, signal) => {
    if (kind === 'alert') for (let n = 0; n < 4; n++) await clock.sleep(50_000, signal).then(() => line.take(1));
    else if (hung.push(clock.monotonicMs()) === 1) await new Promise(() => undefined);
  };
  await using _sync = await box.start(target, aTarget('send: { segments: all }'));
  box.fire(0);
  await box.record(1, 50);
  await soon(() => expect(target.kinds).toContain('segment'));
  expect((hung[1] ?? 0) - (hung[0] ?? 0)).toBeGreaterThanOrEqual(150_000);
  await soon(() => expect(target.kinds).toContain('alert'));
  expect(target.offered.filter((key) => key.includes('/alert/'))).toHaveLength(1);
});

it('after the line was away, what comes first is an alert, whichever lane wakes first', async () => {
  for (const factor of [50, 80]) {
    await using box = await openBox({ clock: hastyClock(factor) });
    const target = new FakeTarget();
    const tries: string[] = [];
    let isAway = true;
    target.behave = async ({ kind }) => {
      tries.push(kind);
      if (!isAway) return;
      // It is there again just when something other than an alert has found it away.
      if (kind === 'segment') isAway = false;
      throw new Fault('unavailable', 'nobody is there');
    };
    await using sync = await box.start(target, aTarget('send: { segments: all, clips: false }'));
    box.fire(0);
    await soon(() => expect(tries.length).toBeGreaterThan(5)); // By now it pauses for many seconds.
    await box.record(3);
    await soon(() => expect(sync.status()[0]).toMatchObject({ waiting: [], sent: 4 }));
    expect(target.kinds[0]).toBe('alert');
  }
});

it('a target that takes everything but alerts gets everything but alerts', async () => {
  await using box = await openBox({ clock: hastyClock(500) });
  const target = new FakeTarget();
  target.behave = async ({ kind }) => {
    if (kind === 'alert') throw new Fault('unavailable', '500');
  };
  await using sync = await box.start(target, aTarget('send: { segments: all, clips: false }'));
  box.fire(0);
  await soon(() => expect(sync.status()[0]).toMatchObject({ phase: 'waiting' }));
  await box.record(5);
  await soon(() => expect(target.kinds.filter((kind) => kind === 'segment')).toHaveLength(5));
});

it('a target that asks for a pause gets it, and no alert that goes meanwhile ends it', async () => {
  const clock = hastyClock(500);
  await using box = await openBox({ clock });
  const target = new FakeTarget();
  const asked: number[] = [];
  target.behave = async ({ kind }) => {
    if (kind === 'segment' && asked.push(clock.monotonicMs()) === 1) throw new TargetBusy('429', 120_000);
  };
  await using sync = await box.start(target, aTarget('send: { segments: all, clips: false }'));
  await box.record(1);
  await soon(() => expect(sync.status()[0]).toMatchObject({ phase: 'waiting', why: '429' }));
  box.fire(0);
  await soon(() => expect(target.kinds).toContain('alert'));
  await soon(() => expect(target.kinds).toContain('segment'));
  expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(120_000);
});

it('a clip is a file until it is sent: the same after a failure and a restart; neighbours are one', async () => {
  // Minutes pass in no time for who waits; whoever sends has time.
  await using box = await openBox({ clock: { ...hastyClock(1000), monotonicMs: () => performance.now() * 100 } });
  const { spoolDir } = box.deps;
  const target = new FakeTarget('there', 'mp4');
  const seen: string[] = [];
  const resumed: unknown[] = [];
  target.behave = async (parcel, line) => {
    if (parcel.kind !== 'clip' || !parcel.body) return;
    seen.push(
      createHash('sha256')
        .update(await buffer(parcel.body.open()))
        .digest('hex'),
    );
    resumed.push(line.resumed);
    line.progressed(0, { upload: seen.length });
    if (seen.length === 1) throw new TargetBusy('wait until I am begun anew', 60_000_000);
    if (seen.length === 2) throw new Fault('unavailable', 'the line broke');
  };
  // No two are the same: what is made anew is another.
  const openClip = async () => ({ stream: Readable.from([randomBytes(5000)]) });
  await box.record(20);
  const config = aTarget('send: { records: false }');
  {
    await using sync = await box.start(target, config, { openClip });
    box.fire(3);
    box.fire(4);
    await soon(() => expect(resumed).toHaveLength(1));
    await soon(() => expect(sync.status()[0]?.phase).toBe('waiting'));
  }
  await using sync = await box.start(target, config, { openClip });
  await soon(() => expect(target.kinds).toEqual(['alert', 'alert', 'clip']));
  expect(new Set(seen).size).toBe(1);
  expect(resumed).toEqual([undefined, { upload: 1 }, { upload: 2 }]);
  const clip = [...target.have.values()].at(-1);
  expect(clip?.parcel).toMatchObject({ startMs: at(3) - 5000, endMs: at(4) + 11_000, facts: { width: 1920 } });
  expect(clip?.parcel.kind === 'clip' && clip.parcel.facts.firingIds).toHaveLength(2);
  await soon(async () => expect(await readdir(spoolDir)).toEqual([]));
  await soon(() => expect(sync.status()[0]).toMatchObject({ waiting: [], sent: 3 }));
});

it('a clip waits until its end is recorded', async () => {
  await using box = await openBox({ clock: hastyClock(10) });
  const target = new FakeTarget('there', 'mp4');
  const openClip = async (rows: readonly unknown[]) => ({ stream: Readable.from([Buffer.alloc(rows.length)]) });
  await using sync = await box.start(target, aTarget('send: { records: false }'), { openClip });
  await box.record(2);
  box.fire(1);
  await soon(() => expect(target.kinds).toEqual(['alert']));
  await soon(() => expect(sync.status()[0]?.waiting).toMatchObject([{ kind: 'clip' }]));
  await box.record(5, 2);
  await soon(() => expect(target.kinds).toEqual(['alert', 'clip']));
  expect([...target.have.values()].at(-1)?.bytes).toBe(4); // From 5 s before it to 10 s after.
});

it('a file that is gone is lost and counted, and holds up nothing; a disk that is away loses nothing', async () => {
  await using box = await openBox();
  const target = new FakeTarget();
  const { store, deps } = box;
  target.behave = async () => {
    throw new Fault('unavailable', 'nobody is there');
  };
  await using sync = await box.start(target, aTarget('send: { segments: all }'));
  await store.mediaPlace.demand(deps.mediaDir);
  await box.record(4);
  await soon(() => expect(sync.status()[0]).toMatchObject({ phase: 'waiting' }));
  const [first] = store.segments.inRange(box.stream.id, at(0), at(1));
  await rm(join(deps.mediaDir, first?.path ?? ''));
  await rename(deps.mediaDir, `${deps.mediaDir}-away`);
  target.behave = async () => undefined;
  sync.now();
  await soon(() => expect(sync.status()[0]?.lastError?.message).toMatch(/^recordings: .* mount its disk/));
  expect(sync.status()[0]).toMatchObject({ lost: 0, sent: 0 });
  await rename(`${deps.mediaDir}-away`, deps.mediaDir);
  await soon(() => expect(sync.status()[0]).toMatchObject({ lost: 1, lostBytes: 1000, sent: 3, waiting: [] }));
});
