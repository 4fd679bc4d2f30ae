/** What schedules change is written down when it is time, also after the store or the clock was in the way. */
import { expect, it, vi } from 'vitest';
import { systemClock } from '#runtime';
import { startSchedules } from '../../src/app/schedules.ts';
import { openStore, quiet } from '../store/fixture.ts';

const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

/** Goes on as ours does, from where it was set. */
function settableClock(startMs: number) {
  let offsetMs = startMs - Date.now();
  return {
    ...systemClock,
    nowMs: () => Date.now() + offsetMs,
    /** Waiting takes a thousandth. */
    sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 1000, signal),
    set: (ms: number) => {
      offsetMs = ms - Date.now();
    },
  };
}

const at = (hour: number, minute = 0) => new Date(2026, 4, 14, hour, minute).getTime();

it('writes down every change in its time, whatever the clock does', async () => {
  const clock = settableClock(at(21, 59));
  await using box = await openStore(clock);
  const { groups } = box.store;
  groups.put('night', { schedule: [{ fromMinute: 22 * 60, toMinute: 6 * 60 }] }, 'a test');
  await using _schedules = startSchedules({ store: box.store, clock, log: quiet });
  expect(groups.get('night')).toMatchObject({ armed: false });
  clock.set(at(22));
  await soon(() => expect(groups.get('night')).toMatchObject({ armed: true, by: 'schedule', sinceMs: at(22) }));
  clock.set(at(30));
  await soon(() => expect(groups.get('night')).toMatchObject({ armed: false, by: 'schedule', sinceMs: at(30) }));
  clock.set(at(2));
  await soon(() => expect(groups.get('night')?.putMs).toBeLessThan(at(3)));
  expect(groups.get('night'), 'what the schedule did too soon').toMatchObject({ armed: true });
  clock.set(at(7));
  await soon(() => expect(groups.get('night')).toMatchObject({ armed: false, sinceMs: at(6) }));
  clock.set(at(22, 1));
  await soon(() => expect(groups.get('night')).toMatchObject({ armed: true, sinceMs: at(22) }));
});

it('goes on when the store fails once', async () => {
  const clock = settableClock(at(21));
  let failures = 0;
  const follow = () => {
    failures += 1;
    if (failures < 3) throw new Error('the disk is full');
    return undefined;
  };
  // It asks for nothing else of a store.
  const store = { groups: { follow } } as never;
  await using _schedules = startSchedules({ store, clock, log: quiet });
  await soon(() => expect(failures).toBeGreaterThan(3));
});
