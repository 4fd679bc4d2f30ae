import type { TimeOfDay } from './rule.ts';

/** When something is armed each week, by the box's own clock; over midnight a stretch belongs to the day on which it begins. */
export type Schedule = readonly TimeOfDay[];

export interface ScheduledChange {
  atMs: number;
  armed: boolean;
}

const DAY_MS = 86_400_000;
/** A weekly schedule changes within a week, one more day for summer time, or never. */
const FARTHEST_MS = 8 * DAY_MS;
const DAYS_AROUND = 9;

/** The schedule's last change until then; undefined where it never changes. */
export function lastChange(schedule: Schedule, untilMs: number): ScheduledChange | undefined {
  return changes(schedule, untilMs).findLast(({ atMs }) => atMs <= untilMs);
}

/** The schedule's next change after that; undefined where it never changes. */
export function nextChange(schedule: Schedule, afterMs: number): ScheduledChange | undefined {
  return changes(schedule, afterMs).find(({ atMs }) => atMs > afterMs);
}

/** What the schedule wants then, whatever was done by hand. */
export function isScheduled(schedule: Schedule, atMs: number): boolean {
  return stretches(schedule, atMs).some(({ startMs, endMs }) => startMs <= atMs && atMs < endMs);
}

/** In order, within a week of the time. */
function changes(schedule: Schedule, aroundMs: number): ScheduledChange[] {
  return stretches(schedule, aroundMs)
    .flatMap(({ startMs, endMs }) => [
      { atMs: startMs, armed: true },
      { atMs: endMs, armed: false },
    ])
    .filter(({ atMs }) => Math.abs(atMs - aroundMs) <= FARTHEST_MS);
}

/** In order; none overlaps or touches the next. */
function stretches(schedule: Schedule, aroundMs: number): { startMs: number; endMs: number }[] {
  const around = new Date(aroundMs);
  const days = Array.from(
    { length: 2 * DAYS_AROUND + 1 },
    (_, i) => new Date(around.getFullYear(), around.getMonth(), around.getDate() + i - DAYS_AROUND),
  );
  const found = schedule
    .flatMap((time) => days.flatMap((day) => stretchOn(time, day)))
    .sort((a, b) => a.startMs - b.startMs);
  const merged: typeof found = [];
  for (const one of found) {
    const last = merged.at(-1);
    if (last && one.startMs <= last.endMs) last.endMs = Math.max(last.endMs, one.endMs);
    else merged.push({ ...one });
  }
  return merged;
}

/** The stretch that begins on that day; none when that isn't one of its days. */
function stretchOn({ fromMinute, toMinute, days }: TimeOfDay, day: Date): { startMs: number; endMs: number }[] {
  if (days && !days.includes(day.getDay())) return [];
  const at = (minute: number, later = 0) =>
    new Date(day.getFullYear(), day.getMonth(), day.getDate() + later, 0, minute).getTime();
  const startMs = at(fromMinute);
  const endMs = at(toMinute, toMinute > fromMinute ? 0 : 1);
  // The hour that summer time skips.
  return endMs > startMs ? [{ startMs, endMs }] : [];
}

/** As schedules are written: `sun` is day 0. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A stretch of a schedule as people write it. Without days it is every day; from a time to itself it is the whole day. */
export interface WrittenTime {
  days?: readonly Weekday[] | undefined;
  /** `22:00`; the end may also be `24:00`. */
  from: string;
  to: string;
}

/** What is a time of the day in `WrittenTime`. */
export const CLOCK_TIME = /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;

/** The times are of the form `CLOCK_TIME`. */
export function scheduleOf(written: readonly WrittenTime[]): TimeOfDay[] {
  return written.map(({ days, from, to }) => {
    const listed = [...new Set(days)].map((day) => WEEKDAYS.indexOf(day)).sort((a, b) => a - b);
    return {
      fromMinute: minuteOf(from),
      toMinute: minuteOf(to),
      ...(listed.length === 0 || listed.length === WEEKDAYS.length ? {} : { days: listed }),
    };
  });
}

export function writtenSchedule(schedule: Schedule): { days?: Weekday[]; from: string; to: string }[] {
  return schedule.map(({ fromMinute, toMinute, days }) => ({
    ...(days ? { days: days.flatMap((day) => WEEKDAYS[day] ?? []) } : {}),
    from: clockTime(fromMinute),
    to: clockTime(toMinute),
  }));
}

function minuteOf(text: string): number {
  const [hours, minutes] = text.split(':').map(Number);
  return ((hours ?? 0) % 24) * 60 + (minutes ?? 0);
}

function clockTime(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
