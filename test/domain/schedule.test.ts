import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type ArmGroup,
  isArmed,
  isScheduled,
  LONGEST_SNOOZE_MS,
  lastChange,
  nextArming,
  nextChange,
  scheduleOf,
  snoozedUntil,
  writtenSchedule,
} from '#domain';

vi.setConfig({ testTimeout: 60_000 });

/** Where summer time begins on 2026-03-29 at 02:00 and ends on 2026-10-25 at 03:00. */
const BEFORE = process.env['TZ'];
beforeAll(() => {
  process.env['TZ'] = 'Europe/Berlin';
});
afterAll(() => {
  if (BEFORE === undefined) delete process.env['TZ'];
  else process.env['TZ'] = BEFORE;
});

const at = (text: string) => new Date(text).getTime();
const NIGHTS = scheduleOf([{ from: '22:00', to: '06:00' }]);
const HOUR = 3_600_000;

describe('a weekly schedule', () => {
  it('is read and written as people write it', () => {
    const written = [
      { days: ['mon', 'fri'] as const, from: '22:30', to: '06:00' },
      { from: '12:00', to: '24:00' },
    ];
    expect(scheduleOf(written)).toEqual([
      { fromMinute: 1350, toMinute: 360, days: [1, 5] },
      { fromMinute: 720, toMinute: 0 },
    ]);
    expect(writtenSchedule(scheduleOf(written))).toEqual([
      { days: ['mon', 'fri'], from: '22:30', to: '06:00' },
      { from: '12:00', to: '00:00' },
    ]);
    const allDays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
    expect(scheduleOf([{ days: allDays, from: '08:00', to: '08:00' }])).toEqual([{ fromMinute: 480, toMinute: 480 }]);
  });

  it('goes over midnight, from the day on which it begins', () => {
    const fridays = scheduleOf([{ days: ['fri'], from: '22:00', to: '06:00' }]);
    // 2026-05-15 is a Friday.
    expect(isScheduled(fridays, at('2026-05-15T21:59:59'))).toBe(false);
    expect(isScheduled(fridays, at('2026-05-15T22:00:00'))).toBe(true);
    expect(isScheduled(fridays, at('2026-05-16T05:59:59'))).toBe(true);
    expect(isScheduled(fridays, at('2026-05-16T06:00:00'))).toBe(false);
    expect(isScheduled(fridays, at('2026-05-15T03:00:00'))).toBe(false);
    const tuesday = at('2026-05-12T12:00');
    expect(nextChange(fridays, tuesday)).toEqual({ atMs: at('2026-05-15T22:00'), armed: true });
    expect(lastChange(fridays, tuesday)).toEqual({ atMs: at('2026-05-09T06:00'), armed: false });
  });

  it('changes nothing where stretches meet, and never where it is always armed', () => {
    const weekend = scheduleOf([
      { days: ['sat'], from: '00:00', to: '00:00' },
      { days: ['sun'], from: '00:00', to: '00:00' },
    ]);
    expect(nextChange(weekend, at('2026-05-16T12:00'))).toEqual({ atMs: at('2026-05-18T00:00'), armed: false });
    const always = scheduleOf([{ from: '07:00', to: '07:00' }]);
    expect([lastChange(always, at('2026-05-16T12:00')), nextChange(always, at('2026-05-16T12:00'))]).toEqual([
      undefined,
      undefined,
    ]);
    expect(isScheduled(always, at('2026-05-16T12:00'))).toBe(true);
    expect(nextChange([], at('2026-05-16T12:00'))).toBeUndefined();
    expect(isScheduled([], at('2026-05-16T12:00'))).toBe(false);
  });

  it('keeps to the clock on the wall when summer time begins and ends', () => {
    const spring = at('2026-03-28T22:00');
    expect(nextChange(NIGHTS, spring)?.atMs).toBe(spring + 7 * HOUR);
    const autumn = at('2026-10-24T22:00');
    expect(nextChange(NIGHTS, autumn)?.atMs).toBe(autumn + 9 * HOUR);
    // An hour that is skipped is no stretch, one that begins in it begins after it.
    const skipped = scheduleOf([{ from: '02:30', to: '03:00' }]);
    expect(isScheduled(skipped, at('2026-03-29T03:10'))).toBe(false);
    expect(isScheduled(scheduleOf([{ from: '02:30', to: '04:00' }]), at('2026-03-29T03:45'))).toBe(true);
  });

  it('is true for every minute of a year as the clock on the wall shows it', () => {
    const schedule = scheduleOf([
      { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '18:00', to: '07:30' },
      { days: ['sat'], from: '00:00', to: '00:00' },
    ]);
    const wanted = (when: Date) => {
      const [day, minute] = [when.getDay(), when.getHours() * 60 + when.getMinutes()];
      const evening = day >= 1 && day <= 5 && minute >= 18 * 60;
      return evening || (day >= 2 && day <= 6 && minute < 7 * 60 + 30) || day === 6;
    };
    for (let ms = at('2026-01-01T00:00'); ms < at('2027-01-01T00:00'); ms += 97 * 60_000) {
      expect(isScheduled(schedule, ms), new Date(ms).toString()).toBe(wanted(new Date(ms)));
      const next = nextChange(schedule, ms);
      expect(isScheduled(schedule, (next?.atMs ?? 0) - 1)).toBe(isScheduled(schedule, ms));
      expect(next?.armed).toBe(isScheduled(schedule, next?.atMs ?? 0));
    }
  });
});

