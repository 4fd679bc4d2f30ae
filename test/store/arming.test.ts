/** Who is armed and why: groups, their schedules, and the log of changes; over restarts and clocks that are set. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { scheduleOf } from '#domain';
import { Store } from '#store';
import { anAlert, anArmedCamera, anEvent, DAY, openStore, quiet, standingClock } from './fixture.ts';

const HOUR = 3_600_000;
/** Noon by the clock of the box. */
const NOON = new Date(2026, 4, 14, 12).getTime();
const at = (hours: number) => NOON + (hours - 12) * HOUR;
const NIGHTS = scheduleOf([{ from: '22:00', to: '06:00' }]);

async function openBox() {
  const clock = standingClock(NOON);
  const box = await openStore(clock);
  const log = () =>
    box.store.armingLog.list({ limit: 99 }).map(({ by, what, group, alertId }) => `${by} ${what} ${group ?? alertId}`);
  return { ...box, clock, groups: box.store.groups, log };
}

it('a group is armed when it is made; who turns it is in the log, and who changes nothing is not', async () => {
  await using box = await openBox();
  expect(box.groups.put('night', {}, 'anna')).toMatchObject({ armed: true, sinceMs: 0 });
  box.clock.now += HOUR;
  expect(box.groups.put('night', { armed: false }, 'anna')).toMatchObject({ armed: false, sinceMs: NOON + HOUR });
  box.groups.put('night', { armed: false }, 'ben');
  expect(box.groups.list()).toMatchObject([{ name: 'night', by: 'anna' }]);
  expect(box.log()).toEqual(['anna disarmed night']);
  expect(box.store.armingLog.list({ limit: 9 })).toMatchObject([{ atMs: NOON + HOUR }]);
});

it('what was told before a turn is told, what comes after it is not', async () => {
  await using box = await openBox();
  box.groups.put('night', {}, 'anna');
  box.clock.now += HOUR;
  box.groups.put('night', { armed: false }, 'anna');
  expect([NOON, NOON + HOUR - 1, NOON + HOUR].map((ms) => box.groups.wasArmed('night', ms))).toEqual([
    true,
    true,
    false,
  ]);
  expect(box.groups.wasArmed(undefined, NOON)).toBe(true);
});

it('a new schedule holds at once, a hand until its next change, and the log says who', async () => {
  await using box = await openBox();
  expect(box.groups.put('night', { schedule: NIGHTS }, 'anna')).toMatchObject({ armed: false });
  expect(box.groups.follow()).toBe(at(22));
  box.groups.put('night', { armed: true }, 'ben');
  box.clock.now = at(22);
  expect(box.groups.follow()).toBe(at(30));
  expect(box.groups.get('night')).toMatchObject({ armed: true, by: 'ben' });
  box.clock.now = at(23);
  box.groups.put('night', { armed: false }, 'ben');
  box.clock.now = at(30);
  box.groups.follow();
  box.clock.now = at(46);
  box.groups.follow();
  expect(box.groups.get('night')).toMatchObject({ armed: true, by: 'schedule', sinceMs: at(46) });
  expect(box.groups.put('night', { schedule: [] }, 'anna')).toMatchObject({ armed: true, by: 'schedule' });
  expect(box.groups.follow()).toBeUndefined();
  expect(box.log().toReversed()).toEqual([
    'anna scheduled night',
    'anna disarmed night',
    'ben armed night',
    'ben disarmed night',
    'schedule armed night',
    'anna schedule_removed night',
  ]);
});

it('what was wanted with a new schedule goes before it', async () => {
  await using box = await openBox();
  box.groups.put('night', {}, 'anna');
  box.clock.now = at(13);
  box.groups.put('night', { armed: true, schedule: NIGHTS }, 'anna');
  expect(box.groups.wasArmed('night', at(13))).toBe(true);
  box.clock.now = at(31);
  expect(box.groups.wasArmed('night', at(31))).toBe(false);
});

it('all of it is there after a restart, with what a schedule changed meanwhile', async () => {
  await using box = await openBox();
  const { alert } = anArmedCamera(box.store);
  box.groups.put('night', { schedule: NIGHTS }, 'anna');
  box.store.alerts.setGroup(alert.id, 'night', 'anna');
  box.store.alerts.snooze(alert.id, at(13), 'anna');
  const before = { alert: box.store.alerts.get(alert.id), log: box.log() };
  const clock = standingClock(at(23) + DAY);
  await using again = await Store.open(box.dir, { clock, log: quiet });
  expect(again.alerts.get(alert.id)).toEqual(before.alert);
  expect(again.armingLog.list({ limit: 9 })).toHaveLength(before.log.length);
  expect(again.groups.wasArmed('night', clock.now)).toBe(true);
  again.groups.follow();
  expect(again.groups.get('night')).toMatchObject({ armed: true, by: 'schedule', sinceMs: at(22) + DAY });
});

