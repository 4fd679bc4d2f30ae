/** The sound of cameras: every form of it is recorded, and none of it costs a picture. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { Lifetime } from '#runtime';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { watchpost } from './support/cli.ts';
import { freePort } from './support/ports.ts';
import { SPEECH_MODEL } from './support/speech-model.ts';
import { tempDir } from './support/temp-dir.ts';
import { passingBlock, type SoundForm, silentYard, spoken, toneOf, yardSounding } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, cameraState, recordedSince, streamUrl, timeline } from './support/watching.ts';

const run = promisify(execFile);

const FORMS: SoundForm[] = [
  { encoder: 'aac', rate: 48_000, channels: 2 },
  { encoder: 'aac', rate: 8000, channels: 1 },
  { encoder: 'pcm_alaw', rate: 8000, channels: 1 },
  { encoder: 'pcm_mulaw', rate: 8000, channels: 1 },
  { encoder: 'libopus', rate: 48_000, channels: 2 },
];

const SAID = 'The delivery van has arrived at the gate.';

test.concurrent('AAC, G.711 and Opus, slow and stereo, are recorded and understood', async () => {
  const sayings = Array.from({ length: 15 }, (_, i) => ({ atS: i * 8 + 1, text: SAID }));
  const sound = await spoken(120, sayings);
  const life = new Lifetime();
  try {
    const dir = life.use(await tempDir());
    await watchpost(['models', 'import', SPEECH_MODEL, '--data-dir', dir.path]);
    const config = { recording: { segmentSeconds: 2 } };
    const appliance = life.use(await TestAppliance.start({ dataDir: dir.path, config }));
    const recordedAndUnderstood = async (form: SoundForm) => {
      const name = `${form.encoder}-${form.rate}`;
      const camera = life.use(await startRtspServer({ file: await yardSounding(120, sound, form), name }));
      const { streamId } = await addCamera(appliance, { url: camera.url, name });
      const startS = (await recordedSince(appliance, streamId, 0, 8)) / 1000;
      const url = await streamUrl(appliance, streamId, startS, startS + 7);
      expect(await streamsOf(url), name).toEqual(['aac', 'h264']);
      expect(await loudnessOf(url), name).toBeGreaterThan(-50); // Somebody talks.
      await until(`words of ${name}`, async () => /delivery|arrived|gate/.test(await wordsOf(appliance, streamId)));
      expect((await cameraState(appliance, streamId))?.notes, name).toEqual([]);
    };
    await Promise.all(FORMS.map(recordedAndUnderstood));
  } finally {
    await life[Symbol.asyncDispose]();
  }
});

test.concurrent('sound that breaks off leaves the picture without a gap', async () => {
  // Much shorter, and the stand-in camera would not see that there is sound.
  const file = await yardSounding(90, await toneOf(30), { encoder: 'aac', rate: 48_000, channels: 1 });
  await using camera = await startRtspServer({ file, name: 'yard' });
  await using appliance = await TestAppliance.start({ config: { recording: { segmentSeconds: 2 } } });
  const { streamId } = await addCamera(appliance, { url: camera.url });
  const firstMs = await recordedSince(appliance, streamId, 0, 8);
  await until('recording without sound', async () => {
    return (await cameraState(appliance, streamId))?.notes.some((note) => note.includes('without sound'));
  });
  const withoutMs = Date.now();
  await recordedSince(appliance, streamId, withoutMs, 8);
  const { recorded, gaps } = await timeline(appliance, streamId);
  expect(gaps.filter(({ start }) => start * 1000 >= firstMs)).toEqual([]);
  expect(recorded[0]?.[1]).toBeGreaterThan(withoutMs / 1000 + 4);
  expect((await cameraState(appliance, streamId))?.restarts).toBe(0);
});

test.concurrent('a microphone that was added is heard after the camera has come back', async () => {
  const port = await freePort();
  const yard = { name: 'yard', port };
  await using appliance = await TestAppliance.start({ config: { recording: { segmentSeconds: 2 } } });
  let streamId = '';
  {
    await using camera = await startRtspServer({ ...yard, file: await silentYard(120) });
    ({ streamId } = await addCamera(appliance, { url: camera.url }));
    const startS = (await recordedSince(appliance, streamId, 0, 6)) / 1000;
    expect(await streamsOf(await streamUrl(appliance, streamId, startS + 1, startS + 5))).toEqual(['h264']);
  }
  await using camera = await startRtspServer({ ...yard, file: await passingBlock(240) });
  expect(camera.url).toContain(String(port));
  await until(
    'sound in the recording',
    async () => {
      const nowS = Date.now() / 1000;
      return (await streamsOf(await streamUrl(appliance, streamId, nowS - 6, nowS - 3))).includes('aac');
    },
    120_000,
  );

  const offMs = Date.now();
  await appliance.data('PATCH', `/v1/streams/${streamId}/recording`, { audio: false });
  await until('a recording without sound', async () => {
    const nowS = Date.now() / 1000;
    return String(await streamsOf(await streamUrl(appliance, streamId, nowS - 6, nowS - 3))) === 'h264';
  });
  const { gaps } = await timeline(appliance, streamId);
  expect(gaps.filter(({ end }) => end * 1000 > offMs)).toEqual([]);
  expect((await cameraState(appliance, streamId))?.notes).toEqual([]); // It was asked for.
});

/** What was said so far. */
async function wordsOf(appliance: TestAppliance, streamId: string): Promise<string> {
  const path = `/rtstream/${streamId}/transcription`;
  const { transcription_records: records } = await appliance.data<{ transcription_records: { text: string }[] }>(
    'GET',
    path,
  );
  return records.map(({ text }) => text.toLowerCase()).join(' ');
}

/** Codecs in a playlist, in alphabetical order. */
async function streamsOf(url: string): Promise<string[]> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', url]);
  return [...new Set(stdout.split('\n').map((line) => line.replace(/,.*/, '').trim()))].filter(Boolean).toSorted();
}

/** Mean volume in dBFS. */
async function loudnessOf(url: string): Promise<number> {
  const { stderr } = await run('ffmpeg', [
    '-nostdin',
    '-i',
    url,
    '-map',
    '0:a',
    '-af',
    'volumedetect',
    '-f',
    'null',
    '-',
  ]);
  return Number(/mean_volume: (-?[\d.]+) dB/.exec(stderr)?.[1]);
}
