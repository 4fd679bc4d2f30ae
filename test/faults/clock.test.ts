/**
 * The system clock is set by hours, or shows 1970 at the start, or summer time begins or ends: recording goes on, and
 * nothing is deleted for its age.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { watchpost } from '../e2e/support/cli.ts';
import { type TempDir, tempDir } from '../e2e/support/temp-dir.ts';
import { passingBlock } from '../e2e/support/videos.ts';
import { until } from '../e2e/support/waiting.ts';
import { addCamera, cameraState } from '../e2e/support/watching.ts';
import type { TimelineAnswer } from '../e2e/support/wire.ts';
import { isFull } from './form.ts';

const HOUR_S = 3600;
const libraries = readdirSync('/usr/lib', { withFileTypes: true })
  .map((entry) => join(entry.parentPath, entry.name, 'faketime/libfaketime.so.1'))
  .filter((path) => existsSync(path));
if (libraries.length === 0) console.warn('no libfaketime here: steps of the clock are not tested');

/** A clock for the appliance and its children; `set` moves it while they run. */
function aClock(dir: TempDir, at: string) {
  const file = join(dir.path, 'clock');
  const set = (to: string) => writeFileSync(file, `${to}\n`);
  set(at);
  const env = {
    LD_PRELOAD: libraries[0] ?? '',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  return { env, set };
}

/** What was recorded within an hour of the moment. */
function timelineAround(appliance: TestAppliance, streamId: string, atS: number): Promise<TimelineAnswer> {
  const range = `start=${Math.max(0, atS - HOUR_S)}&end=${atS + HOUR_S}`;
  return appliance.data('GET', `/v1/timeline?stream=${streamId}&${range}`);
}

/** Seconds recorded within an hour of the moment. */
async function recordedAround(appliance: TestAppliance, streamId: string, atS: number): Promise<number> {
  const { recorded } = await timelineAround(appliance, streamId, atS);
  return recorded.reduce((sum, [start, end]) => sum + end - start, 0);
}

async function expectAgreement(dataDir: string): Promise<void> {
  const { code, stdout, stderr } = await watchpost(['doctor', '--data-dir', dataDir]);
  expect(code, stdout + stderr).toBe(0);
}

const config = { recording: { segmentSeconds: 2, keepDays: 1 } };

test.skipIf(libraries.length === 0 || !isFull).concurrent('hours forward and back', { timeout: 240_000 }, async () => {
  await using dir = await tempDir();
  const dataDir = join(dir.path, 'data');
  const clock = aClock(dir, '+0');
  await using camera = await startRtspServer({ file: await passingBlock(600, 3), name: 'yard' });
  {
    await using appliance = await TestAppliance.start({ dataDir, config, env: clock.env });
    const { streamId } = await addCamera(appliance, { url: camera.url });
    const nowS = () => Math.floor(Date.now() / 1000);
    await until('recorded by the right clock', async () => (await recordedAround(appliance, streamId, nowS())) >= 4);
    for (const hours of [5, -5]) {
      clock.set(`${hours >= 0 ? '+' : ''}${hours}h`);
      const there = () => nowS() + hours * HOUR_S;
      await until(`recorded ${hours} h away`, async () => (await recordedAround(appliance, streamId, there())) >= 4);
    }
    const state = await cameraState(appliance, streamId);
    expect(state?.notes.join()).toMatch(/clock was set/);
    const { database } = await appliance.data<{ database: { clock_steps: number } }>('GET', '/v1/status');
    expect(database.clock_steps).toBeGreaterThanOrEqual(1);
    expect(await recordedAround(appliance, streamId, nowS()), 'what was there before').toBeGreaterThanOrEqual(4);
  }
  await expectAgreement(dataDir);
});

test
  .skipIf(libraries.length === 0)
  .concurrent('1970 at the start, then the right time', { timeout: 240_000 }, async () => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, 'data');
    const clock = aClock(dir, '@1970-01-02 00:00:00');
    await using camera = await startRtspServer({ file: await passingBlock(600, 3), name: 'yard' });
    {
      await using appliance = await TestAppliance.start({ dataDir, config, env: clock.env });
      const { streamId } = await addCamera(appliance, { url: camera.url });
      const thenS = 24 * HOUR_S;
      await until('recorded in 1970', async () => (await recordedAround(appliance, streamId, thenS)) >= 4);
      clock.set('+0');
      const nowS = () => Math.floor(Date.now() / 1000);
      await until('recorded today', async () => (await recordedAround(appliance, streamId, nowS())) >= 4);
      expect(await recordedAround(appliance, streamId, thenS), 'what was recorded in 1970').toBeGreaterThanOrEqual(4);
    }
    await expectAgreement(dataDir);
  });

test.skipIf(libraries.length === 0).concurrent.each([
  { change: 'begins', atMs: Date.UTC(2026, 2, 29, 1) },
  { change: 'ends', atMs: Date.UTC(2026, 9, 25, 1) },
])('summer time $change: recorded in one piece', { timeout: 240_000 }, async ({ atMs }) => {
  await using dir = await tempDir();
  const dataDir = join(dir.path, 'data');
  const atS = atMs / 1000;
  const from = (thenS: number) => {
    const aheadS = Math.round(thenS - Date.now() / 1000);
    return `${aheadS < 0 ? '' : '+'}${aheadS}s`;
  };
  const clock = aClock(dir, from(atS - HOUR_S / 2));
  await using camera = await startRtspServer({ file: await passingBlock(600, 3), name: 'yard' });
  {
    const env = { ...clock.env, TZ: 'Europe/Berlin' };
    await using appliance = await TestAppliance.start({ dataDir, config, env });
    const { streamId } = await addCamera(appliance, { url: camera.url });
    await until('recorded before', async () => (await recordedAround(appliance, streamId, atS)) >= 4);
    clock.set(from(atS - 20));
    const over = await until('recorded beyond the change', async () => {
      const { recorded, gaps } = await timelineAround(appliance, streamId, atS);
      return recorded.some(([, end]) => end > atS + 6) && { recorded, gaps };
    });
    const piece = over.recorded.find(([start, end]) => start < atS && end > atS + 6);
    expect(piece, JSON.stringify(over)).toBeDefined();
    expect(
      over.gaps.filter(({ end }) => end > (piece?.[0] ?? 0)),
      'no hour is missing',
    ).toEqual([]);
    for (const [i, [start]] of over.recorded.entries())
      expect(start).toBeGreaterThanOrEqual(over.recorded[i - 1]?.[1] ?? 0);
    expect(await cameraState(appliance, streamId)).toMatchObject({ phase: 'recording', restarts: 0 });
  }
  await expectAgreement(dataDir);
});
