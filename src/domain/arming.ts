import type { Alert } from './alert.ts';
import { lastChange, nextChange, type Schedule, type ScheduledChange } from './schedule.ts';

/** Alerts that are armed and disarmed together. While it is disarmed they are looked at as ever, and nobody is told. */
export interface ArmGroup {
  name: string;
  /** As it was put last, by hand or by the schedule. */
  armed: boolean;
  /** Since when, before which it was the other way; 0: always. */
  sinceMs: number;
  /** When it was put so: what the schedule wanted before is past. */
  putMs: number;
  /** Who did it. */
  by: string;
  schedule?: Schedule;
}

/**
 * Whether the group was armed then. What was done by hand holds until the schedule's next change, also when nobody was
 * there to put it into effect.
 */
export function isArmed(group: ArmGroup, atMs: number, nowMs: number): boolean {
  const { armed, sinceMs, putMs } = group;
  // The clock has been set back since.
  if (putMs > nowMs) return armed;
  if (atMs < sinceMs) return !armed;
  return scheduledSince(group, atMs)?.armed ?? armed;
}

/** What the schedule has made of it since it was put; undefined when it is as it was put. */
export function scheduledSince(
  { armed, putMs, schedule = [] }: ArmGroup,
  untilMs: number,
): ScheduledChange | undefined {
  const change = lastChange(schedule, untilMs);
  return change && change.atMs > putMs && change.armed !== armed ? change : undefined;
}

/** The next time that the schedule makes it different from what it is now. */
export function nextArming(group: ArmGroup, nowMs: number): ScheduledChange | undefined {
  const { schedule = [] } = group;
  const armed = isArmed(group, nowMs, nowMs);
  const first = nextChange(schedule, nowMs);
  return first?.armed === armed ? nextChange(schedule, first.atMs) : first;
}

/** What snoozes last at most. */
export const LONGEST_SNOOZE_MS = 7 * 86_400_000;

/** Until when nobody is told of the alert at that time; undefined when somebody is. */
export function snoozedUntil({ snoozedUntilMs = 0 }: Pick<Alert, 'snoozedUntilMs'>, atMs: number): number | undefined {
  // What ends later was set by a clock that has been set back since.
  return snoozedUntilMs > atMs && snoozedUntilMs - atMs <= LONGEST_SNOOZE_MS ? snoozedUntilMs : undefined;
}

/** One line of who armed, disarmed and snoozed what. */
export interface ArmingChange {
  id: number;
  atMs: number;
  by: string;
  what:
    | 'armed'
    | 'disarmed'
    | 'snoozed'
    | 'snooze_ended'
    | 'joined'
    | 'left'
    | 'scheduled'
    | 'schedule_removed'
    | 'group_deleted'
    | 'threshold';
  /** Whose it is; both, when an alert joins or leaves a group. */
  alertId?: string;
  group?: string;
  /** Of a snooze. */
  untilMs?: number;
}
