/** Groups against the plainest account of them: what hands and schedules do, one after the other, in the order of time. */
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { isScheduled, nextChange, type TimeOfDay } from '#domain';
import { openStore, standingClock } from './fixture.ts';

vi.setConfig({ testTimeout: 60_000 });

const MINUTE = 60_000;
const START = new Date(2026, 2, 20, 12).getTime();

const minute = fc.integer({ min: 0, max: 1439 });
const time: fc.Arbitrary<TimeOfDay> = fc.record(
  {
    fromMinute: minute,
    toMinute: minute,
    days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 }),
  },
  { requiredKeys: ['fromMinute', 'toMinute'] },
);
const deed = fc.oneof(
  { weight: 5, arbitrary: fc.record({ pass: fc.integer({ min: 1, max: 3000 }) }) },
  { weight: 3, arbitrary: fc.record({ armed: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ schedule: fc.array(time, { maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.constant({ follow: true }) },
);

/** Knows nothing but the moment: what is turned when, and in the end how it was at each time. */
class Account {
  armed = true;
  schedule: TimeOfDay[] = [];
  readonly turns: { atMs: number; armed: boolean }[] = [];

  turn(armed: boolean, atMs: number): void {
    if (armed !== this.armed) this.turns.push({ atMs, armed });
    this.armed = armed;
  }

  pass(fromMs: number, toMs: number): void {
    for (let at = nextChange(this.schedule, fromMs); at && at.atMs <= toMs; at = nextChange(this.schedule, at.atMs)) {
      this.turn(at.armed, at.atMs);
    }
  }
}

it('a group is at every time what was done to it last, whoever wrote it down when', async () => {
  const clock = standingClock(START);
  await using at = await openStore(clock);
  const { groups } = at.store;
  let runs = 0;
  fc.assert(
    fc.property(fc.array(deed, { minLength: 5, maxLength: 25 }), (deeds) => {
      clock.now = START;
      const name = `group ${runs % 3}`;
      if (groups.get(name)) groups.delete(name, 'a test');
      runs += 1;
      const former = at.store.armingLog.list({ limit: 1 })[0]?.id ?? 0;
      const account = new Account();
      groups.put(name, {}, 'a test');
      for (const one of deeds) {
        clock.now += 1; // No two things are done at once.
        account.pass(clock.now - 1, clock.now);
        if ('pass' in one) {
          account.pass(clock.now, clock.now + one.pass * MINUTE);
          clock.now += one.pass * MINUTE;
        } else if ('armed' in one) {
          groups.put(name, one, 'a test');
          account.turn(one.armed, clock.now);
        } else if ('schedule' in one) {
          const isNew = JSON.stringify(one.schedule) !== JSON.stringify(account.schedule);
          groups.put(name, one, 'a test');
          account.schedule = one.schedule;
          if (isNew && one.schedule.length > 0) account.turn(isScheduled(one.schedule, clock.now), clock.now);
        } else groups.follow();
        expect(groups.wasArmed(name, clock.now)).toBe(account.armed);
        // Just before the last turn it was the other way; what is looked at late is judged by its own time.
        const last = account.turns.at(-1);
        const group = groups.get(name);
        if (last && group && group.sinceMs === last.atMs)
          expect(groups.wasArmed(name, last.atMs - 1)).toBe(!last.armed);
      }
      groups.follow();
      const noted = at.store.armingLog
        .list({ limit: 500 })
        .filter(({ id, group, what }) => id > former && group === name && ['armed', 'disarmed'].includes(what))
        .map(({ what }) => what === 'armed');
      expect(noted[0] ?? true).toBe(account.armed);
      for (const [i, armed] of noted.entries()) expect(noted[i + 1] ?? true).toBe(!armed);
    }),
    { numRuns: 150 },
  );
});
