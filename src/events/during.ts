import type { TimeOfDay } from '#domain';

export interface Stretch {
  startMs: number;
  endMs: number;
}

const DAYS_BACK = 2;

/**
 * The last stretch of time, by the box's own clock, that has a part of the given time in it; undefined when none has. Over
 * midnight it belongs to the day on which it begins; from a minute to itself it is the whole day.
 */
export function stretchOf({ fromMinute, toMinute, days }: TimeOfDay, { startMs, endMs }: Stretch): Stretch | undefined {
  const until = new Date(endMs);
  for (let back = 0; back <= DAYS_BACK; back += 1) {
    const day = until.getDate() - back;
    const at = (minute: number, later: number) =>
      new Date(until.getFullYear(), until.getMonth(), day + later, 0, minute).getTime();
    const first = new Date(at(0, 0));
    if (days && !days.includes(first.getDay())) continue;
    const stretch = { startMs: at(fromMinute, 0), endMs: at(toMinute, toMinute > fromMinute ? 0 : 1) };
    if (stretch.startMs < endMs && stretch.endMs > startMs) return stretch;
  }
  return undefined;
}

const NAMES = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const WEEK = 7;

/** "between 22:00 and 06:00", "on weekdays", "on Sunday". */
export function duringWords({ fromMinute, toMinute, days }: TimeOfDay): string {
  const hours = fromMinute === toMinute ? '' : `between ${clock(fromMinute)} and ${clock(toMinute)}`;
  const named = days === undefined || days.length === WEEK ? '' : `on ${daysOf(days)}`;
  return [hours, named].filter((part) => part !== '').join(' ');
}

function clock(minute: number): string {
  const [hours, minutes] = [Math.floor(minute / 60), minute % 60];
  return `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
}

function daysOf(days: readonly number[]): string {
  const sorted = [...days].sort((a, b) => a - b).join();
  if (sorted === '1,2,3,4,5') return 'weekdays';
  if (sorted === '0,6') return 'weekends';
  const names = days.map((day) => NAMES[day] ?? '');
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
