import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Asset, newId } from '#domain';
import { Fault } from '#runtime';
import { addVideo, type Box, openBox } from './box.ts';

let box: Box;
let video: Asset;
beforeAll(async () => {
  box = await openBox();
  video = await addVideo(box, 3);
  const { sceneCollections } = box.store;
  box.handlers.extract_scenes = async ({ input }) => {
    const id = String(input['collectionId']);
    const scenes = [0, 4000].map((startMs) => ({ startMs, endMs: startMs + 4000, frames: [{ atMs: startMs + 500 }] }));
    sceneCollections.update(id, { status: 'done', scenes });
    return { indexId: id };
  };
  box.handlers.describe = async ({ input }) => ({
    text: [input['prompt'], input['scene'], input['frame']].join('/'),
  });
});
afterAll(() => box[Symbol.asyncDispose]());

const at = (path = '') => `/video/${video.id}/scenes${path}`;
const extract = async (body: object = {}) => (await box.call('POST', at(), body)).data.scene_collection;

describe('scene collections', () => {
  it('are cut, listed, read and deleted', async () => {
    const made = await extract({ extraction_type: 'time', extraction_config: { time: '4' }, force: false });
    const { scene_collection_id: id } = made;
    expect(made).toMatchObject({
      scene_collection_id: expect.stringMatching(/^sc-[0-9a-f]+$/),
      config: { extraction_type: 'time', time: 4, frame_count: 1 },
      scenes: [
        {
          scene_id: `${id}-0`,
          start: 0,
          end: 4,
          frames: [{ frame_id: `${id}-0-0`, frame_time: 0.5, description: '' }],
        },
        { scene_id: `${id}-1`, start: 4, end: 8 },
      ],
    });
    const picture = new URL(made.scenes[1].frames[0].url);
    expect(picture.searchParams.get('at')).toBe('4500');
    expect(box.deps.links.verifyPicture(video.id, 4500, picture.searchParams.get('t') ?? '')).toBe(true);
    const { scene_collections } = (await box.call('GET', at())).data;
    expect(scene_collections).toEqual([{ scene_collection_id: id, config: made.config, status: 'done' }]);
    expect((await box.call('GET', at(`/${id}`))).data.scene_collection).toEqual(made);
    expect((await box.call('DELETE', at(`/${id}`), '')).data).toEqual({});
    expect(await box.call('GET', at(`/${id}`))).toMatchObject({ status: 404, success: false });
  });

  it('are cut once for what asks the same, and anew when that is wanted', async () => {
    const [first, again] = [await extract(), await extract({ extraction_type: 'shot_based' })];
    expect(again.scene_collection_id).toBe(first.scene_collection_id);
    const anew = await extract({ force: true });
    expect(anew.scene_collection_id).not.toBe(first.scene_collection_id);
    expect((await box.call('GET', at(`/${first.scene_collection_id}`))).status).toBe(404);
  });

  it('that could not be cut say why, and make room', async () => {
    const handler = box.handlers.extract_scenes;
    box.handlers.extract_scenes = () => Promise.reject(new Fault('refused', 'its files are gone'));
    const config = { extraction_config: { threshold: 55 } };
    const failed = await box.call('POST', at(), config);
    expect(failed).toMatchObject({ status: 200, success: false, message: 'its files are gone' });
    const { scene_collections } = (await box.call('GET', at())).data;
    const { scene_collection_id: id } = scene_collections.find(({ status }: { status: string }) => status === 'failed');
    expect(await box.call('GET', at(`/${id}`))).toMatchObject({ success: false, message: 'its files are gone' });
    if (handler) box.handlers.extract_scenes = handler;
    expect((await extract(config)).scenes).toHaveLength(2);
  });

  it('are not to be had of audio, nor by what can not be', async () => {
    const { id } = await addVideo(box, 1, { id: newId('audio'), kind: 'audio', width: 0, height: 0 });
    expect(await box.call('POST', `/video/${id}/scenes`)).toMatchObject({ status: 200, success: false });
    const wrong = await box.call('POST', at(), { extraction_type: 'shot', extraction_config: { threshold: 400 } });
    expect(wrong).toMatchObject({ status: 400, message: expect.stringContaining('extraction_config.threshold') });
  });
});

