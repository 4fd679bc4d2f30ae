/** Audio and images: lists, one, renaming, links, what is said, deleting. */

import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Asset, AssetKind } from '#domain';
import { type Box, openBox, put, T0 } from './box.ts';

let box: Box;
beforeEach(async () => {
  box = await openBox();
});
afterEach(() => box[Symbol.asyncDispose]());

function add(kind: AssetKind, id: string, change: Partial<Asset> = {}): Asset {
  const asset: Asset = {
    id,
    kind,
    collectionId: box.store.defaultCollection.id,
    name: id,
    description: '',
    lengthMs: kind === 'image' ? 0 : 61_500,
    bytes: 1234,
    width: kind === 'audio' ? 0 : 64,
    height: kind === 'audio' ? 0 : 48,
    ...(kind === 'image' ? { thumbPath: `${id}/image.png` } : {}),
    origin: { kind: 'upload', filename: id },
    createdMs: T0,
    ...change,
  };
  const piece = {
    n: 0,
    startMs: 0,
    durationMs: 61_500,
    path: `${id}/000000.m4s`,
    bytes: 4,
    initPath: `${id}/init-0.mp4`,
    discontinuity: false,
  };
  box.store.assets.create(asset, kind === 'image' ? [] : [piece]);
  return asset;
}

const ids = (list: { id: string }[]) => list.map(({ id }) => id);
const pathOf = (url: string) => new URL(url).pathname + new URL(url).search;

describe.each([
  ['audio', 'audios', 'a-'],
  ['image', 'images', 'img-'],
] as const)('%s', (kind, plural, prefix) => {
  const [first, second] = [`${prefix}1`, `${prefix}2`];

  it('is listed newest first, of one collection or of all, and none of another kind', async () => {
    const other = box.store.collections.create({ name: 'Other', description: '', isPublic: false });
    add(kind, first);
    add(kind, second, { createdMs: T0 + 1000, collectionId: other.id });
    for (const others of ['video', 'audio', 'image'] as const) if (others !== kind) add(others, `x-${others}`);
    expect(ids((await box.call('GET', `/${kind}`)).data[plural])).toEqual([second, first]);
    expect(ids((await box.call('GET', `/${kind}?collection_id=default`)).data[plural])).toEqual([first]);
    expect(ids((await box.call('GET', `/${kind}/?collection_id=${other.id}`)).data[plural])).toEqual([second]);
    expect(await box.call('GET', `/${kind}?collection_id=c-none`)).toMatchObject({ status: 404 });
  });

  it('of an empty box is an empty list', async () => {
    expect((await box.call('GET', `/${kind}`)).data).toEqual({ [plural]: [] });
  });

  it('has what the clients read', async () => {
    const { collectionId } = add(kind, first, { name: 'Talk' });
    const { data } = await box.call('GET', `/${kind}/${first}?collection_id=${collectionId}`);
    expect(data).toMatchObject({ id: first, collection_id: collectionId, name: 'Talk', size: '1234' });
    expect(data).toMatchObject({ user_id: box.store.boxId, created_at: '2026-01-15T12:00:00.000000' });
  });

  it('can be renamed', async () => {
    add(kind, first);
    const renamed = await box.call('PATCH', `/${kind}/${first}`, { name: 'Monday', description: 'what was said' });
    expect(renamed.data).toMatchObject({ id: first, name: 'Monday' });
    expect(box.store.assets.get(first)).toMatchObject({ name: 'Monday', description: 'what was said' });
    expect((await box.call('PATCH', `/${kind}/${first}`, {})).data).toMatchObject({ name: 'Monday' });
    expect(await box.call('PATCH', `/${kind}/${first}`, { name: ' ' })).toMatchObject({ status: 400 });
  });

  it('can be deleted, once', async () => {
    const { collectionId } = add(kind, first);
    expect(await box.call('DELETE', `/${kind}/${first}?collection_id=${collectionId}`)).toMatchObject({
      success: true,
      data: {},
    });
    expect(await box.call('DELETE', `/${kind}/${first}`)).toMatchObject({ status: 404 });
    expect((await box.call('GET', `/${kind}`)).data[plural]).toEqual([]);
  });

  it.each(['GET', 'PATCH', 'DELETE'])(
    'is not found by %s under an id of another kind, or elsewhere',
    async (method) => {
      const other = box.store.collections.create({ name: 'Other', description: '', isPublic: false });
      add('video', 'm-1');
      add(kind, first);
      for (const path of ['m-1', `${prefix}none`, `${first}?collection_id=${other.id}`]) {
        const answer = await box.call(method, `/${kind}/${path}`, method === 'PATCH' ? { name: 'x' } : undefined);
        expect(answer).toMatchObject({ status: 404, message: expect.stringContaining(`${kind}_id`) });
      }
      expect(box.store.assets.list()).toHaveLength(2);
    },
  );
});

