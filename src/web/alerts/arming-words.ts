/** What is armed, snoozed and scheduled, as words. Pure; `nowMs` is always the box's time. */
import type { ArmedAlertJson, ArmingChangeJson, GroupJson } from '../wire.ts';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** "14:30", with the day in front when it isn't today's. */
export function hour(seconds: number, nowMs: number, locale?: string): string {
  const at = new Date(seconds * 1000);
  const time = at.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' });
  if (at.toDateString() === new Date(nowMs).toDateString()) return time;
  return `${at.toLocaleDateString(locale, { weekday: 'short' })} ${time}`;
}

export interface ArmedWords {
  text: string;
  tone: 'armed' | 'quiet' | 'off';
}

/** Why somebody is told of it, or nobody. */
export function alertWords(
  { status, snoozed_until: until = 0, group }: Pick<ArmedAlertJson, 'status' | 'snoozed_until' | 'group'>,
  groups: readonly Pick<GroupJson, 'name' | 'armed'>[],
  nowMs: number,
  locale?: string,
): ArmedWords {
  if (status === 'disabled') return { text: 'Disarmed', tone: 'off' };
  if (until * 1000 > nowMs) return { text: `Snoozed until ${hour(until, nowMs, locale)}`, tone: 'quiet' };
  const isQuiet = groups.some(({ name, armed }) => name === group && !armed);
  return isQuiet ? { text: `Quiet: “${group}” is disarmed`, tone: 'quiet' } : { text: 'Armed', tone: 'armed' };
}

/** "Armed until Fri 06:00", "Disarmed by key “first key”". */
export function groupWords({ armed, by, next_change: next }: GroupJson, nowMs: number, locale?: string): ArmedWords {
  const until = next ? ` until ${hour(next.at, nowMs, locale)}` : '';
  return { text: `${armed ? 'Armed' : 'Disarmed'}${until} by ${by}`, tone: armed ? 'armed' : 'quiet' };
}

/** "Mon–Fri 22:00–06:00, Sun 12:00–14:00"; empty without a schedule. */
export function scheduleWords(arm: GroupJson['arm']): string {
  return arm.map(({ days, from, to }) => `${days ? `${daysWords(days)} ` : 'Daily '}${from}–${to}`).join(', ');
}

const DEEDS: Record<string, string> = {
  snooze_ended: 'snooze ended',
  joined: 'put in a group:',
  left: 'taken out of its group',
  scheduled: 'got a schedule',
  schedule_removed: 'lost its schedule',
  group_deleted: 'deleted',
};

/** "movement snoozed until 15:30", "night armed"; `label` is the alert's, where it is known. */
export function changeWords(
  change: ArmingChangeJson,
  label: string | undefined,
  nowMs: number,
  locale?: string,
): string {
  const { what, group, until, alert_id: alertId } = change;
  const whose = alertId === undefined ? (group ?? '') : (label ?? 'an alert');
  const to = what === 'joined' ? ` ${group}` : '';
  return `${whose} ${DEEDS[what] ?? what}${to}${until === undefined ? '' : ` until ${hour(until, nowMs, locale)}`}`;
}

/** Days in a row as from – to. */
function daysWords(days: readonly string[]): string {
  const runs: string[][] = [];
  for (const [i, day] of DAYS.entries()) {
    if (!days.includes(day)) continue;
    const run = runs.at(-1);
    if (run && run.at(-1) === DAYS[i - 1]) run.push(day);
    else runs.push([day]);
  }
  return runs
    .map((run) => (run.length > 2 ? [run[0], run.at(-1)].map(capital).join('–') : run.map(capital).join(', ')))
    .join(', ');
}

function capital(day = ''): string {
  return day.charAt(0).toUpperCase() + day.slice(1);
}
