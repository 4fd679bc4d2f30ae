/** What stays of streams that don't keep everything: where something moved, where an alert fired, at certain hours. */
import { expect, it } from 'vitest';
import { type Box, type Question, RECORD_ALL, type RecordingPolicy } from '#domain';
import type { EvaluationBatch } from '#store';
import {
  aFiring,
  anAlert,
  anArmedCamera,
  anEvent,
  aScene,
  aSegment,
  aSession,
  axis,
  DAY,
  NOON,
  openStore,
  standingClock,
} from './fixture.ts';

const LATER = NOON + 3_600_000;
const HALF: Box = { x1: 0, y1: 0, x2: 0.5, y2: 0.5 };
const ROLLS = { preMs: 5000, postMs: 10_000 };

/** Two minutes of segments on a stream with one index and an alert; what comes of them, in seconds from noon. */
async function recorded(policy: Partial<RecordingPolicy>) {
  const clock = standingClock(NOON - 1000);
  const at = await openStore(clock);
  const { stream, index, alert } = anArmedCamera(at.store);
  at.store.streams.update(stream.id, { recording: { ...RECORD_ALL, ...ROLLS, ...policy } });
  clock.now = NOON;
  const session = aSession(stream.id);
  for (let s = 0; s < 120; s += 4) at.store.segments.add(aSegment(session, NOON + s * 1000), session);
  const seconds = ({ startMs, endMs }: { startMs: number; endMs: number }) => [
    (startMs - NOON) / 1000,
    (endMs - NOON) / 1000,
  ];
  const evaluated = (firings: EvaluationBatch['firings'] = [], questions: Question[] = []) => {
    const cursor = at.store.journal.head();
    at.store.commitEvaluation({ cursor, cursorName: 'events', states: [], firings, questions });
  };
  return {
    ...at,
    clock,
    stream,
    session,
    index,
    alert,
    [Symbol.asyncDispose]: at[Symbol.asyncDispose],
    see(fromS: number, toS: number, moves = false): void {
      const [startMs, endMs] = [NOON + fromS * 1000, NOON + toS * 1000];
      const regions: Box[] = moves ? [HALF] : [];
      const draft = aScene(index, { startMs, endMs });
      if (!draft.facts) throw new Error('a scene that was seen has facts');
      const facts = { ...draft.facts, motion: { amount: 0, regions, zones: [] } };
      at.store.scenes.add({ ...draft, facts }, axis(0), 'm');
    },
    fire(fromS: number, toS: number): void {
      const firing = { ...aFiring(alert, NOON + fromS * 1000), endMs: NOON + toS * 1000, atMs: NOON + toS * 1000 };
      evaluated([{ firing, deliveries: [] }]);
    },
    evaluated,
    sift(nowMs = LATER): void {
      const now = () => at.store.streams.get(stream.id);
      for (let one = now(); one && at.store.sifting.sift(one, nowMs); ) one = now();
    },
    stays: () => {
      const rows = at.store.segments.inRange(stream.id, 0, LATER * 2);
      const merged: number[][] = [];
      for (const [from = 0, to = 0] of rows.map(seconds)) {
        const last = merged.at(-1);
        if (last && last[1] === from) last[1] = to;
        else merged.push([from, to]);
      }
      return merged;
    },
    gaps: () =>
      at.store.segments.gaps(stream.id, 0, LATER * 2).map((gap) => [...seconds(gap), gap.reason, gap.unwanted]),
  };
}

it('motion: what moves stays with what is around it, and so does what nobody looked at', async () => {
  await using box = await recorded({ mode: 'motion' });
  box.see(0, 40);
  box.see(40, 50, true);
  box.see(50, 80);
  // Nobody looked from 80 to 100.
  box.see(100, 120);
  box.sift();
  expect(box.stays()).toEqual([
    [32, 60],
    [80, 100],
    [116, 120], // The newest: what records hangs on to its session.
  ]);
  expect(box.gaps()).toEqual([
    [0, 32, 'nothing moved', true],
    [60, 80, 'nothing moved', true],
    [100, 116, 'nothing moved', true],
  ]);
  box.sift();
  expect(box.gaps()).toHaveLength(3);
});

it('events: what alerts fired for stays, over the whole of it', async () => {
  await using box = await recorded({ mode: 'events' });
  box.see(0, 120, true);
  box.fire(50, 70);
  box.sift();
  expect(box.stays()).toEqual([
    [44, 80],
    [116, 120],
  ]);
  expect(box.gaps().map(([, , reason]) => reason)).toEqual(['no alert fired', 'no alert fired']);
});

