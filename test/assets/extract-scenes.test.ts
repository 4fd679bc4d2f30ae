/** Videos cut into scenes and described: real ffmpeg, the built-in pack. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assetHandlers } from '#assets';
import { type Asset, newId, type SceneCollection } from '#domain';
import { type Box, openBox, T0 } from './box.ts';

let box: Box;
let video: Asset;
beforeAll(async () => {
  box = await openBox();
  video = await cuts();
});
afterAll(() => box[Symbol.asyncDispose]());

/** Dark, bright and dark again, four seconds each. */
function cuts(): Promise<Asset> {
  const colours = ['black', 'white', 'black'].flatMap((colour) => [
    ...['-f', 'lavfi', '-i', `color=${colour}:size=320x240:rate=10:duration=4`],
  ]);
  return box.upload(colours, ['-filter_complex', 'concat=n=3', '-c:v', 'libx264', '-g', '20']);
}

async function cut(asset: Asset, type: 'time' | 'shot' | 'transcript', extractionConfig: Record<string, unknown>) {
  const collection: SceneCollection = {
    id: newId('scenes'),
    assetId: asset.id,
    extraction: { type },
    extractionConfig,
    status: 'processing',
    scenes: [],
    createdMs: T0,
  };
  box.store.sceneCollections.create(collection);
  const job = box.job('extract_scenes', { collectionId: collection.id });
  expect(await box.run(job)).toEqual({ indexId: collection.id });
  return box.store.sceneCollections.get(collection.id) ?? collection;
}

const spans = ({ scenes }: SceneCollection) => scenes.map(({ startMs, endMs }) => [startMs, endMs]);
const frames = ({ scenes }: SceneCollection) => scenes.map((scene) => scene.frames.map(({ atMs }) => atMs));

describe('a scene collection', () => {
  it('is cut where the picture changes', async () => {
    const collection = await cut(video, 'shot', { threshold: 20, frame_count: 1 });
    expect(collection.status).toBe('done');
    expect(spans(collection)).toEqual([
      [0, 4000],
      [4000, 8000],
      [8000, 12_000],
    ]);
    for (const [n, times] of frames(collection).entries()) {
      expect(times).toHaveLength(1);
      expect(times[0]).toBeGreaterThanOrEqual(n * 4000);
    }
  });

  it('is cut by time, with the frames that are asked for', async () => {
    const chosen = await cut(video, 'time', { time: 5, frame_count: 1, select_frames: ['first', 'middle', 'last'] });
    expect(spans(chosen)).toEqual([
      [0, 5000],
      [5000, 10_000],
      [10_000, 12_000],
    ]);
    expect(frames(chosen)).toEqual([
      [0, 2500, 4999],
      [5000, 7500, 9999],
      [10_000, 11_000, 11_999],
    ]);
    expect(frames(await cut(video, 'time', { time: 6, frame_count: 2 }))).toEqual([
      [0, 3000],
      [6000, 9000],
    ]);
  });

  it('is cut by what is said', async () => {
    const words = ['open', 'the', 'gate', 'now'].map((text, n) => ({ text, startMs: n * 500, endMs: n * 500 + 400 }));
    box.store.assets.setWords(video.id, words);
    const collection = await cut(video, 'transcript', { segmenter: 'word', segmentation_value: 2 });
    expect(spans(collection)).toEqual([
      [0, 900],
      [1000, 1900],
    ]);
    expect(frames(collection)).toEqual([[450], [1450]]);
  });

  it('is cut once more when the box was stopped meanwhile', async () => {
    const collection = { ...(await cut(video, 'time', { time: 6, frame_count: 1 })), id: newId('scenes'), scenes: [] };
    const how = { extraction: { type: 'shot' }, extractionConfig: { threshold: 20, frame_count: 1 } } as const;
    box.store.sceneCollections.create({ ...collection, ...how, status: 'processing' });
    const job = box.job('extract_scenes', { collectionId: collection.id });
    const stop = new AbortController();
    await expect(box.run(job, stop.signal, () => stop.abort())).rejects.toThrow();
    expect(box.store.sceneCollections.get(collection.id)).toMatchObject({ status: 'processing', scenes: [] });
    await box.run(job);
    expect(box.store.sceneCollections.get(collection.id)?.scenes).toHaveLength(3);
  });

  it('of too many scenes is refused', async () => {
    await expect(cut(video, 'time', { time: 0.001 })).rejects.toThrow('more than 5000 scenes: cut it less finely');
    await expect(cut(video, 'time', { time: 0.06, frame_count: 60 })).rejects.toThrow('more than 10000 frames');
  });

  it('goes with its video', async () => {
    const doomed = await cuts();
    const { id } = await cut(doomed, 'time', { time: 6, frame_count: 1 });
    const job = box.job('describe', { collectionId: id, scene: 0, prompt: 'What is there?' });
    box.store.assets.delete(doomed.id);
    expect(box.store.sceneCollections.get(id)).toBeUndefined();
    await expect(box.run(job)).rejects.toThrow('deleted meanwhile');
  });
});

describe('a description', () => {
  it('is by what the box measures where nobody follows instructions, and kept', async () => {
    const { id } = await cut(video, 'time', { time: 4, frame_count: 2 });
    const { text } = await box.run(box.job('describe', { collectionId: id, scene: 1, prompt: 'What is there?' }));
    expect(text).toMatch(/\w+/);
    expect(box.store.sceneCollections.get(id)?.scenes.map(({ description }) => description)).toEqual([
      undefined,
      text,
      undefined,
    ]);
  });

  it('is by whoever follows instructions where somebody does, of a scene or of a frame', async () => {
    const { id } = await cut(video, 'time', { time: 4, frame_count: 2 });
    const asked: { instruction: string; at: number[] }[] = [];
    const { describe: handler } = assetHandlers({
      ...box.deps,
      tell: async ({ instruction, frames: shown }) => {
        asked.push({ instruction, at: shown.map(({ atMs }) => atMs) });
        return { text: 'A white wall.', by: 'stand-in' };
      },
    });
    const work = { signal: new AbortController().signal, progress: () => undefined };
    const prompt = 'What colour is the wall?';
    await handler(box.job('describe', { collectionId: id, scene: 1, prompt }), work);
    await handler(box.job('describe', { collectionId: id, scene: 1, frame: 1, prompt }), work);
    const [whole, one] = asked;
    expect(whole).toMatchObject({ instruction: prompt });
    expect(whole?.at.map((ms) => Math.floor(ms / 2000))).toEqual([2, 3]);
    expect(one?.at).toHaveLength(1);
    expect(box.store.sceneCollections.get(id)?.scenes[1]).toMatchObject({
      description: 'A white wall.',
      frames: [{ atMs: 4000 }, { atMs: 6000, description: 'A white wall.' }],
    });
  });
});
