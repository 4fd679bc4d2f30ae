/** Timelines over HTTP: what they become, what is refused and how, and what becomes of the job. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Asset } from '#domain';
import type { Composition } from '#editor';
import { addVideo, type Box, openBox } from './box.ts';

let box: Box;
let video: Asset;
/** What was to be rendered. */
let drawn: Composition[];
let renders: (() => Promise<void>)[];

beforeAll(async () => {
  box = await openBox();
  video = await addVideo(box, 3);
  box.handlers.render = async ({ input }, { detail, signal }) => {
    drawn.push(JSON.parse(detail() ?? ''));
    await renders.shift()?.();
    signal.throwIfAborted();
    const { assetId, renderKey, keep } = input as { assetId: string; renderKey: string; keep: boolean };
    const origin: Asset['origin'] = { kind: 'edit', assetIds: [video.id] };
    const usedMs = keep ? {} : { usedMs: box.deps.clock.nowMs() };
    box.store.assets.create({ ...video, id: assetId, name: String(input['name']), origin, renderKey, ...usedMs }, []);
    return { assetId };
  };
});
afterAll(() => box[Symbol.asyncDispose]());
beforeEach(() => {
  drawn = [];
  renders = [];
});

const videoClip = (more: object = {}, asset: object = {}) => ({
  start: 0,
  clip: { asset: { type: 'video', id: video.id, ...asset }, duration: 2, ...more },
});
const oneTrack = (...clips: object[]) => ({ timeline: { tracks: [{ clips }] } });
const render = (body: unknown) => box.call('POST', '/editor', body);

describe('a timeline', () => {
  it('is rendered once, answered at once afterwards, and is in no list', async () => {
    const body = oneTrack(videoClip());
    const first = await render(body);
    expect(first).toMatchObject({ status: 200, success: true });
    expect(first.data.stream_url).toMatch(/^http:\/\/box\.local:8080\/hls\//);
    expect(first.data.player_url).toMatch(/^http:\/\/box\.local:8080\/watch\?v=/);
    const { timeline } = body;
    const again = await render({ timeline: { ...timeline, resolution: null, background: '#000' } });
    expect(again.data.stream_url).toBe(first.data.stream_url);
    expect(drawn).toHaveLength(1);
    expect((await box.call('GET', '/video')).data.videos.map(({ id }: { id: string }) => id)).toEqual([video.id]);
    await render(oneTrack(videoClip({ scale: 0.5 })));
    expect(drawn).toHaveLength(2);
  });

  it('has the defaults of the SDKs, and null is the same as missing', async () => {
    const nothing = {
      duration: 3,
      effect: null,
      scale: null,
      fit: null,
      offset: null,
      transition: null,
      filter: null,
      z_index: null,
    };
    await render({ timeline: { background: null, tracks: [{ z_index: null, clips: [videoClip(nothing)] }] } });
    expect(drawn).toEqual([
      {
        width: 1280,
        height: 720,
        fps: 25,
        background: '#000000',
        durationMs: 3000,
        layers: [
          {
            startMs: 0,
            durationMs: 3000,
            scale: 1,
            opacity: 1,
            fit: 'crop',
            position: 'center',
            offset: { x: 0, y: 0 },
            content: { kind: 'video', assetId: video.id, fromMs: 0, volume: 1 },
          },
        ],
      },
    ]);
  });

  it('takes numbers as text, and "None" for a picture in its own size', async () => {
    await render(oneTrack(videoClip({ duration: '1.5', scale: '0.5', fit: 'None', opacity: '1' }, { start: '1' })));
    expect(drawn[0]).toMatchObject({
      durationMs: 1500,
      layers: [{ scale: 0.5, fit: 'none', content: { fromMs: 1000 } }],
    });
  });

  it('is joined by who asks for the same while it is being rendered', async () => {
    let release = () => {};
    renders.push(() => new Promise<void>((resolve) => (release = resolve)));
    const body = oneTrack(videoClip({ scale: 0.7 }));
    const both = Promise.all([render(body), render(body)]);
    await expect.poll(() => drawn.length, { timeout: 20_000 }).toBe(1);
    await expect.poll(() => box.store.jobs.unfinished().length, { timeout: 20_000 }).toBe(1);
    release();
    const [first, second] = await both;
    expect(first?.data.stream_url).toBe(second?.data.stream_url);
    expect(drawn).toHaveLength(1);
  });

  it('takes none more when twenty wait', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    renders.push(...Array.from({ length: 20 }, () => () => held));
    const asked = Array.from({ length: 20 }, (_, n) => render(oneTrack(videoClip({ duration: 4 + n }))));
    await expect.poll(() => box.store.jobs.unfinished().length, { timeout: 20_000 }).toBe(20);
    expect(await render(oneTrack(videoClip({ scale: 9 })))).toMatchObject({ status: 503, error_code: 'unavailable' });
    expect(await render(oneTrack(videoClip({ scale: 9 })))).toMatchObject({
      message: expect.stringMatching(/waiting/),
    });
    release();
    for (const answer of await Promise.all(asked)) expect(answer.status).toBe(200);
  });
});

