/** A camera that refuses connections for hours, which pass as fast as it can be tried, and then is there. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Supervisor } from '#pipeline';
import { type Clock, Gate, systemClock } from '#runtime';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { freePort } from '../e2e/support/ports.ts';
import { processTree } from '../e2e/support/processes.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { passingBlock } from '../e2e/support/videos.ts';
import { until } from '../e2e/support/waiting.ts';
import { openBox } from '../pipeline/box.ts';
import { isFull } from './form.ts';

const AWAY_MINUTES = isFull ? 120 : 30;

/** Whoever sleeps wakes at once, later by as much as it wanted to sleep. */
function hurriedClock(): Clock & { slept: number[] } {
  let aheadMs = 0;
  const slept: number[] = [];
  return {
    slept,
    nowMs: () => systemClock.nowMs() + aheadMs,
    monotonicMs: () => systemClock.monotonicMs() + aheadMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      aheadMs += ms;
      slept.push(ms);
      await systemClock.sleep(1, signal);
    },
  };
}

test('is asked ever more rarely, costs nothing meanwhile, and is recorded as soon as it is there', async () => {
  await using box = await openBox();
  await using dir = await tempDir();
  const { store, stream, deps } = box;
  const port = await freePort();
  store.streams.update(stream.id, { url: `rtsp://127.0.0.1:${port}/yard` });
  const clock = hurriedClock();
  const camera = {
    mediaDir: join(dir.path, 'media'),
    segmentSeconds: 2,
    allowFile: false,
    spawnGate: new Gate(2),
    clock,
  };
  await using supervisor = await Supervisor.start({ ...deps, clock, camera });
  const passedMs = () => clock.slept.reduce((sum, ms) => sum + ms, 0);
  const descriptors = async () => (await readdir('/proc/self/fd')).length;
  const children = async () => (await processTree(process.pid)).filter(({ argv }) => argv[0]?.startsWith('ff')).length;

  await until('it has been tried for minutes', () => clock.slept.length >= 10);
  const before = { descriptors: await descriptors(), rss: process.memoryUsage.rss() };
  let most = 0;
  await until(
    'hours have passed',
    async () => {
      most = Math.max(most, await children());
      return passedMs() >= AWAY_MINUTES * 60_000;
    },
    150_000,
  );
  expect(supervisor.status()).toMatchObject([{ phase: expect.stringMatching(/waiting|connecting/) }]);
  expect(supervisor.status()[0]?.lastError).toMatch(/refused the connection/);
  const waits = [...clock.slept];
  for (const [n, ms] of waits.entries()) expect(ms).toBeGreaterThanOrEqual(Math.min(60_000, 1000 * 2 ** n) * 0.8);
  expect(most).toBeLessThanOrEqual(1);
  // A try that is under way has some of its own.
  const growth = await until('no more descriptors', async () => {
    const more = (await descriptors()) - before.descriptors;
    return more <= 4 && { more };
  });
  const grownMb = (process.memoryUsage.rss() - before.rss) / 2 ** 20;
  console.log(
    `${waits.length} tries in ${AWAY_MINUTES} minutes; ${growth.more} descriptors and ${grownMb.toFixed(0)} MB more than after ten`,
  );
  expect(grownMb).toBeLessThan(100);

  await using _back = await startRtspServer({ file: await passingBlock(240), name: 'yard', port });
  const recorded = () => store.segments.inRange(stream.id, 0, Number.MAX_SAFE_INTEGER).length;
  await until('it is recorded', () => recorded() >= 2);
});
