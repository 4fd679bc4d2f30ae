import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLog, type Notify } from '#runtime';
import { feedWatchdog } from '../../src/app/watchdog.ts';

const EVERY_MS = 20_000;
const log = createLog('silent');

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('the watchdog is fed until a recorder hangs, and again when it has moved', () => {
  const told: string[][] = [];
  using watchdog = feedWatchdog((...states) => told.push(states), log, EVERY_MS);
  vi.advanceTimersByTime(EVERY_MS);
  const cameras = { hanging: [] as string[], status: () => [{ phase: 'recording' }, { phase: 'waiting' }] as const };
  watchdog.attend({ ...cameras, hanging: () => cameras.hanging });
  vi.advanceTimersByTime(EVERY_MS);
  cameras.hanging = ['yard'];
  vi.advanceTimersByTime(2 * EVERY_MS);
  cameras.hanging = [];
  vi.advanceTimersByTime(EVERY_MS);

  expect(told).toEqual([
    ['WATCHDOG=1', 'STATUS=0 of 0 cameras record'],
    ['WATCHDOG=1', 'STATUS=1 of 2 cameras record'],
    ['STATUS=recorders hang: yard'],
    ['STATUS=recorders hang: yard'],
    ['WATCHDOG=1', 'STATUS=1 of 2 cameras record'],
  ]);
});

it('nothing is fed when nobody asks, nor after the end', () => {
  const notify = vi.fn<Notify>();
  {
    using _unasked = feedWatchdog(notify, log, undefined);
    using _asked = feedWatchdog(notify, log, EVERY_MS);
  }
  vi.advanceTimersByTime(10 * EVERY_MS);
  expect(notify).not.toHaveBeenCalled();
});
