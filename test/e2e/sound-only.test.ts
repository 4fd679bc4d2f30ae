/** A source with sound and no picture: from the probe to the export as any other, and what asks for pictures is told why not. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { watchpost } from './support/cli.ts';
import { voiceEdges } from './support/edges.ts';
import { freePort } from './support/ports.ts';
import { SPEECH_MODEL } from './support/speech-model.ts';
import { tempDir } from './support/temp-dir.ts';
import { onlySound, spoken } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { arm, cameraState, recordedSince, streamUrl, timeline } from './support/watching.ts';
import { startWebhook } from './support/webhook.ts';

const run = promisify(execFile);
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--autoplay-policy=no-user-gesture-required'];
const OPUS = { encoder: 'libopus', rate: 48_000, channels: 1 } as const;
const AAC = { encoder: 'aac', rate: 48_000, channels: 2 } as const;
const recording = { segmentSeconds: 2 };

/** Somebody calls for help every eight seconds. */
const calling = (seconds: number) =>
  spoken(
    seconds,
    Array.from({ length: Math.floor(seconds / 8) }, (_, i) => ({
      atS: i * 8 + 2,
      text: 'Help me please, somebody help!',
    })),
  );

test.concurrent('a microphone is tried, recorded, heard, watched, played and exported', async () => {
  await using dir = await tempDir();
  await watchpost(['models', 'import', SPEECH_MODEL, '--data-dir', dir.path]);
  await using webhook = await startWebhook();
  await using camera = await startRtspServer({ file: await onlySound(await calling(120), OPUS), name: 'mic' });
  await using appliance = await TestAppliance.start({ dataDir: dir.path, config: { recording } });
  const { url } = camera;
  const probed = await appliance.data<{ facts: object; advice: string[] }>('POST', '/v1/control/cameras/probe', {
    url,
  });
  expect(probed).toMatchObject({ facts: { audio_codec: 'opus', width: 0 }, advice: [] });
  expect(probed.facts).not.toHaveProperty('video_codec');
  expect((await watchpost(['probe', url])).stdout).toContain('sends sound only');

  const wish = { collection_id: 'default', url, name: 'mic:default', media_types: ['audio'] };
  const { id } = await appliance.data<{ id: string }>('POST', '/rtstream', wish);
  const indexed = (body: object) =>
    appliance.data<{ rtstream_index_id: string; missing: string[] }>('POST', `/rtstream/${id}/index/scene`, body);
  const hears = await indexed({ extraction_type: 'transcript', prompt: 'Write down what is said' });
  const sees = await indexed({ prompt: 'Describe what is there' });
  expect(sees.missing[0]).toContain('sound only');
  const event = { prompt: 'someone calls for help', label: 'help', callbackUrl: webhook.url };
  await arm(appliance, { streamId: id, indexId: hears.rtstream_index_id }, event);

  const alert = await webhook.next();
  expect(alert).toMatchObject({ label: 'help', rtstream_id: id });
  const calledS = Number(alert['start_time']);
  await recordedSince(appliance, id, calledS * 1000 + 4000, 1);
  const playlist = await streamUrl(appliance, id, calledS - 1.5, calledS + 3);
  expect(Math.abs((await voiceEdges(playlist)).startMs - calledS * 1000)).toBeLessThan(500);
  expect(await (await fetch(playlist)).text()).toContain('CODECS="mp4a.40.2"');
  expect(await cameraState(appliance, id)).toMatchObject({ phase: 'recording', restarts: 0, notes: [], degraded: [] });

  await expectRefusals(appliance, id, calledS);
  const clip = Buffer.from(await (await appliance.request('GET', `/v1/streams/${id}/clip.mp4`)).arrayBuffer());
  expect(clip.includes('moof')).toBe(true);
  await expectPlayed(appliance, id, calledS);
  await expectExported(appliance, id);
  const { code, stdout } = await watchpost(['doctor', '--data-dir', dir.path]);
  expect(code, stdout).toBe(0);
});

