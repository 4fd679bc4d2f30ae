/** What small models see beside objects, from the camera to the search: likeness to a text, and what is written. */
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { watchpost } from './support/cli.ts';
import { ABSENT, sharedFile } from './support/shared.ts';
import { tempDir } from './support/temp-dir.ts';
import { type Shown, squaresInTurn, stillOf } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, arm, recordedSince, scenes } from './support/watching.ts';
import { startWebhook } from './support/webhook.ts';

/** Of this project's own making; knows coloured shapes and where they are. */
const CLIP_MODEL = fileURLToPath(new URL('../fixtures/clip-model/model', import.meta.url));
const PLATE = sharedFile('media/images/plate_synth.png');
const FINDER = sharedFile('models/ppocr-det-en-v3');
const READER = sharedFile('models/ppocr-rec-en-number-v2');

const SHOWN = [
  { colour: 'red', x: 0.2, y: 0.5 },
  { colour: 'blue', x: 0.8, y: 0.5 },
  { colour: 'yellow', x: 0.5, y: 0.22 },
  { colour: 'green', x: 0.5, y: 0.78 },
] as const satisfies readonly Shown[];

async function importPacks(dataDir: string, packs: readonly string[]): Promise<void> {
  for (const pack of packs) {
    const imported = await watchpost(['models', 'import', pack, '--data-dir', dataDir]);
    expect(imported.code, imported.stderr).toBe(0);
  }
}

test.concurrent('a picture is found by what it looks like, though no word of it was ever written down', async () => {
  await using dir = await tempDir();
  await importPacks(dir.path, [CLIP_MODEL]);
  await using camera = await startRtspServer({ file: await squaresInTurn(SHOWN, 4), name: 'squares' });
  await using appliance = await TestAppliance.start({ dataDir: dir.path });
  const { streamId } = await addCamera(appliance, { url: camera.url, name: 'squares', seconds: 2, frames: 1 });
  await until('all four were seen', async () => (await scenes(appliance, streamId)).length >= 6);

  for (const [query, [r, g, b], { x, y }] of [
    ['a red square on the left', [230, 30, 30], SHOWN[0]],
    ['a blue square on the right', [30, 30, 230], SHOWN[1]],
  ] as const) {
    // While the model is busy a search goes by words alone.
    await until(query, async () => {
      const { results } = await appliance.data<{ results: { text: string; thumbnail_url: string }[] }>(
        'GET',
        `/v1/search?q=${encodeURIComponent(query)}&limit=1`,
      );
      const [hit] = results;
      if (!hit) return false;
      expect(hit.text).not.toMatch(/red|blue|square/);
      const seen = await colourAt(new URL(hit.thumbnail_url, appliance.url).href, x, y);
      return Math.hypot(seen[0] - r, seen[1] - g, seen[2] - b) < 90;
    });
  }
});

test.concurrent('what only pictures show fires an alert, and its contrary does not', async () => {
  await using dir = await tempDir();
  await importPacks(dir.path, [CLIP_MODEL]);
  await using camera = await startRtspServer({ file: await squaresInTurn(SHOWN.slice(0, 2), 8), name: 'squares' });
  await using hook = await startWebhook();
  await using appliance = await TestAppliance.start({ dataDir: dir.path });
  const yard = await addCamera(appliance, { url: camera.url, name: 'squares', seconds: 2, frames: 1 });
  const armed = { callbackUrl: hook.url };
  await arm(appliance, yard, { prompt: 'tell me when a red square is on the left', label: 'left', ...armed });
  await arm(appliance, yard, { prompt: 'a red square on the right', label: 'right', ...armed });
  const prompt = 'a red square on the left';
  const { check } = await appliance.data<{ check: object }>('POST', '/v1/events/understand', { prompt });
  expect(check).toMatchObject({ kind: 'pictures', instead_of: expect.arrayContaining(['a red square on the right']) });
  const first = await hook.next();
  expect(first).toMatchObject({ label: 'left', explanation: expect.stringContaining('The picture looks like "a red') });
  const again = await hook.next(({ firing_id: id }) => id !== first['firing_id']);
  // The other one is shown in between.
  expect(Number(again['start_time'])).toBeGreaterThan(Number(first['start_time']) + 4);
  expect(hook.alerts.every(({ label }) => label === 'left')).toBe(true);
});

