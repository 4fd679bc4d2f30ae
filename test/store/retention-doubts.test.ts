/** When retention waits although there is something to take: a clock that may be wrong, a disk that goes meanwhile. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { Fault } from '#runtime';
import type { RetentionOptions, Store } from '#store';
import { aCamera, aFiring, anArmedCamera, aSegment, aSession, DAY, NOON, openStore, standingClock } from './fixture.ts';

/** A camera with two recorded segments; the second, being the newest, stays. */
function recordTwo(store: Store, mediaDir: string): string {
  const { stream } = aCamera(store);
  const session = aSession(stream.id);
  for (const startMs of [NOON, NOON + 4000]) {
    const segment = aSegment(session, startMs);
    mkdirSync(dirname(join(mediaDir, segment.path)), { recursive: true });
    writeFileSync(join(mediaDir, segment.path), Buffer.alloc(segment.bytes));
    store.segments.add(segment, session);
  }
  return stream.id;
}

async function openBox() {
  const clock = standingClock();
  const opened = await openStore(clock);
  const dir = mkdtempSync(join(tmpdir(), 'wp-doubts-'));
  const enforce = (options: Partial<RetentionOptions> = {}) =>
    opened.store.retention.enforce({
      ...{ mediaDir: dir, thumbsDir: dir, assetsDir: dir, reservePercent: 0, budgetBytes: 1e9, keepDays: 7 },
      freeSpace: async () => ({ bsize: 1, blocks: 1e9, bavail: 1e9 }),
      signal: new AbortController().signal,
      ...options,
    });
  return {
    ...opened,
    clock,
    mediaDir: dir,
    enforce,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true });
    },
  };
}

it('a clock that was set far ahead makes nothing old for a day', async () => {
  await using box = await openBox();
  const { store, clock } = box;
  recordTwo(store, box.mediaDir);
  clock.monotonicMs = () => NOON;
  clock.now = NOON + 400 * DAY;
  expect((await box.enforce()).deletedSegments, 'the step is not noted yet').toBe(0);
  store.clockSteps.add(clock.now, 400 * DAY);
  clock.now += DAY / 2;
  expect((await box.enforce()).deletedSegments, 'half a day later').toBe(0);
  clock.now += DAY / 2;
  expect((await box.enforce()).deletedSegments, 'a day later').toBe(1);
});

it('the time that a box gets after its start is no such step', async () => {
  await using box = await openBox();
  recordTwo(box.store, box.mediaDir);
  box.clock.now = NOON + 400 * DAY;
  box.store.clockSteps.add(box.clock.now, box.clock.now - DAY); // It was 1970.
  expect((await box.enforce()).deletedSegments).toBe(1);
});

it('recordings whose disk goes away meanwhile keep their rows', async () => {
  await using box = await openBox();
  const streams = [recordTwo(box.store, box.mediaDir), recordTwo(box.store, box.mediaDir)];
  box.clock.now = NOON + 30 * DAY;
  const demandPlace = async () => {
    throw new Fault('unavailable', 'not mounted');
  };
  await expect(box.enforce({ demandPlace })).rejects.toThrow('not mounted');
  const kept = streams.map((id) => box.store.segments.inRange(id, NOON, NOON + DAY).length);
  expect(kept.sort()).toEqual([1, 2]);
});

it('many old firings go a batch at a time, and all of them', async () => {
  await using box = await openBox();
  const { alert } = anArmedCamera(box.store);
  const firings = Array.from({ length: 450 }, (_, i) => ({ firing: aFiring(alert, NOON + i), deliveries: [] }));
  box.store.commitEvaluation({ cursor: 0, cursorName: 'events', states: [], firings });
  box.clock.now = NOON + 30 * DAY;
  let batches = 0;
  const demandPlace = async () => {
    batches += 1;
  };
  await box.enforce({ demandPlace });
  expect(box.store.firings.count()).toBe(0);
  expect(batches).toBeGreaterThan(1);
});
