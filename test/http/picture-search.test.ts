/** Scenes are found by what their pictures look like, through the real model process, from the request to the answer. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Frame, SceneIndex } from '#domain';
import { embedText, pictureQuery, TEXT_EMBEDDING } from '#inference';
import type { Store } from '#store';
import { lookCloser, type Sight, type Wanted } from '../../src/inference/sight.ts';
import { type Bench, inferenceWith } from '../inference/references.ts';
import { CLIP_MODEL, draw, type Scene, type Untold, untaughtScenes } from '../inference/shapes.ts';
import { addIndex, addScene, addStream, addVideo, addVideoIndex, type Box, openBox, T0 } from './box.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const LEAST_FOUND = 0.9;
/** Of things that the model was not taught: this colour, this shape and this place together. */
const ASKED: Scene = {
  caption: 'a red square on the left',
  ground: 'grey',
  things: [{ colour: 'red', shape: 'square', place: 'left' }],
};
const ONLY_LOOKS: Wanted = { faces: false, texts: false, identity: false, likeness: true, phrases: [] };
const never = new AbortController().signal;

let bench: Bench;
let box: Box;
let index: SceneIndex;
const scenes = [ASKED, ...untaughtScenes(60, 3).filter((scene) => !shows(scene, ASKED))];
beforeAll(async () => {
  bench = await inferenceWith(undefined, undefined, undefined, [CLIP_MODEL]);
  const { inference } = bench;
  box = await openBox({ pictureQuery: (text, signal) => pictureQuery(text, inference, signal) });
  index = addIndex(box.store, addStream(box.store).id);
  for (const [i, scene] of scenes.entries()) store(box.store, index, i, await seen(scene, i));
});
afterAll(async () => {
  await box[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});

function shows({ things }: Untold, { things: [wanted] }: Untold): boolean {
  return things.some(
    ({ colour, shape, place }) => colour === wanted?.colour && shape === wanted.shape && place === wanted.place,
  );
}

/** As an index looks at a frame of its camera. */
async function seen(scene: Untold, seed: number): Promise<Sight> {
  const { data, info } = await (await draw(scene, seed)).raw().toBuffer({ resolveWithObject: true });
  const frame: Frame = { atMs: T0, width: info.width, height: info.height, rgb: data, sceneScore: 0 };
  return lookCloser(frame, ONLY_LOOKS, bench.inference, { streamId: 'rts-1', priority: 'index' }, never);
}

/** Nothing in its words tells it from the others. */
function store(to: Store, { id: indexId, streamId }: SceneIndex, n: number, { picture }: Sight): void {
  const startMs = T0 + n * 10_000;
  const text = 'Something moves.';
  const scene = { streamId, indexId, startMs, endMs: startMs + 5000, text };
  to.scenes.add(scene, embedText(text), TEXT_EMBEDDING.model, picture);
}

const search = async (of: Box, query: string, more: object = {}) =>
  (await of.call('POST', `/rtstream/${index.streamId}/search`, { query, scene_index_id: index.id, ...more })).data
    .results;
const numberOf = ({ start }: { start: number }) => (start - T0 / 1000) / 10;

describe('pictures that the model was not taught', () => {
  it('finds the red square on the left among all others', async () => {
    const [first, second] = await search(box, ASKED.caption);
    expect(numberOf(first)).toBe(0);
    expect(first.score).toBeGreaterThan(0.5);
    expect(second?.score ?? 0).toBeLessThan(first.score);
  });

  it('finds each by its caption, and all streams are searched alike', async () => {
    let found = 0;
    for (const [i, { caption }] of scenes.entries()) {
      const [best] = await search(box, caption, { result_threshold: 1 });
      if (best && numberOf(best) === i) found += 1;
    }
    console.info(`found first by its caption: ${found} of ${scenes.length}`);
    expect(found / scenes.length).toBeGreaterThanOrEqual(LEAST_FOUND);
    const own = await box.call('GET', `/v1/search?q=${encodeURIComponent(ASKED.caption)}`);
    expect(numberOf(own.data.results[0])).toBe(0);
  });

  it('finds the part of a video that shows it', async () => {
    const video = await addVideo(box, 3);
    const { id } = addVideoIndex(box, video.id, []);
    const shown = [scenes[1], ASKED, scenes[2]].flatMap((scene) => scene ?? []);
    for (const [n, scene] of shown.entries()) {
      const { picture } = await seen(scene, 500 + n);
      const about = { startMs: n * 4000, endMs: n * 4000 + 4000, text: 'Something moves.', metadata: {} };
      const words = { vector: embedText(about.text), model: TEXT_EMBEDDING.model };
      box.store.assetIndexes.addRecords(id, [{ ...about, ...words, ...(picture ? { picture } : {}) }]);
    }
    const query = { query: ASKED.caption, search_type: 'semantic', index_type: 'scene', result_threshold: 1 };
    const { data } = await box.call('POST', `/video/${video.id}/search`, query);
    expect(data.results[0].docs).toMatchObject([{ start: 4, end: 8 }]);
  });

  it('finds nothing that no picture shows', async () => {
    expect(await search(box, 'an empty place with nothing in it')).toEqual([]);
  });
});

describe('without the model', () => {
  it.each([
    ['it fails', async () => Promise.reject(new Error('the process is away'))],
    ['there is none', async () => undefined],
    [
      'it takes too long',
      (_: string, signal: AbortSignal) =>
        new Promise<never>((_, no) => signal.addEventListener('abort', () => no(signal.reason))),
    ],
  ])('words decide when %s', async (_, query) => {
    await using bare = await openBox({ pictureQuery: query });
    const here = addIndex(bare.store, addStream(bare.store).id);
    const { id } = addScene(bare.store, here, 0, 'A red square hangs on the wall.');
    const { data } = await bare.call('POST', `/rtstream/${here.streamId}/search`, { query: 'red square' });
    expect(data.results).toHaveLength(1);
    expect(bare.store.scenes.get(id)?.text).toBe(data.results[0].text);
  });
});
