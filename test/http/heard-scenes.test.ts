import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Scene, SceneIndex, SoundFacts } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { addIndex, addScene, addStream, type Box, openBox, T0 } from './box.ts';

const S0 = T0 / 1000;
let box: Box;
let index: SceneIndex;

beforeAll(async () => {
  box = await openBox();
  const stream = addStream(box.store);
  index = addIndex(box.store, stream.id, { extraction: { type: 'transcript', segmenter: 'sentence', value: 1 } });
});
afterAll(() => box[Symbol.asyncDispose]());

function soundAt(startMs: number, label: string): SoundFacts {
  return { sounds: [{ label, score: 0.9, startMs, endMs: startMs + 2000 }], levelDb: -20, pack: 'yamnet' };
}

function hear(startS: number, text: string, sound?: SoundFacts): Scene {
  const times = { startMs: T0 + startS * 1000, endMs: T0 + (startS + 2) * 1000 };
  const scene = { streamId: index.streamId, indexId: index.id, ...times, text, ...(sound ? { sound } : {}) };
  return box.store.scenes.add(scene, embedText(text), TEXT_EMBEDDING.model);
}

it('show a sound as their only fact, and speech without any', async () => {
  const barking = hear(0, 'a dog barks', soundAt(T0, 'bark'));
  const greeting = hear(10, 'good morning');
  const sounds = [{ label: 'bark', score: 0.9, start_ms: T0, end_ms: T0 + 2000 }];
  const sound = { sounds, level_db: -20, pack: 'yamnet' };

  const records = await box.call('GET', `/rtstream/${index.streamId}/index/scene/${index.id}`);
  expect(records.data.scene_index_records).toMatchObject([
    { scene_id: greeting.id, text: 'good morning', metadata: {} },
    { scene_id: barking.id, text: 'a dog barks', metadata: { sound } },
  ]);
  const { data } = await box.call('GET', `/v1/scenes?stream=${index.streamId}`);
  expect(data.scenes[0]).not.toHaveProperty('facts');
  expect(data.scenes[1].facts).toEqual({ sound });

  const found = await box.call('POST', `/rtstream/${index.streamId}/search`, { query: 'barking' });
  expect(found.data.results).toMatchObject([{ text: 'a dog barks' }]);
});

it('are on the timeline, and so is what was heard while something was seen', async () => {
  const stream = addStream(box.store);
  const seen = addIndex(box.store, stream.id);
  index = addIndex(box.store, stream.id, { extraction: { type: 'transcript', segmenter: 'word', value: 10 } });
  const { facts } = addScene(box.store, seen, 0, 'all is still');
  if (!facts) throw new Error('what is seen has facts');
  addScene(box.store, seen, 5, 'all is still; a siren wails', {
    facts: { ...facts, sound: soundAt(T0 + 5000, 'siren') },
  });
  hear(20, 'a dog barks', soundAt(T0 + 20_000, 'bark'));
  hear(30, 'word '.repeat(40));
  const { data } = await box.call('GET', `/v1/timeline?stream=${stream.id}&start=${S0}&end=${S0 + 60}`);
  const heard = data.scenes.map(({ sound, speech }: { sound?: string; speech?: string }) => sound ?? speech ?? '');
  expect(new Set(heard)).toEqual(new Set(['', 'a siren wails', 'a dog barks', `${'word '.repeat(16).trim()}…`]));
});