it('a clock that is set back holds no schedule up, and a box that has no time yet changes nothing', async () => {
  await using box = await openBox();
  box.clock.now = NOON + 1000 * DAY;
  box.groups.put('night', { schedule: NIGHTS }, 'anna');
  box.groups.put('night', { armed: true }, 'anna');
  box.clock.now = Date.UTC(1970, 0, 2);
  box.groups.follow();
  expect(box.groups.wasArmed('night', box.clock.now)).toBe(true);
  expect(box.groups.get('night')).toMatchObject({ putMs: NOON + 1000 * DAY });
  box.clock.now = NOON;
  box.groups.follow();
  expect(box.groups.wasArmed('night', NOON)).toBe(true);
  box.clock.now = at(30);
  box.groups.follow();
  expect(box.groups.wasArmed('night', at(30))).toBe(false);
});

it('what a schedule did by a clock that ran ahead is undone when that is set right', async () => {
  await using box = await openBox();
  box.groups.put('night', { schedule: NIGHTS }, 'anna');
  box.clock.now = at(23);
  box.groups.follow();
  box.clock.now = at(31);
  box.groups.follow();
  expect(box.groups.get('night')).toMatchObject({ armed: false, by: 'schedule' });
  box.clock.now = at(29);
  box.groups.follow();
  expect(box.groups.wasArmed('night', at(29))).toBe(true);
  box.clock.now = at(31);
  box.groups.follow();
  expect(box.groups.wasArmed('night', at(31))).toBe(false);
  expect(box.log().slice(0, 3)).toEqual(['schedule disarmed night', 'schedule armed night', 'schedule disarmed night']);
});

it('alerts join and leave groups; a group that is deleted leaves them armed by themselves', async () => {
  await using box = await openBox();
  const { alert, index } = anArmedCamera(box.store);
  const event = anEvent();
  box.store.events.create(event);
  const other = anAlert(index, event);
  box.store.alerts.create(other);
  expect(box.store.alerts.setGroup(alert.id, 'away', 'anna')).toEqual({ ...alert, group: 'away' });
  box.store.alerts.setGroup(alert.id, 'away', 'ben');
  expect(box.store.alerts.list()).toEqual([{ ...alert, group: 'away' }, other]);
  expect(box.store.alerts.setGroup(alert.id, undefined, 'ben')).toEqual(alert);
  box.store.alerts.setGroup(alert.id, 'away', 'anna');
  box.groups.put('away', { armed: false }, 'anna');
  box.groups.delete('away', 'anna');
  expect(box.store.alerts.get(alert.id)).toEqual(alert);
  expect(() => box.groups.delete('away', 'anna')).toThrow(expect.objectContaining({ kind: 'not_found' }));
  expect(() => box.store.alerts.setGroup('none', 'away', 'anna')).toThrow(
    expect.objectContaining({ kind: 'not_found' }),
  );
  expect(box.groups.list()).toEqual([]);
  expect(box.log().toReversed()).toEqual([
    'anna joined away',
    'ben left away',
    'anna joined away',
    'anna disarmed away',
    'anna group_deleted away',
  ]);
});

it('two groups that were one on MQTT are not made, nor hundreds', async () => {
  await using box = await openBox();
  box.groups.put('Night', {}, 'anna');
  expect(() => box.groups.put('night', {}, 'anna')).toThrow(expect.objectContaining({ kind: 'conflict' }));
  for (let i = 1; i < 50; i += 1) box.groups.put(`group ${i}`, {}, 'anna');
  expect(() => box.groups.put('one more', {}, 'anna')).toThrow(expect.objectContaining({ kind: 'refused' }));
});

it('changes of arming are journalled', async () => {
  await using box = await openBox();
  const { alert, stream } = anArmedCamera(box.store);
  box.groups.put('night', { armed: false }, 'anna');
  box.store.alerts.setStatus(alert.id, 'disabled', 'anna');
  box.store.alerts.setStatus(alert.id, 'disabled', 'anna');
  const entries = box.store.journal.after(0, 9, ['arming']);
  expect(entries.map(({ streamId }) => streamId)).toEqual(['', stream.id]);
  expect(entries.map(({ ref }) => box.store.armingLog.get(Number(ref))?.what)).toEqual(['disarmed', 'disarmed']);
  expect(box.store.armingLog.get(99)).toBeUndefined();
});

it('the log keeps the last 10 000 changes', async () => {
  await using box = await openBox();
  box.groups.put('night', { armed: false }, 'anna');
  const sql = new Database(join(box.dir, 'watchpost.db'));
  sql.exec("INSERT INTO arming_changes (id, at_ms, who, what) VALUES (9999, 1, 'ben', 'armed')");
  sql.close();
  box.groups.put('night', { armed: true }, 'anna');
  expect(box.log()).toHaveLength(3);
  box.groups.put('night', { armed: false }, 'anna');
  expect(box.store.armingLog.list({ limit: 9 }).map(({ id }) => id)).toEqual([10_001, 10_000, 9999]);
});
