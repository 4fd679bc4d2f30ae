import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { addIndex, addScene, addStream, type Box, openBox, T0 } from './box.ts';

const TRANSCRIPT = { type: 'transcript', segmenter: 'sentence', value: 1 } as const;

describe('searching what was said', () => {
  let box: Box;
  let streamId: string;
  beforeEach(async () => {
    box = await openBox();
    streamId = addStream(box.store).id;
  });
  afterEach(() => box[Symbol.asyncDispose]());

  const say = (atS: number, text: string, of = streamId) => {
    const startMs = T0 + atS * 1000;
    const draft = { streamId: of, startMs, endMs: startMs + 4000, text, words: [], language: 'en', confidence: 0.5 };
    box.store.transcripts.add(draft, embedText(text), TEXT_EMBEDDING.model);
  };
  const search = async (body: object, path = `/rtstream/${streamId}/search`) =>
    (await box.call('POST', path, body)).data.results;

  it('finds it without any index, and names it as a transcript', async () => {
    say(10, 'The parcel is at the door.');
    const [hit, ...others] = await search({ query: 'parcel' });
    expect(hit).toEqual({
      start: T0 / 1000 + 10,
      end: T0 / 1000 + 14,
      text: 'The parcel is at the door.',
      description: 'The parcel is at the door.',
      metadata: { language: 'en', confidence: 0.5 },
      score: hit.score,
      search_score: hit.score,
      id: streamId,
      rtstream_id: streamId,
      rtstream_name: 'Gate',
      scene_index_id: '',
      scene_index_name: 'transcript',
    });
    expect(hit.score).toBeGreaterThanOrEqual(0.8);
    expect(others).toEqual([]);
    const inAll = await search({ query: 'parcel' }, '/rtstream/collection/default/search');
    expect(inAll).toEqual([hit]);
    const own = await box.call('GET', '/v1/search?q=parcel');
    expect(own.data.results).toMatchObject([
      { kind: 'transcript', index_id: '', stream_id: streamId, score: hit.score },
    ]);
  });

  it('puts scenes and words in one order, the best first, and keeps to limit, threshold and filter', async () => {
    const scenes = addIndex(box.store, streamId);
    addScene(box.store, scenes, 0, 'A red van parks.');
    say(20, 'The red van is here, the driver is coming.');
    say(40, 'Good morning.');
    const both = await search({ query: 'red van' });
    expect(both.map(({ scene_index_name }: { scene_index_name: string }) => scene_index_name)).toEqual([
      'scenes',
      'transcript',
    ]);
    expect(both[0].score).toBeGreaterThan(both[1].score);
    expect(await search({ query: 'red van', result_threshold: 1 })).toEqual([both[0]]);
    expect(await search({ query: 'red van', score_threshold: both[1].score + 0.01 })).toEqual([both[0]]);
    expect(await search({ query: 'red van', dynamic_score_percentage: 1 })).toEqual([both[0]]);
    expect(await search({ query: 'red van', filter: [{ language: 'en' }] })).toEqual([both[1]]);
    expect(await search({ query: 'red van', scene_index_id: scenes.id })).toEqual([both[0]]);
  });

  it('finds a moment once when an audio index has it too, as sure as the surer', async () => {
    const audio = addIndex(box.store, streamId, { name: 'talk', extraction: TRANSCRIPT });
    say(0, 'Please help me. The gate is stuck. Where is everyone?');
    say(60, 'Please help me, too.');
    const heard = (atS: number, text: string) => {
      const startMs = T0 + atS * 1000;
      const scene = { streamId, indexId: audio.id, startMs, endMs: startMs + 1000, text };
      box.store.scenes.add(scene, embedText(text), TEXT_EMBEDDING.model);
    };
    heard(0, 'Please help me.');
    heard(2, 'The gate is stuck.');
    const names = (found: { text: string; scene_index_name: string }[]) =>
      found.map(({ text, scene_index_name: name }) => [text, name]);
    expect(names(await search({ query: 'help me' }))).toEqual([
      ['Please help me.', 'talk'],
      ['Please help me, too.', 'transcript'],
    ]);
    const [hit] = await search({ query: 'where is everyone at the stuck gate', score_threshold: 0.75 });
    expect(hit).toMatchObject({ text: 'The gate is stuck.', scene_index_name: 'talk' });
  });

  it('keeps another stream and collection apart', async () => {
    const apart = box.store.collections.create({ name: 'Apart' });
    const other = addStream(box.store, { collectionId: apart.id, name: 'Shed' });
    say(0, 'Lunch is ready.', other.id);
    expect(await search({ query: 'lunch' })).toEqual([]);
    expect(await search({ query: 'lunch' }, '/rtstream/collection/default/search')).toEqual([]);
    expect(await search({ query: 'lunch' }, `/rtstream/collection/${apart.id}/search`)).toMatchObject([
      { rtstream_name: 'Shed' },
    ]);
  });
});