it('events: nothing goes that an alert may still fire for', async () => {
  await using box = await recorded({ mode: 'events' });
  box.see(0, 60);
  box.evaluated();
  box.see(60, 70, true); // And then the box was off for an hour.
  box.sift();
  expect(box.stays()).toEqual([[0, 120]]);
  box.evaluated();
  const { store, stream, alert } = box;
  const question = { alertId: alert.id, streamId: stream.id, seq: 1, sceneId: 2, startMs: NOON + 60_000 };
  const asked = { ...question, endMs: NOON + 70_000, askedMs: NOON + 70_000 };
  box.evaluated([], [asked]);
  box.sift();
  expect(box.stays(), 'a model has not answered').toEqual([[0, 120]]);
  store.questions.answer(asked, {}, LATER);
  box.fire(60, 70);
  box.sift();
  expect(box.stays()).toEqual([
    [52, 120], // Nobody looked after 70.
  ]);
});

it('events: a part that takes its time is waited for', async () => {
  await using box = await recorded({ mode: 'events' });
  const { store, index } = box;
  const event = anEvent();
  const stays = { subject: { kind: 'motion' as const }, relation: 'stays' as const, forMs: 1_800_000 };
  const parts = { kind: 'parts' as const, join: 'all' as const, parts: [stays] };
  store.events.create({ ...event, rule: { ...event.rule, subject: parts } });
  store.alerts.create(anAlert(index, event));
  box.see(0, 120);
  box.evaluated();
  box.sift(NOON + 1_800_000);
  expect(box.stays()).toEqual([[0, 120]]);
  box.sift();
  expect(box.stays()).toEqual([[116, 120]]);
});

it('a clock that was ahead: what is recorded by the right one is decided as ever', async () => {
  await using box = await recorded({ mode: 'motion' });
  const ahead = NOON + 30 * DAY;
  const session = aSession(box.stream.id, { startedMs: ahead });
  for (const s of [0, 4]) box.store.segments.add(aSegment(session, ahead + s * 1000), session);
  box.sift(ahead + 3_600_000);
  box.sift(NOON - 60_000); // Set right again.
  box.see(0, 120);
  box.sift();
  const [far] = box.stays();
  expect(box.stays(), 'what is dated ahead').toEqual([far]);
  expect(far?.[0]).toBe((ahead - NOON) / 1000);
});

it('events without a single index: nobody looks, and everything stays', async () => {
  await using box = await recorded({ mode: 'events' });
  box.sift();
  expect(box.stays()).toEqual([[0, 120]]);
});

it('decides nothing before what was seen and fired has had its time', async () => {
  await using box = await recorded({ mode: 'motion' });
  box.see(0, 120);
  box.sift(NOON + 120_000);
  expect(box.stays()).toEqual([[0, 120]]);
  box.sift(NOON + 120_000 + 60_000);
  expect(box.stays()).toEqual([[48, 120]]);
  box.see(50, 52, true); // Told too late: what has been decided is not asked again.
  box.sift();
  expect(box.stays()[0]).toEqual([48, 64]);
});

it('no hours at all, as of what a capture session does not store: nothing stays, nor the newest when it has stopped', async () => {
  await using box = await recorded({ schedule: [] });
  box.sift();
  expect(box.stays()).toEqual([[116, 120]]);
  box.store.streams.update(box.stream.id, { wanted: 'stopped' });
  box.sift();
  expect(box.stays()).toEqual([]);
});

it('a schedule: outside its hours nothing stays, whatever moves; a change keeps what was there', async () => {
  const minute = new Date(NOON + 60_000).getHours() * 60 + new Date(NOON + 60_000).getMinutes();
  const schedule = [{ fromMinute: minute, toMinute: minute + 60 }];
  await using box = await recorded({ schedule });
  box.sift();
  expect(box.stays()).toEqual([[60, 120]]);
  expect(box.gaps()).toEqual([[0, 60, 'outside the hours of recording', true]]);

  await using all = await recorded({});
  all.see(0, 120);
  all.clock.now = NOON + 60_000;
  all.store.streams.update(all.stream.id, { recording: { ...RECORD_ALL, mode: 'motion' } });
  all.sift();
  expect(all.stays()).toEqual([
    [0, 60],
    [116, 120],
  ]);
});

it('what goes is noted as garbage in the same step, and its session with its last piece', async () => {
  await using box = await recorded({ mode: 'motion' });
  box.see(0, 120);
  const next = aSession(box.stream.id, { startedMs: NOON + 200_000 });
  box.store.segments.add(aSegment(next, NOON + 200_000), next);
  box.sift();
  expect(box.stays()).toEqual([[200, 204]]);
  expect(box.store.segments.has(aSegment(box.session, NOON).path)).toBe(true); // As garbage: never entered again.
  expect(box.store.segments.has(box.session.initPath)).toBe(true);
});
