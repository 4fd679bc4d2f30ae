/** What breaks around the recorder, and that it comes back by itself: once, soon, and honest about what is missing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lifetime } from '#runtime';
import { type RtspServer, startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { isFull } from '../faults/form.ts';
import { TestAppliance } from './support/appliance.ts';
import { watchpost } from './support/cli.ts';
import { freePort } from './support/ports.ts';
import { ffmpegsOf } from './support/processes.ts';
import { ABSENT, sharedFile } from './support/shared.ts';
import { tempDir } from './support/temp-dir.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, cameraState, recordedSince, timeline, type Watch } from './support/watching.ts';
import type { StatusAnswer } from './support/wire.ts';

const PACK = sharedFile('models/yolox-nano');
/** In full, nothing else runs beside it. */
const BACK_WITHIN_MS = isFull ? 10_000 : 30_000;

describe.sequential('a recording camera', () => {
  const life = new Lifetime();
  let appliance: TestAppliance;
  let camera: RtspServer;
  let watch: Watch;
  let port: number;
  const serve = async () => startRtspServer({ file: await passingBlock(240), name: 'yard', port });

  beforeAll(async () => {
    const dir = life.use(await tempDir());
    if (PACK) await watchpost(['models', 'import', PACK, '--data-dir', dir.path]);
    port = await freePort();
    camera = await serve();
    life.defer(() => camera[Symbol.asyncDispose]());
    appliance = life.use(
      await TestAppliance.start({ dataDir: dir.path, config: { recording: { segmentSeconds: 2 } } }),
    );
    watch = await addCamera(appliance, { url: camera.url, seconds: 2, frames: 2 });
    await recordedSince(appliance, watch.streamId, 0, 6);
  });
  afterAll(() => life[Symbol.asyncDispose]());

  /** Recording is back in time, by one process, and the hole in it is shown. */
  async function expectRecovery(brokenMs: number, backMs: number): Promise<void> {
    const resumedMs = await recordedSince(appliance, watch.streamId, brokenMs + 1000, 6);
    expect(resumedMs - backMs, 'ms until recording was back').toBeLessThanOrEqual(BACK_WITHIN_MS);
    await until('one ffmpeg, and no other', async () => (await ffmpegsOf(appliance.pid)).length === 1);
    const { recorded, gaps } = await timeline(appliance, watch.streamId);
    const gap = gaps.find(({ start, end }) => end * 1000 > brokenMs - 5000 && start * 1000 < backMs + 1000);
    expect(gap, JSON.stringify({ brokenMs, gaps, recorded })).toMatchObject({ reason: expect.stringMatching(/\S/) });
    for (const [start, end] of recorded) expect(gap && start < gap.end - 0.5 && end > gap.start + 0.5).toBe(false);
  }

  test('survives the camera going away and coming back', async () => {
    const goneMs = Date.now();
    await camera[Symbol.asyncDispose]();
    await until('the loss is noticed', async () => (await cameraState(appliance, watch.streamId))?.phase === 'waiting');
    expect((await cameraState(appliance, watch.streamId))?.last_error).toMatch(/\S/);
    camera = await serve();
    await expectRecovery(goneMs, Date.now());
  });

  test('survives ffmpeg being killed', async () => {
    const [ffmpeg] = await ffmpegsOf(appliance.pid);
    const killedMs = Date.now();
    process.kill(ffmpeg?.pid ?? 0, 'SIGKILL');
    await expectRecovery(killedMs, killedMs);
  });

  test('survives ffmpeg hanging', async () => {
    const [ffmpeg] = await ffmpegsOf(appliance.pid);
    const hungMs = Date.now();
    process.kill(ffmpeg?.pid ?? 0, 'SIGSTOP');
    await expectRecovery(hungMs, hungMs);
    expect((await ffmpegsOf(appliance.pid)).map(({ pid }) => pid)).not.toContain(ffmpeg?.pid);
  });

  test('records on without a gap when the inference host is killed', async ({ skip }) => {
    if (!PACK) return skip(ABSENT);
    const status = () => appliance.data<StatusAnswer>('GET', '/v1/status');
    const { inference } = await until('the detector is ready', async () => {
      const answer = await status();
      return answer.inference.state === 'ready' && answer;
    });
    const killedMs = Date.now();
    process.kill(inference.pid ?? 0, 'SIGKILL');
    await until('the inference host is back', async () => {
      const now = (await status()).inference;
      return now.restarts > inference.restarts && now.state === 'ready' && now.pid !== inference.pid;
    });
    await recordedSince(appliance, watch.streamId, killedMs, 6);
    const { recorded } = await timeline(appliance, watch.streamId);
    const around = recorded.find(([start, end]) => start * 1000 <= killedMs && end * 1000 >= killedMs + 5000);
    expect(around, JSON.stringify(recorded)).toBeDefined();
  });
});