describe('a group', () => {
  const noon = at('2026-05-14T12:00');
  const put = (overrides: Partial<ArmGroup>): ArmGroup => ({
    name: 'night',
    armed: false,
    sinceMs: 0,
    putMs: noon,
    by: 'a test',
    schedule: NIGHTS,
    ...overrides,
  });

  it('is as it was put until the schedule changes next, also when nobody wrote that down', () => {
    const byHand = put({ armed: true, sinceMs: noon });
    expect(isArmed(byHand, noon + HOUR, noon + HOUR)).toBe(true);
    expect(isArmed(byHand, at('2026-05-14T23:00'), at('2026-05-14T23:00'))).toBe(true);
    expect(isArmed(byHand, at('2026-05-15T06:00'), at('2026-05-15T06:00'))).toBe(false);
    expect(nextArming(byHand, noon)).toEqual({ atMs: at('2026-05-15T06:00'), armed: false });
    expect(nextArming(put({}), noon)).toEqual({ atMs: at('2026-05-14T22:00'), armed: true });
  });

  it('was the other way before it was turned', () => {
    const turned = put({ armed: true, sinceMs: noon, schedule: [] });
    expect(isArmed(turned, noon - 1, noon + 1000)).toBe(false);
    expect(isArmed(turned, noon, noon + 1000)).toBe(true);
    expect(isArmed(put({ armed: true, sinceMs: 0 }), noon - HOUR, noon)).toBe(true);
  });

  it('stays as it was put when the clock is set back', () => {
    const turned = put({ armed: true, sinceMs: noon });
    for (const nowMs of [noon - HOUR, at('1970-01-02T00:00')]) expect(isArmed(turned, nowMs, nowMs)).toBe(true);
  });
});

describe('a snooze', () => {
  const noon = at('2026-05-14T12:00');
  it.each([
    [undefined, undefined],
    [noon, undefined],
    [noon + 1, noon + 1],
    [noon + LONGEST_SNOOZE_MS, noon + LONGEST_SNOOZE_MS],
    // Set by a clock of the future.
    [noon + LONGEST_SNOOZE_MS + 1, undefined],
  ])('until %s', (snoozedUntilMs, until) => {
    expect(snoozedUntil(snoozedUntilMs === undefined ? {} : { snoozedUntilMs }, noon)).toBe(until);
  });
});
