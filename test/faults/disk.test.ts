/** A disk that is full, fails, or has become read-only: recording goes on when it can, nothing promised is lost. */
import { rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { watchpost } from '../e2e/support/cli.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { passingBlock } from '../e2e/support/videos.ts';
import { until } from '../e2e/support/waiting.ts';
import { addCamera, arm, cameraState, recordedSince, timeline } from '../e2e/support/watching.ts';
import type { FiringAnswer } from '../e2e/support/wire.ts';
import { aFailingDisk, CAN_FAIL } from './failing-disk.ts';

test.skipIf(!CAN_FAIL)(
  'recording and alerts survive a full, a failing and a read-only disk',
  { timeout: 300_000 },
  async () => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, 'data');
    const { env, knob } = aFailingDisk(dir.path, dataDir);
    await using camera = await startRtspServer({ file: await passingBlock(600, 3), name: 'yard' });
    const config = { recording: { segmentSeconds: 2 } };
    const promised = new Set<string>();
    let streamId = '';
    {
      await using appliance = await TestAppliance.start({ dataDir, config, env });
      const watch = await addCamera(appliance, { url: camera.url, seconds: 1, frames: 2 });
      await arm(appliance, watch, { prompt: 'something moves', label: 'movement' });
      ({ streamId } = watch);
      await recordedSince(appliance, streamId, 0, 4);
      for (const [what, number] of Object.entries({
        full: constants.errno.ENOSPC,
        broken: constants.errno.EIO,
        'read-only': constants.errno.EROFS,
      })) {
        const { alerts } = await appliance.data<{ alerts: FiringAnswer[] }>('GET', '/v1/alerts');
        for (const { id } of alerts) promised.add(id);
        const before = appliance.output.length;
        const { restarts = 0 } = (await cameraState(appliance, streamId)) ?? {};
        writeFileSync(knob, String(number));
        await until(`it says that the disk is ${what}`, () =>
          /could not be kept|not entered|database failed|disk is full|disk failed|can't be written to|read-only file system|No space left|Input\/output error/i.test(
            appliance.output.slice(before),
          ),
        );
        await until(`its ffmpeg has ended for want of a disk (${what})`, async () => {
          const state = await cameraState(appliance, streamId);
          return state !== undefined && (state.restarts > restarts || state.phase !== 'recording');
        });
        expect(appliance.running, `${what}\n${appliance.output.slice(-3000)}`).toBe(true);
        rmSync(knob);
        await recordedSince(appliance, streamId, Date.now(), 4);
      }
      const { alerts } = await appliance.data<{ alerts: FiringAnswer[] }>('GET', '/v1/alerts?limit=500');
      const kept = new Set(alerts.map(({ id }) => id));
      expect([...promised].filter((id) => !kept.has(id))).toEqual([]);
      expect((await timeline(appliance, streamId)).gaps.length, 'what is missing is said').toBeGreaterThan(0);
    }
    const { code, stdout, stderr } = await watchpost(['doctor', '--data-dir', dataDir]);
    expect(code, stdout + stderr).toBe(0);
  },
);