describe('what is wrong is named', () => {
  const item = 'timeline.tracks[0].clips[0]';
  it.each([
    ['no timeline', {}, 'timeline: is missing'],
    ['no tracks', { timeline: {} }, 'timeline.tracks: '],
    ['no clips', { timeline: { tracks: [{ clips: [] }] } }, 'timeline.tracks: must have a clip'],
    [
      'an odd resolution',
      { timeline: { resolution: '1281x720', tracks: [{}] } },
      'timeline.resolution: must be WIDTHxH',
    ],
    [
      'a huge resolution',
      { timeline: { resolution: '9000x9000', tracks: [{}] } },
      'timeline.resolution: must be WIDTHxH',
    ],
    ['a colour by name', { timeline: { background: 'red', tracks: [{}] } }, 'timeline.background: must be a colour'],
    ['too many tracks', { timeline: { tracks: Array(65).fill({}) } }, 'timeline.tracks: must not be more than 64'],
    [
      'too many clips, before each is looked at',
      { timeline: { tracks: Array(64).fill({ clips: Array(20_000).fill(0) }) } },
      'timeline.tracks: must not have more than 1000 clips in all, not 1280000',
    ],
    ['a clip that is none', oneTrack({ start: 0, clip: 'x' }), `${item}.clip: must be an object`],
    [
      'an effect',
      oneTrack({ clip: { asset: { type: 'image', id: 'img-1' }, duration: 1, effect: 'zoom' } }),
      `${item}.clip.effect: no effects`,
    ],
    [
      'another kind of asset',
      oneTrack({ clip: { asset: { type: 'gif' }, duration: 1 } }),
      `${item}.clip.asset.type: must be one of video`,
    ],
    ['a text without text', oneTrack({ clip: { asset: { type: 'text' }, duration: 1 } }), `${item}.clip.asset.text: `],
    [
      'a caption without an event',
      oneTrack({ clip: { asset: { type: 'caption', src: 'aGVsbG8=' }, duration: 1 } }),
      `${item}.clip.asset.src: no [Events]`,
    ],
    [
      'captions of nothing',
      oneTrack({ clip: { asset: { type: 'caption' }, duration: 1 } }),
      `${item}.clip.asset.src: "auto" shows`,
    ],
    [
      'a strange animation',
      oneTrack({ clip: { asset: { type: 'caption', animation: 'spin' }, duration: 1 } }),
      `${item}.clip.asset.animation: must be one of box_highlight`,
    ],
    [
      'a length beyond all',
      oneTrack({ start: 21_000, clip: { asset: { type: 'text', text: 'x' }, duration: 21_000 } }),
      'timeline.tracks: the timeline must not be longer',
    ],
  ])('%s', async (_, body, message) => {
    const answer = await render(body);
    expect(answer).toMatchObject({ status: 400, error_code: 'invalid' });
    expect(answer.message).toContain(message);
    expect(drawn).toEqual([]);
  });

  it.each([
    [{ scale: 11 }, {}, 'scale: must be a number from 0 to 10'],
    [{ opacity: -1 }, {}, 'opacity: must be a number from 0 to 1'],
    [{ fit: 'stretch' }, {}, 'fit: must be one of crop, cover, contain, none'],
    [{ position: 'middle' }, {}, 'position: must be one of center, top'],
    [{ offset: { x: 'left' } }, {}, 'offset.x: must be a number'],
    [{ filter: 'sepia' }, {}, 'filter: must be one of blur'],
    [{ transition: { in: 'wipe' } }, {}, 'transition.in: must be one of fade'],
    [{ transition: { in: 'fade', duration: -1 } }, {}, 'transition.duration: must be'],
    [{ duration: 0 }, {}, 'duration: must be seconds'],
    [{ duration: undefined }, {}, 'duration: '],
    [{ z_index: 0.5 }, {}, 'z_index: must be a whole number'],
    [{}, { volume: 6 }, 'asset.volume: must be a number from 0 to 5'],
    [{}, { start: -1 }, 'asset.start: must be seconds'],
    [{}, { start: 1e4 }, 'asset.start: must be before the end'],
    [{}, { crop: { top: 0.5, bottom: 0.5 } }, 'asset.crop: must leave something'],
    [{}, { type: 'audio' }, 'asset.type: must be "video", which'],
    [{}, { id: 5 }, 'asset.id: must be the id'],
  ])('in a clip with %j %j', async (clip, asset, message) => {
    const answer = await render(oneTrack(videoClip(clip, asset)));
    expect(answer).toMatchObject({ status: 400, error_code: 'invalid' });
    expect(answer.message).toContain(`${item}.clip.${message}`);
  });

  it('an asset that is not there', async () => {
    const answer = await render(oneTrack(videoClip(), videoClip({}, { id: 'm-none' })));
    expect(answer).toMatchObject({ status: 404, error_code: 'not_found' });
    expect(answer.message).toMatch(/^timeline\.tracks\[0\]\.clips\[1\]\.clip\.asset\.id: there is no video "m-none"/);
  });

  it('a video whose media was deleted', async () => {
    const { id } = await addVideo(box, 1);
    box.store.assets.removeMedia(id);
    const answer = await render(oneTrack(videoClip({}, { id })));
    expect(answer).toMatchObject({
      success: false,
      message: expect.stringMatching(/^timeline.*asset\.id: the media of m-\S+ has been deleted/),
    });
    expect(drawn).toEqual([]);
  });

  it('captions of what nobody has written down', async () => {
    const captions = { start: 0, clip: { asset: { type: 'caption' }, duration: 2 } };
    const answer = await render({ timeline: { tracks: [{ clips: [videoClip()] }, { clips: [captions] }] } });
    expect(answer.message).toMatch(/clips\[0\]\.clip\.asset\.src: .*index_spoken_words\(\)/);
  });

  it('a body of more than four MiB', async () => {
    expect((await render({ timeline: {}, more: 'x'.repeat(5 << 20) })).status).toBe(413);
  });
});