describe('a scene, or a frame', () => {
  it('is described by a prompt', async () => {
    const { scenes } = await extract();
    const describing = (kind: string, id: string, body: object = {}) =>
      box.call('POST', `/video/${video.id}/${kind}/${id}/describe`, body);
    const scene = await describing('scene', scenes[1].scene_id, { prompt: 'What is there?', model_name: 'pro' });
    expect(scene.data).toEqual({ description: 'What is there?/1/' });
    const frame = await describing('frame', scenes[0].frames[0].frame_id, { prompt: null });
    expect(frame.data).toEqual({ description: 'Describe the scene/0/0' });
    expect(await describing('scene', `${scenes[0].scene_id}9`)).toMatchObject({ status: 404 });
    expect(await describing('frame', scenes[0].scene_id)).toMatchObject({ status: 404 });
    const other = await addVideo(box, 1);
    const foreign = await box.call('POST', `/video/${other.id}/scene/${scenes[0].scene_id}/describe`, {});
    expect(foreign).toMatchObject({ status: 404, message: expect.stringContaining('scene_id') });
  });
});

describe('scenes that were described elsewhere', () => {
  const index = (scenes: unknown) => box.call('POST', `/video/${video.id}/index/scene`, { scenes, prompt: 'p' });

  it('are indexed as they are', async () => {
    const frames = [{ id: 'f', url: 'http://box/f.jpg', description: 'a crate' }, { description: null }];
    const { data } = await index([
      {
        id: 's',
        video_id: video.id,
        start: 0,
        end: 5,
        frames: [],
        description: 'A van arrives',
        metadata: { gate: 2 },
      },
      { start: '5', end: 99, frames },
    ]);
    const records = (await box.call('GET', `/video/${video.id}/index/scene/${data.scene_index_id}`)).data;
    expect(records.scene_index_records).toMatchObject([
      { start: 0, end: 5, description: 'A van arrives', metadata: { gate: 2 } },
      { start: 5, end: 12, description: 'a crate' },
    ]);
    const found = await box.call('POST', `/video/${video.id}/search`, { query: 'van', index_id: data.scene_index_id });
    expect(found.data.results[0].docs[0]).toMatchObject({ start: 0, end: 5 });
  });

  it('are refused where one says nothing', async () => {
    const silent = await index([
      { start: 0, end: 5, description: 'A van' },
      { start: 5, end: 9 },
    ]);
    expect(silent).toMatchObject({ status: 400, message: expect.stringContaining('scenes[1].description') });
    expect((await index([{ end: 5 }])).message).toContain('scenes[0].start');
  });

  it('are indexed by the newer name, too', async () => {
    const body = {
      name: 'Log',
      source: { scenes: [{ start: 1, end: 2, data: { note: 'the bell rang', shift: 'night' } }] },
    };
    const { data } = await box.call('POST', `/video/${video.id}/indexes`, body);
    expect(data).toMatchObject({ name: 'Log', kind: 'scene', status: 'done' });
    expect((await box.call('GET', `/video/${video.id}/indexes/${data.index_id}`)).data).toEqual(data);
    expect((await box.call('GET', `/video/${video.id}/indexes`)).data.indexes).toContainEqual(data);
    const asked = await box.call('POST', `/video/${video.id}/query`, { index_name: 'Log', filter: { shift: 'night' } });
    expect(asked.data.results[0].docs[0].text).toContain('the bell rang');
    const other = await box.call('POST', `/video/${video.id}/indexes`, { source: { understanding_id: 'und-1' } });
    expect(other).toMatchObject({ status: 200, success: false });
  });
});
