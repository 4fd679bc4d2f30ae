/** The whole appliance with a camera, ended at every step of recording, seeing and telling, one life after the other. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { FAULT_POINTS } from '#runtime';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { watchpost } from '../e2e/support/cli.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { blinkingRoom } from '../e2e/support/videos.ts';
import { addCamera, arm, recordedSince } from '../e2e/support/watching.ts';
import type { FiringAnswer } from '../e2e/support/wire.ts';
import { isFull } from './form.ts';

const KILL_AT = pathToFileURL(join(import.meta.dirname, 'kill-at.mjs')).href;
const STEPS = FAULT_POINTS.filter((point) => /^(session|handover|segment|scene|firing)\./.test(point));
const config = { recording: { segmentSeconds: 2 } };

async function alerts(appliance: TestAppliance): Promise<string[]> {
  const answer = await appliance.data<{ alerts: FiringAnswer[] }>('GET', '/v1/alerts?limit=500');
  return answer.alerts.map(({ id }) => id);
}

test.runIf(isFull)('ended at each step, it has all that it had', { timeout: 600_000 }, async () => {
  await using dir = await tempDir();
  const dataDir = join(dir.path, 'data');
  await using camera = await startRtspServer({ file: await blinkingRoom(600), name: 'hall' });
  let streamId = '';
  {
    await using appliance = await TestAppliance.start({ dataDir, config });
    const watch = await addCamera(appliance, { url: camera.url, seconds: 1, frames: 2 });
    ({ streamId } = watch);
    for (const prompt of ['the light goes on', 'the light goes off', 'something moves']) {
      await arm(appliance, watch, { prompt, label: prompt.replaceAll(' ', '-') });
    }
  }
  for (const point of STEPS) {
    const env = { NODE_OPTIONS: `--import ${KILL_AT}`, WATCHPOST_KILL_AT: point };
    await using doomed = await TestAppliance.start({ dataDir, config, env, whenServing: false });
    expect(await doomed.ended, `${point}\n${doomed.output.slice(-2000)}`).toMatchObject({ signal: 'SIGKILL' });
    const { code, stdout, stderr } = await watchpost(['doctor', '--data-dir', dataDir]);
    expect(code, `${point}\n${stdout}${stderr}`).toBe(0);
  }
  await using appliance = await TestAppliance.start({ dataDir, config });
  const fired = await alerts(appliance);
  expect(fired.length).toBeGreaterThan(0);
  expect(new Set(fired).size, 'none twice').toBe(fired.length);
  await recordedSince(appliance, streamId, 0, 10);
});