async function expectRefusals(appliance: TestAppliance, id: string, atS: number): Promise<void> {
  const asked = [
    'latest.jpg',
    'snapshot.jpg',
    `snapshot.jpg?at=${atS}`,
    'jsmpeg',
    `sheet.jpg?start=${atS}&end=${atS + 2}`,
  ];
  for (const path of asked) {
    const answer = await (await appliance.request('GET', `/v1/streams/${id}/${path}`)).json();
    const message = expect.stringMatching(/sends sound only|only sound was recorded/);
    expect(answer, path).toMatchObject({ success: false, error_code: 'refused', message });
  }
}

/** The page says that there is no picture, and plays on. */
async function expectPlayed(appliance: TestAppliance, id: string, atS: number): Promise<void> {
  const { player_url: url } = await appliance.data<{ player_url: string }>(
    'GET',
    `/rtstream/${id}/stream?start=${atS - 2}&end=${atS + 3}`,
  );
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.getByText('Sound only. It is muted').waitFor();
    const video = page.locator('video');
    const playedS = () => video.evaluate((element: HTMLVideoElement) => element.currentTime);
    await until('it plays', async () => (await playedS()) > 1);
    await video.evaluate((element: HTMLVideoElement) => {
      element.muted = false;
    });
    await page.getByText('Sound only.', { exact: true }).waitFor();
  } finally {
    await browser.close();
  }
}

async function expectExported(appliance: TestAppliance, id: string): Promise<void> {
  await appliance.data('PATCH', `/rtstream/${id}/status`, { action: 'stop' });
  const made = await until('the export', async () => {
    const answer = await appliance.data<{ video_id?: string; stream_url: string }>(
      'POST',
      `/rtstream/${id}/export`,
      {},
    );
    return answer.video_id !== undefined && answer;
  });
  expect(made.video_id).toMatch(/^a-/);
  const shown = ['-show_entries', 'stream=codec_type', '-of', 'csv=p=0'];
  expect((await run('ffprobe', ['-v', 'error', ...shown, made.stream_url])).stdout.trim().split('\n')).toContain(
    'audio',
  );
  const { audios } = await appliance.data<{ audios: { id: string; length: string }[] }>('GET', '/audio');
  expect(audios.map((one) => one.id)).toContain(made.video_id);
}

test.concurrent('it is recorded on after kill -9, and after the source was away', async () => {
  const port = await freePort();
  const file = await onlySound(await calling(120), AAC);
  await using dir = await tempDir();
  const options = { dataDir: dir.path, config: { recording } };
  let id = '';
  let killedMs = 0;
  {
    await using source = await startRtspServer({ file, name: 'radio', port });
    const wish = { collection_id: 'default', url: source.url, name: 'radio' };
    {
      await using appliance = await TestAppliance.start(options);
      ({ id } = await appliance.data<{ id: string }>('POST', '/rtstream', wish));
      await recordedSince(appliance, id, 0, 4);
      await appliance.kill('SIGKILL');
      killedMs = Date.now();
    }
    await using appliance = await TestAppliance.start(options);
    await recordedSince(appliance, id, killedMs, 3);
    const { recorded, gaps } = await timeline(appliance, id);
    expect((recorded[0]?.[1] ?? 0) - (recorded[0]?.[0] ?? 0)).toBeGreaterThanOrEqual(4);
    expect(gaps).toHaveLength(1);
    await source[Symbol.asyncDispose]();
    await until('it is missed', async () => (await cameraState(appliance, id))?.phase === 'waiting');
    await using back = await startRtspServer({ file: await onlySound(await calling(120), OPUS), name: 'radio', port });
    const backMs = Date.now();
    expect(back.url).toBe(wish.url);
    await recordedSince(appliance, id, backMs, 3);
    expect((await timeline(appliance, id)).gaps).toHaveLength(2);
  }
});
