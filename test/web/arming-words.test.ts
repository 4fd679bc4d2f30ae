import { describe, expect, it } from 'vitest';
import { alertWords, changeWords, groupWords, hour, scheduleWords } from '../../src/web/alerts/arming-words.ts';

const NOON = new Date(2026, 4, 14, 12).getTime();
const at = (hours: number) => NOON / 1000 + (hours - 12) * 3600;

describe('an alert on the page', () => {
  const night = { name: 'night', armed: false };
  it.each([
    [{ status: 'disabled' as const, snoozed_until: at(13) }, 'Disarmed', 'off'],
    [{ status: 'enabled' as const, snoozed_until: at(14.5) }, 'Snoozed until 14:30', 'quiet'],
    [{ status: 'enabled' as const, snoozed_until: at(38) }, 'Snoozed until Fri 14:00', 'quiet'],
    [{ status: 'enabled' as const, snoozed_until: at(11), group: 'night' }, 'Quiet: “night” is disarmed', 'quiet'],
    [{ status: 'enabled' as const, group: 'away' }, 'Armed', 'armed'],
    [{ status: 'enabled' as const }, 'Armed', 'armed'],
  ])('%j is "%s"', (alert, text, tone) => {
    expect(alertWords(alert, [night, { name: 'away', armed: true }], NOON, 'en-GB')).toEqual({ text, tone });
  });
});

describe('a group on the page', () => {
  it('says how long it stays as it is, and who made it so', () => {
    const group = { name: 'night', by: 'schedule', arm: [], armed: true };
    expect(groupWords(group, NOON, 'en-GB').text).toBe('Armed by schedule');
    const next = { next_change: { at: at(22), armed: false } };
    expect(groupWords({ ...group, ...next }, NOON, 'en-GB').text).toBe('Armed until 22:00 by schedule');
    expect(groupWords({ ...group, armed: false, by: 'key "phone"' }, NOON)).toEqual({
      text: 'Disarmed by key "phone"',
      tone: 'quiet',
    });
    expect(hour(at(36), NOON, 'en-GB')).toBe('Fri 12:00');
  });

  it.each([
    [[], ''],
    [[{ from: '22:00', to: '06:00' }], 'Daily 22:00–06:00'],
    [[{ days: ['tue', 'mon', 'wed', 'sun'], from: '22:00', to: '06:00' }], 'Mon–Wed, Sun 22:00–06:00'],
    [
      [
        { days: ['sat', 'sun'], from: '00:00', to: '00:00' },
        { days: ['fri'], from: '20:00', to: '24:00' },
      ],
      'Sat, Sun 00:00–00:00, Fri 20:00–24:00',
    ],
  ])('writes %j as "%s"', (arm, text) => expect(scheduleWords(arm)).toBe(text));
});

describe('a change on the page', () => {
  it.each([
    [{ what: 'snoozed', alert_id: 'a', until: at(15.5) }, 'movement', 'movement snoozed until 15:30'],
    [{ what: 'joined', alert_id: 'a', group: 'night' }, 'movement', 'movement put in a group: night'],
    [{ what: 'armed', alert_id: 'a' }, undefined, 'an alert armed'],
    [{ what: 'disarmed', group: 'night' }, undefined, 'night disarmed'],
    [{ what: 'schedule_removed', group: 'night' }, undefined, 'night lost its schedule'],
  ])('%j is "%s"', (change, label, words) => {
    expect(changeWords({ id: 1, at: at(12), by: 'MQTT', ...change }, label, NOON, 'en-GB')).toBe(words);
  });
});