test.concurrent('a new index describes what was recorded before it was there', async () => {
  await using camera = await startRtspServer({ file: await squaresInTurn(SHOWN, 4), name: 'squares' });
  await using appliance = await TestAppliance.start();
  const { streamId } = await addCamera(appliance, { url: camera.url, name: 'squares', seconds: 2, frames: 1 });
  const from = (await recordedSince(appliance, streamId, 0, 12)) / 1000;
  const askedAt = Date.now() / 1000;
  const index = await appliance.data<{ rtstream_index_id: string }>('POST', `/rtstream/${streamId}/index/scene`, {
    prompt: 'Describe the scene',
    extraction_config: { time: 2, frame_count: 1 },
    backfill: { from },
  });
  const progress = `/v1/streams/${streamId}/indexes/${index.rtstream_index_id}/backfill`;
  await until('all of it is described', async () => {
    const { status } = await appliance.data<{ status: string }>('GET', progress);
    return status === 'done';
  });
  const page = await appliance.data<{ scene_index_records: { start: number; thumbnail_url: string }[] }>(
    'GET',
    `/rtstream/${streamId}/index/scene/${index.rtstream_index_id}?end=${askedAt}`,
  );
  const starts = page.scene_index_records.map(({ start }) => start);
  expect(Math.min(...starts)).toBeLessThan(from + 3);
  expect(starts.length).toBeGreaterThanOrEqual(3);
  expect((await fetch(page.scene_index_records.at(-1)?.thumbnail_url ?? '')).status).toBe(200);
});

test.concurrent('a number plate is read, and given as JSON to who asks for it', async ({ skip }) => {
  if (!PLATE || !FINDER || !READER) return skip(ABSENT);
  await using dir = await tempDir();
  await importPacks(dir.path, [FINDER, READER]);
  await using camera = await startRtspServer({ file: await stillOf(PLATE, 20), name: 'gate' });
  await using appliance = await TestAppliance.start({ dataDir: dir.path });
  const { streamId } = await addCamera(appliance, { url: camera.url, name: 'gate', seconds: 2, frames: 1 });
  const index = await appliance.data<{ rtstream_index_id: string; understood: string; missing: string[] }>(
    'POST',
    `/rtstream/${streamId}/index/scene`,
    {
      prompt: 'Read the number plate. Return JSON: {"plate": "the number plate", "people": "number of people"}',
      extraction_config: { time: 2, frame_count: 1 },
    },
  );
  expect(index.missing.join()).not.toContain('written');
  const records = `/rtstream/${streamId}/index/scene/${index.rtstream_index_id}`;
  const read = await until('the plate is read', async () => {
    const page = await appliance.data<{ scene_index_records: { text: string; metadata: Metadata }[] }>('GET', records);
    return page.scene_index_records.find(({ text }) => text.includes('KX51 ABD'));
  });
  expect(read.metadata.texts.map(({ text }) => text)).toContain('KX51 ABD');
  expect(read.metadata.json).toMatchObject({ plate: expect.stringContaining('KX51 ABD') });
  const { results } = await appliance.data<{ results: { text: string }[] }>('GET', '/v1/search?q=KX51&limit=1');
  expect(results[0]?.text).toContain('KX51 ABD');
});

interface Metadata {
  texts: { text: string }[];
  json: unknown;
}

async function colourAt(url: string, x: number, y: number): Promise<[number, number, number]> {
  const picture = await fetch(url);
  const jpeg = Buffer.from(await picture.arrayBuffer());
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  const at = (Math.round(y * info.height) * info.width + Math.round(x * info.width)) * info.channels;
  return [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
}
