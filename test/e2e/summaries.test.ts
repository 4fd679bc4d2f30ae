/** What follows the prompts of audio indexes in the real appliance: a server that the configuration names, or a pack. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLog, systemClock } from '#runtime';
import { Store } from '#store';
import { writeWriter } from '../inference/tiny-writer.ts';
import { completion, startChatServer } from '../pipeline/summaries/chat-server.ts';
import { aCamera, anIndex } from '../store/fixture.ts';
import { TestAppliance } from './support/appliance.ts';
import { watchpost } from './support/cli.ts';
import { tempDir } from './support/temp-dir.ts';
import { until } from './support/waiting.ts';

const SENTENCE = { type: 'transcript', segmenter: 'sentence', value: 1 } as const;

/** A stream on which something was said while nobody could index it. */
async function something(dataDir: string, text: string): Promise<{ streamId: string; indexId: string }> {
  await mkdir(dataDir, { recursive: true });
  await using store = await Store.open(dataDir, { clock: systemClock, log: createLog('silent') });
  const { stream } = aCamera(store, { wanted: 'stopped' });
  const index = anIndex(stream.id, { prompt: 'Classify the mood', extraction: SENTENCE, resumedMs: 0, createdMs: 0 });
  store.indexes.create(index);
  const startMs = Date.now() - 120_000;
  const words = text
    .split(' ')
    .map((word, i) => ({ text: word, startMs: startMs + i * 300, endMs: startMs + i * 300 + 250 }));
  const endMs = words.at(-1)?.endMs ?? startMs;
  store.transcripts.add({ streamId: stream.id, startMs, endMs, text, words });
  return { streamId: stream.id, indexId: index.id };
}

test('without one a text pack of the box does it', async () => {
  await using dir = await tempDir();
  const dataDir = join(dir.path, 'data');
  const says = [' the', ' gate', ' is', ' open', '.', '<|end|>'];
  const pack = await writeWriter(join(dir.path, 'smol'), { says });
  await watchpost(['models', 'import', pack, '--data-dir', dataDir]);
  const { streamId, indexId } = await something(dataDir, 'Come in.');
  await using appliance = await TestAppliance.start({ dataDir });
  const [scene] = await until('the scene', async () => {
    const { scene_index_records: found } = await appliance.data<{ scene_index_records: object[] }>(
      'GET',
      `/rtstream/${streamId}/index/scene/${indexId}`,
    );
    return found.length > 0 && found;
  });
  expect(scene).toMatchObject({ text: 'the gate is open.', metadata: { summary: 'local', said: 'Come in.' } });
  const status = await appliance.data<object>('GET', '/v1/status');
  expect(status).toMatchObject({ summaries: [{ name: 'local', model: 'smol', asked: 1, failed: 0 }] });
});

test('the server is asked with its key for each scene; what was said stays beside it, and the key is told to nobody else', async () => {
  await using dir = await tempDir();
  await using server = await startChatServer();
  server.answer = (response) => void response.end(completion('cheerful'));
  const dataDir = join(dir.path, 'data');
  const { streamId, indexId } = await something(dataDir, 'What a lovely day.');
  const text = { url: server.url, model: 'tiny', apiKey: 'canary-key' };
  await using appliance = await TestAppliance.start({ dataDir, config: { models: { autoFetch: false, text } } });
  const scenes = () =>
    appliance.data<{ scene_index_records: object[] }>('GET', `/rtstream/${streamId}/index/scene/${indexId}`);
  const [scene] = await until('the scene', async () => {
    const { scene_index_records: found } = await scenes();
    return found.length > 0 && found;
  });
  expect(scene).toMatchObject({ text: 'cheerful', metadata: { summary: 'endpoint', said: 'What a lovely day.' } });
  expect(server.asked[0]).toMatchObject({ authorization: 'Bearer canary-key', body: { model: 'tiny' } });
  const status = await appliance.data<object>('GET', '/v1/status');
  expect(status).toMatchObject({ summaries: [{ name: 'endpoint', state: 'ready', asked: 1, failed: 0 }] });
  expect(JSON.stringify(status) + appliance.output).not.toContain('canary');
});