describe('a timeline_url', () => {
  async function sent(text: string): Promise<string> {
    const { data } = await box.call('GET', '/collection/default/upload_url?name=timeline_data.json');
    const { pathname } = new URL(data.upload_url);
    const form = new FormData();
    form.append('file', new Blob([text]), 'timeline_data.json');
    expect((await box.app.request(`http://box.local:8080${pathname}`, { method: 'POST', body: form })).status).toBe(
      200,
    );
    return data.upload_url;
  }

  it('is an upload_url that the timeline was sent to, also when it is asked for twice', async () => {
    const body = oneTrack(videoClip({}, {}), { start: 5, clip: { asset: { type: 'text', text: 'x' }, duration: 1 } });
    const url = await sent(JSON.stringify(body));
    const first = await render({ timeline: null, timeline_url: url });
    expect(first).toMatchObject({ status: 200, success: true });
    expect((await render({ timeline_url: url })).data.stream_url).toBe(first.data.stream_url);
    expect(drawn[0]?.durationMs).toBe(6000);
  });

  it.each([
    ['not JSON', 'hello', /^timeline_url: what lies there is not JSON/],
    ['no timeline', '{}', /^timeline: /],
    [
      'a wrong timeline',
      '{"timeline":{"tracks":[{"clips":[{"clip":{"duration":1}}]}]}}',
      /^timeline\.tracks\[0\]\.clips\[0\]\.clip\.asset: /,
    ],
  ])('with %s behind it is refused', async (_, text, message) => {
    const answer = await render({ timeline_url: await sent(text) });
    expect(answer).toMatchObject({ status: 400, message: expect.stringMatching(message) });
  });

  it('that nothing was sent to is refused, and so is a forged one', async () => {
    const { data } = await box.call('GET', '/collection/default/upload_url');
    expect((await render({ timeline_url: data.upload_url })).message).toMatch(/^timeline_url: there is no file here/);
    const forged = 'http://box.local:8080/upload/forged.token';
    expect(await render({ timeline_url: forged })).toMatchObject({ status: 403, message: /^timeline_url: / });
  });

  it('does not lead to link-local addresses', async () => {
    const answer = await render({ timeline_url: 'http://169.254.169.254/latest' });
    expect(answer).toMatchObject({
      success: false,
      message: 'timeline_url: link-local addresses are not fetched from',
    });
  });
});

it('a link that is none is called what the route calls it', async () => {
  const answer = await box.call('POST', '/editor/download', { stream_url: 'http://elsewhere/a.m3u8' });
  expect(answer).toMatchObject({ success: false, message: expect.stringMatching(/^stream_url: must be a stream_url/) });
});

describe('jobs', () => {
  it('are listed, and end when they are cancelled', async () => {
    box.handlers.render = (_job, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const asked = render(oneTrack(videoClip({ scale: 3 })));
    await expect.poll(() => box.store.jobs.unfinished().length, { timeout: 20_000 }).toBe(1);
    const { data } = await box.call('GET', '/v1/jobs');
    expect(data.jobs[0]).toMatchObject({ kind: 'render', name: 'Edit', status: 'processing', percentage: 0 });
    const { id } = data.jobs[0];
    expect((await box.call('DELETE', `/v1/jobs/${id}`)).data).toMatchObject({
      status: 'failed',
      error: 'it was cancelled',
    });
    expect(await asked).toMatchObject({ success: false, message: 'it was cancelled' });
    expect(await box.call('DELETE', `/v1/jobs/${id}`)).toMatchObject({ status: 409 });
    expect(await box.call('DELETE', '/v1/jobs/job-none')).toMatchObject({ status: 404 });
  });
});
