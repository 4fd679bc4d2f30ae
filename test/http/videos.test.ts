import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#domain';
import { addStream, addVideo, addVideoIndex, type Box, openBox, record, T0 } from './box.ts';

let box: Box;

beforeAll(async () => {
  box = await openBox();
});
afterAll(() => box[Symbol.asyncDispose]());

const fetched = (url: string) => box.app.request(url);

describe('videos', () => {
  it('are listed, read, renamed and deleted', async () => {
    const { id, collectionId } = await addVideo(box, 3);
    const { data } = await box.call('GET', `/video/${id}?collection_id=${collectionId}`);
    expect(data).toMatchObject({ id, collection_id: collectionId, name: 'Delivery', length: 12, size: '3000' });
    expect(data.thumbnail).toBe(data.thumbnail_url);
    expect((await fetched(data.thumbnail)).status).toBe(200);
    expect((await box.call('GET', '/video?collection_id=default')).data.videos[0]).toEqual(data);
    const renamed = await box.call('PATCH', `/video/${id}`, { name: 'Monday', description: null });
    expect(renamed.data).toMatchObject({ name: 'Monday', description: '' });
    expect(await box.call('DELETE', `/video/${id}?collection_id=${collectionId}`, '')).toMatchObject({ data: {} });
    expect((await box.call('GET', `/video/${id}`)).status).toBe(404);
    expect((await fetched(data.stream_url)).status).toBe(404);
  });

  it('are listed in pages when they are asked for so', async () => {
    for (let n = 0; n < 3; n += 1) await addVideo(box, 1);
    const idsOf = async (query: string): Promise<string[]> =>
      (await box.call('GET', `/video?collection_id=default${query}`)).data.videos.map(({ id }: { id: string }) => id);
    const all = await idsOf('');
    expect(await idsOf('&page_index=0&count=2')).toEqual(all.slice(0, 2));
    expect(await idsOf('&page_index=1&count=2')).toEqual(all.slice(2, 4));
    expect(await idsOf('&page_index=9&count=5000')).toEqual([]);
    expect((await box.call('GET', '/video?count=0')).status).toBe(400);
  });

  it('are in their own collection only', async () => {
    const { id } = await addVideo(box, 1);
    const other = (await box.call('POST', '/collection', { name: 'Other' })).data.id;
    expect((await box.call('GET', `/video?collection_id=${other}`)).data.videos).toEqual([]);
    expect((await box.call('GET', `/video/${id}?collection_id=${other}`)).status).toBe(404);
    expect((await box.call('DELETE', `/video/${id}?collection_id=${other}`)).status).toBe(404);
    expect((await box.call('GET', `/video/${id}?collection_id=default`)).status).toBe(200);
  });

  it('play as a whole from the links in their answer', async () => {
    const { id } = await addVideo(box, 2);
    const { data } = await box.call('GET', `/video/${id}`);
    const playlist = await (await fetched(data.stream_url)).text();
    expect(playlist.match(/#EXTINF/g)).toHaveLength(2);
    const piece = playlist.split('\n').find((line) => line.endsWith('.m4s')) ?? '';
    const bytes = await (await fetched(new URL(piece, data.stream_url).href)).text();
    expect(bytes).toBe(`${id}/000000.m4s`);
    expect(data.player_url).toMatch(/^http:\/\/box\.local:8080\/watch\?v=/);
  });
});

describe('the storage of a video', () => {
  it('is deleted, and what is known of it is still found', async () => {
    const video = await addVideo(box, 2, { bytes: 5000 });
    addVideoIndex(box, video.id, ['A yellow digger']);
    const before = box.store.assets.totalBytes();
    const { stream_url } = (await box.call('GET', `/video/${video.id}`)).data;
    expect((await box.call('DELETE', `/video/${video.id}/storage`)).data).toEqual({});
    expect(box.store.assets.totalBytes()).toBe(before - 5000);
    const { data } = await box.call('GET', `/video/${video.id}`);
    expect(data).toMatchObject({ name: 'Delivery', length: 8, size: '0' });
    expect(data).not.toHaveProperty('thumbnail');
    expect((await fetched(stream_url)).status).toBe(404);
    const found = await box.call('POST', `/video/${video.id}/search`, { query: 'yellow digger', index_type: 'scene' });
    expect(found.data.results[0].docs[0].text).toBe('A yellow digger');
    expect((await box.call('DELETE', `/video/${video.id}/storage`)).success).toBe(true);
    expect((await box.call('DELETE', `/video/${video.id}`)).success).toBe(true);
    expect(await box.call('DELETE', `/video/${video.id}/storage`)).toMatchObject({ status: 404 });
  });

  it('is no part of an export that is asked for again', async () => {
    const stream = addStream(box.store);
    const origin = { kind: 'export', streamId: stream.id, startMs: T0, endMs: T0 + 4000 } as const;
    const { id } = await addVideo(box, 1, { origin });
    expect(box.store.assets.findExport(stream.id, T0, T0 + 4000)?.id).toBe(id);
    box.store.assets.removeMedia(id);
    expect(box.store.assets.findExport(stream.id, T0, T0 + 4000)).toBeUndefined();
  });
});

describe('shots', () => {
  it('of several videos play one after the other', async () => {
    const [a, b] = [await addVideo(box, 3), await addVideo(box, 2)];
    const { data } = await box.call('POST', '/compile', [
      { video_id: a.id, collection_id: a.collectionId, shots: [[5, 6]] },
      {
        video_id: b.id,
        collection_id: b.collectionId,
        shots: [
          [0, 3],
          ['4.5', 99],
        ],
      },
    ]);
    const playlist = await (await fetched(data.stream_url)).text();
    const files = playlist.split('\n').filter((line) => line.endsWith('.m4s'));
    expect(files.map((file) => file.replace(/.*pieces\//, ''))).toEqual([
      `${a.id}/1.m4s`,
      `${b.id}/0.m4s`,
      `${b.id}/1.m4s`,
    ]);
    for (const file of files) expect((await fetched(new URL(file, data.stream_url).href)).status).toBe(200);
    const outside = new URL(files[0]?.replace('/1.m4s', '/2.m4s') ?? '', data.stream_url).href;
    expect((await fetched(outside)).status).toBe(404);
  });

  it('are at least a second long and within the video', async () => {
    const { id } = await addVideo(box, 2);
    const { data } = await box.call('POST', `/video/${id}/stream`, {
      timeline: [
        [3, 3],
        [50, 60],
        [6, 5],
      ],
      length: '8',
    });
    const cut = box.deps.links.verify(data.stream_url.split('/')[4])?.sourceId ?? '';
    expect(box.store.cuts.get(cut)?.parts).toEqual([
      { assetId: id, startMs: 3000, endMs: 4000 },
      { assetId: id, startMs: 7000, endMs: 8000 },
      { assetId: id, startMs: 5000, endMs: 6000 },
    ]);
  });

  it('that are none are the whole video', async () => {
    const { id } = await addVideo(box, 2);
    const whole = (await box.call('GET', `/video/${id}`)).data.stream_url;
    const { data } = await box.call('POST', `/video/${id}/stream`, { timeline: null, length: 8 });
    expect(data.stream_url).toBe(whole);
  });

  it.each([
    ['an object', {}, 'list'],
    ['nothing', [], 'at least one'],
    ['no shot', [{ video_id: 'm-1', shots: [] }], '[0].shots'],
    ['half a shot', [{ video_id: 'm-1', shots: [[1]] }], '[0].shots[0]'],
    ['an unknown video', [{ video_id: 'm-1', shots: [[1, 2]] }], 'video_id'],
  ])('are refused when the body is %s', async (_, body, message) => {
    const answer = await box.call('POST', '/compile', body);
    expect([400, 404]).toContain(answer.status);
    expect(answer.message).toContain(message);
  });
});

describe('an export', () => {
  it('is asked for once the stream has stopped, and is the same when asked again', async () => {
    const stream = addStream(box.store, { name: 'Yard' });
    await record(box, stream.id, 0, 3, 'ses-export');
    const running = await box.call('POST', `/rtstream/${stream.id}/export`, {});
    expect(running).toMatchObject({ status: 409, message: expect.stringContaining('stop') });
    box.store.streams.update(stream.id, { wanted: 'stopped' });
    let exports = 0;
    box.handlers.export = async ({ input }) => {
      exports += 1;
      const { assetId, name, streamId, startMs, endMs } = input as Record<string, string & number>;
      await addVideo(box, 3, {
        id: assetId ?? '',
        name: name ?? '',
        origin: { kind: 'export', streamId: streamId ?? '', startMs: startMs ?? 0, endMs: endMs ?? 0 },
      });
      return { assetId: assetId ?? '' };
    };
    const [first, second] = await Promise.all([
      box.call('POST', `/rtstream/${stream.id}/export`, {}),
      box.call('POST', `/rtstream/${stream.id}/export`, { name: 'Another name' }),
    ]);
    expect(first.data).toMatchObject({
      video_id: expect.stringMatching(/^m-/),
      name: 'Yard - Recording',
      duration: 12,
    });
    expect(second.data.video_id).toBe(first.data.video_id);
    const third = await box.call('POST', `/rtstream/${stream.id}/export`, '');
    expect(third.data).toEqual(first.data);
    expect(exports).toBe(1);
    expect((await box.call('GET', `/video/${first.data.video_id}`)).data.stream_url).toBe(first.data.stream_url);
  });

  it('of a stream that has recorded nothing is refused', async () => {
    const { id } = addStream(box.store, { wanted: 'stopped' });
    const answer = await box.call('POST', `/rtstream/${id}/export`, {});
    expect(answer).toMatchObject({ status: 200, success: false, message: expect.stringContaining('no recordings') });
  });
});

describe('pictures', () => {
  it('have links', async () => {
    const { id } = await addVideo(box, 1);
    const { data } = await box.call('GET', `/video/${id}/thumbnail`);
    expect(await (await fetched(data.thumbnail_url)).text()).toBe(`${id}/thumb.jpg`);
    expect((await box.call('GET', `/video/${id}/thumbnails`)).data).toEqual([]);
  });

  it('that were kept are listed with their video', async () => {
    const video = await addVideo(box, 1);
    const origin = { kind: 'thumbnail', videoId: video.id, atMs: 0 } as const;
    const image = await addVideo(box, 0, { id: newId('image'), kind: 'image', origin });
    const { data } = await box.call('GET', `/video/${video.id}/thumbnails`);
    expect(data).toMatchObject([{ id: image.id, url: expect.stringContaining(`/v1/pictures/${image.id}.jpg`) }]);
  });

  it('are not to be had of audio', async () => {
    const { id } = await addVideo(box, 1, { id: newId('audio'), kind: 'audio', width: 0, height: 0 });
    expect(await box.call('GET', `/video/${id}/thumbnail`)).toMatchObject({ status: 200, success: false });
  });
});

describe('what only the cloud does', () => {
  it.each([
    ['POST', '/sandbox'],
    ['GET', '/billing/usage'],
    ['POST', '/video/m-1/understand'],
    ['POST', '/rtstream/rts-1/indexes/idx-1/alert'],
    ['POST', '/collection/default/generate/image'],
  ])('%s %s is refused with words', async (method, path) => {
    const answer = await box.call(method, path);
    expect(answer).toMatchObject({ status: 200, success: false, error_code: 'refused' });
  });
});

describe('indexes', () => {
  it('of spoken words are made once, and anew by force', async () => {
    const { id } = await addVideo(box, 1);
    const made: string[] = [];
    box.handlers.index_spoken_words = async ({ input }) => {
      const indexId = String(input['indexId']);
      made.push(indexId);
      box.store.assetIndexes.update(indexId, { status: 'done' });
      return { indexId, message: 'heard nothing' };
    };
    const index = (body: object) => box.call('POST', `/video/${id}/index`, { index_type: 'spoken_word', ...body });
    expect(await index({ language_code: null, callback_url: null })).toMatchObject({
      success: true,
      data: { success: true, message: 'heard nothing' },
    });
    expect(await index({})).toMatchObject({
      status: 200,
      success: false,
      message: expect.stringContaining('Spoken word index for video already exists'),
    });
    expect((await index({ force: true })).success).toBe(true);
    expect(made).toHaveLength(2);
    expect(box.store.assetIndexes.listByAsset(id, 'spoken_word')).toHaveLength(1);
  });

  it('of scenes are asked for until they are done', async () => {
    const { id } = await addVideo(box, 1);
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    box.handlers.index_scenes = async ({ input }, { progress }) => {
      const indexId = String(input['indexId']);
      progress(40);
      await finished;
      box.store.assetIndexes.update(indexId, { status: 'done' });
      return { indexId };
    };
    const body = { extraction_type: 'shot', extraction_config: {}, prompt: 'x', scenes: null, model_config: null };
    const sid = (await box.call('POST', `/video/${id}/index/scene`, body)).data.scene_index_id;
    expect(sid).toMatch(/^[0-9a-f]{16}$/);
    const path = `/video/${id}/index/scene/${sid}`;
    const going = await box.call('GET', path);
    expect(going).toMatchObject({ success: true, status: 200, data: { output_url: `http://box.local:8080${path}` } });
    expect((await box.call('POST', `/video/${id}/index/scene`, body)).message).toMatch(
      /^Scene index with id [0-9a-f]{16} already exists/,
    );
    finish();
    const job = box.store.assetIndexes.get(sid)?.jobId ?? '';
    await box.deps.jobs.settled(job, 30_000);
    expect((await box.call('GET', path)).data).toEqual({ scene_index_records: [] });
    const { data } = await box.call('GET', `/video/${id}/index/scene`);
    expect(data.scene_indexes).toMatchObject([{ scene_index_id: sid, status: 'done' }]);
    expect((await box.call('DELETE', path, '')).data).toEqual({});
    expect((await box.call('GET', path)).status).toBe(404);
  });

  it('that failed say why, and make room for another try', async () => {
    const { id } = await addVideo(box, 1);
    box.handlers.index_scenes = async () => {
      throw new Error('a bug with a /secret/path');
    };
    const sid = (await box.call('POST', `/video/${id}/index/scene`, { prompt: 'x' })).data.scene_index_id;
    await box.deps.jobs.settled(box.store.assetIndexes.get(sid)?.jobId ?? '', 30_000);
    const failed = await box.call('GET', `/video/${id}/index/scene/${sid}`);
    expect(failed.success).toBe(false);
    expect(failed.message).not.toContain('/secret');
    expect((await box.call('GET', `/video/${id}/index/scene`)).data.scene_indexes[0].status).toBe('failed');
    expect((await box.call('POST', `/video/${id}/index/scene`, { prompt: 'x' })).success).toBe(true);
    expect((await box.call('GET', `/video/${id}/index/scene`)).data.scene_indexes).toHaveLength(1);
  });

  it('tell their records in order', async () => {
    const { id } = await addVideo(box, 2);
    const { id: sid } = addVideoIndex(box, id, ['a van arrives', 'the yard is empty']);
    const { data } = await box.call('GET', `/video/${id}/index/scene/${sid}?collection_id=default`);
    expect(data.scene_index_records).toMatchObject([
      { start: 0, end: 4, description: 'a van arrives', text: 'a van arrives' },
      { start: 4, end: 8 },
    ]);
    expect((await box.call('GET', `/video/${id}/index?index_type=scene`)).data).toEqual(data.scene_index_records);
  });

  it('belong to their own video', async () => {
    const [a, b] = [await addVideo(box, 1), await addVideo(box, 1)];
    const { id: sid } = addVideoIndex(box, a.id, []);
    expect((await box.call('GET', `/video/${b.id}/index/scene/${sid}`)).status).toBe(404);
    expect((await box.call('DELETE', `/video/${b.id}/index/scene/${sid}`)).status).toBe(404);
  });

  it.each([
    [{ scenes: [{ start: 0 }] }, 'scenes'],
    [{ extraction_type: 'colour' }, 'extraction_type'],
    [{ extraction_type: 'time', extraction_config: { time: 0 } }, 'extraction_config.time'],
    [{ callback_url: 'ftp://x' }, 'callback_url'],
  ])('are refused with %j', async (body, field) => {
    const { id } = await addVideo(box, 1);
    const answer = await box.call('POST', `/video/${id}/index/scene`, body);
    expect(answer).toMatchObject({ status: 400, message: expect.stringContaining(field) });
  });
});

describe('search', () => {
  it('finds shots that play; nothing found is a refusal in the old way and an empty list in the new', async () => {
    const { id, collectionId } = await addVideo(box, 3, { name: 'Unloading' });
    const { id: sid } = addVideoIndex(box, id, ['an empty yard', 'a zeppelin lands', 'an empty yard']);
    const old = { query: 'zeppelin', search_type: 'semantic', index_type: 'scene', score_threshold: 0.2 };
    const { data } = await box.call('POST', `/video/${id}/search`, old);
    expect(data.results).toMatchObject([
      { video_id: id, collection_id: collectionId, title: 'Unloading', length: 12, docs: [{ start: 4, end: 8 }] },
    ]);
    const [doc] = data.results[0].docs;
    expect(doc).toMatchObject({ text: 'a zeppelin lands', scene_index_id: sid, scene_index_name: 'Who comes' });
    expect(doc.stream_link).toBe(doc.stream_url);
    const playlist = await (await fetched(doc.stream_link)).text();
    expect(playlist.match(/#EXTINF/g)).toHaveLength(1);

    const body = { ...old, query: 'quasar', result_threshold: null, dynamic_score_percentage: null, filter: [] };
    const none = await box.call('POST', `/video/${id}/search`, body);
    expect(none).toMatchObject({ status: 200, success: false, message: 'No results found' });
    const latest = await box.call('POST', `/video/${id}/search/v2`, { query: 'quasar', top_k: 5, mode: 'default' });
    expect(latest.data).toMatchObject({ response_type: 'shots', results: [] });
    const both = await box.call('POST', `/collection/default/search/v2`, { query: 'zeppelin', filter: null });
    expect(both.data.results[0].docs[0].score).toBe(doc.score);
  });

  it('goes by the index that is named, whatever its kind; else by the kind', async () => {
    const { id } = await addVideo(box, 2);
    const { id: sid } = addVideoIndex(box, id, ['a walrus']);
    const search = (body: object) =>
      box.call('POST', `/video/${id}/search`, { query: 'walrus', index_type: 'spoken_word', ...body });
    expect((await search({})).message).toBe('No results found');
    expect((await search({ index_id: sid })).data.results).toHaveLength(1);
    expect((await search({ scene_index_id: sid })).data.results).toHaveLength(1);
    expect((await search({ index_id: 'deadbeefdeadbeef' })).status).toBe(404);
    expect((await search({ search_type: 'scene' })).data.results).toHaveLength(1);
    expect((await search({ index_type: 'scene', filter: [{ label: 'person' }] })).data.results).toHaveLength(1);
    expect((await search({ index_type: 'scene', filter: [{ label: 'boat' }] })).message).toBe('No results found');
  });

  it('of a collection goes over its videos, by score or by time, and over its streams for old scripts', async () => {
    const { id } = await addVideo(box, 3);
    addVideoIndex(box, id, ['an ostrich', 'nothing', 'an ostrich and an ostrich egg']);
    const body = { query: 'ostrich egg', index_type: 'scene' };
    const byScore = (await box.call('POST', '/collection/default/search', body)).data.results;
    expect(byScore[0].docs.map((doc: { start: number }) => doc.start)).toEqual([8, 0]);
    const byTime = await box.call('POST', '/collection/default/search', { ...body, sort_docs_on: 'start' });
    expect(byTime.data.results[0].docs.map((doc: { start: number }) => doc.start)).toEqual([0, 8]);
    const streams = await box.call('POST', '/collection/default/search', { ...body, sort_docs_on: 'rtstream' });
    expect(streams.data.results).toEqual([]);
  });

  it('finds videos by the words of their names', async () => {
    const { id } = await addVideo(box, 1, { name: 'Flamingo at the pond' });
    const { data } = await box.call('POST', '/collection/default/search/title', {
      query: 'pond FLAMINGO',
      search_type: 'llm',
    });
    expect(data).toMatchObject([{ video: { id } }]);
  });
});

describe('what is said in a video', () => {
  it('is told by words, sentences and stretches', async () => {
    const { id } = await addVideo(box, 3);
    const words = ['Good', 'morning.', 'A', 'van', 'came.'].map((text, n) => ({
      text,
      startMs: n * 1000,
      endMs: n * 1000 + 800,
    }));
    box.store.assets.setWords(id, words);
    const get = async (query: string) => (await box.call('GET', `/video/${id}/transcription?${query}`)).data;
    const all = await get('segmenter=word&length=1&force=false');
    expect(all.text).toBe('Good morning. A van came.');
    expect(all.word_timestamps[1]).toEqual({ start: 1, end: 1.8, text: 'morning.', word: 'morning.' });
    expect((await get('segmenter=sentence')).word_timestamps.map((s: { text: string }) => s.text)).toEqual([
      'Good morning.',
      'A van came.',
    ]);
    expect((await get('start=2&end=3.5')).text).toBe('A van');
    const posted = await box.call('POST', `/video/${id}/transcription`, { force: false, language_code: null });
    expect(posted.data).toEqual(all);
  });

  it('is nothing when nobody listened, and the answer says why', async () => {
    const { id } = await addVideo(box, 1);
    const answer = await box.call('GET', `/video/${id}/transcription`);
    expect(answer).toMatchObject({
      data: { word_timestamps: [], text: '' },
      message: expect.stringContaining('speech'),
    });
  });

  it('of an export is what was written down while it was recorded', async () => {
    const { id: streamId } = addStream(box.store);
    const said = { text: 'hello', startMs: T0 + 1000, endMs: T0 + 1500 };
    box.store.transcripts.add({ streamId, startMs: T0, endMs: T0 + 2000, text: 'hello', words: [said] });
    const origin = { kind: 'export', streamId, startMs: T0, endMs: T0 + 4000 } as const;
    const { id } = await addVideo(box, 1, { origin });
    const { data } = await box.call('GET', `/video/${id}/transcription`);
    expect(data.word_timestamps).toEqual([{ start: 1, end: 1.5, text: 'hello', word: 'hello' }]);
  });
});