describe('links without a key', () => {
  it('play audio', async () => {
    add('audio', 'a-1');
    for (const name of ['init-0.mp4', '000000.m4s']) await put(join(box.deps.assetsDir, 'a-1', name), name);
    const { data } = await box.call('POST', '/audio/a-1/generate_url?collection_id=default', {});
    expect(data.signed_url).toBe(data.stream_url);
    const playlist = await (await box.app.request(pathOf(data.signed_url))).text();
    expect(playlist).toContain('#EXTINF:61.500');
    const piece = new URL(/^\.\..*m4s$/m.exec(playlist)?.[0] ?? '', data.signed_url).href;
    expect(await (await box.app.request(pathOf(piece))).text()).toBe('000000.m4s');
    box.store.assets.delete('a-1');
    expect((await box.app.request(pathOf(data.signed_url))).status).toBe(404);
  });

  it('show an image', async () => {
    add('image', 'img-1');
    await put(join(box.deps.assetsDir, 'img-1', 'image.png'), 'a picture');
    const { data } = await box.call('POST', '/image/img-1/generate_url', { format: 'jpg', quality: 90 });
    expect(data.image_url).toBe(data.signed_url);
    const answer = await box.app.request(pathOf(data.signed_url));
    expect([answer.headers.get('content-type'), await answer.text()]).toEqual(['image/png', 'a picture']);
    expect((await box.app.request(pathOf(data.signed_url).replace('img-1', 'img-2'))).status).toBe(401);
  });

  it('are not made for what there isn’t', async () => {
    expect(await box.call('POST', '/audio/a-none/generate_url', {})).toMatchObject({ status: 404 });
    expect(await box.call('POST', '/image/img-none/generate_url', {})).toMatchObject({ status: 404 });
  });
});

describe('what is said in audio', () => {
  beforeEach(() => {
    add('audio', 'a-1');
    const words = ['the', 'gate', 'is', 'open'].map((text, i) => ({ text, startMs: i * 1000, endMs: i * 1000 + 500 }));
    box.store.assets.setWords('a-1', words);
  });

  it('is told by words, of all or a range', async () => {
    const { data } = await box.call('GET', '/audio/a-1/transcription?segmenter=word&length=1&force=false');
    expect(data.text).toBe('the gate is open');
    expect(data.word_timestamps[1]).toMatchObject({ start: 1, end: 1.5, text: 'gate', word: 'gate' });
    expect((await box.call('GET', '/audio/a-1/transcription?start=1&end=2.2')).data.text).toBe('gate is');
  });

  it('is written down again on demand', async () => {
    const { data } = await box.call('POST', '/audio/a-1/transcription', { force: true, language_code: null });
    expect(data.word_timestamps).toHaveLength(4);
  });

  it('is nothing, and says why, without a speech model', async () => {
    add('audio', 'a-2');
    const answer = await box.call('GET', '/audio/a-2/transcription');
    expect(answer).toMatchObject({ success: true, data: { word_timestamps: [], text: '' } });
    expect(answer.message).not.toBe('');
  });

  it('is not told of a video by this route', async () => {
    add('video', 'm-1');
    expect(await box.call('GET', '/audio/m-1/transcription')).toMatchObject({ status: 404 });
  });
});
