import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Asset, newId } from '#domain';
import type { CaptionsContent, Composition } from '#editor';
import { addVideo, type Box, openBox } from './box.ts';

let box: Box;
let video: Asset;
let mute: Asset;
/** What was to be drawn last. */
let drawn: Composition;
beforeAll(async () => {
  box = await openBox();
  video = await addVideo(box, 3, { width: 1920, height: 1080 });
  mute = await addVideo(box, 1);
  box.store.assets.setWords(video.id, [{ text: 'hello', startMs: 500, endMs: 900 }]);
  box.handlers.render = async ({ input }, { detail }) => {
    drawn = JSON.parse(detail() ?? '') as Composition;
    return make(String(input['assetId']), String(input['name']));
  };
  box.handlers.reframe = async ({ input }) => {
    const { composition, render } = input as { composition: Composition; render: { assetId: string; name: string } };
    drawn = composition;
    return make(render.assetId, render.name);
  };
});
afterAll(() => box[Symbol.asyncDispose]());

async function make(assetId: string, name: string) {
  const { width, height } = drawn;
  await addVideo(box, 1, { id: assetId, name, width, height, origin: { kind: 'edit', assetIds: [] } });
  return { assetId };
}

const captions = () => drawn.layers[1]?.content as CaptionsContent;

describe('add_subtitles', () => {
  const subtitle = (body: object, id = video.id) => box.call('POST', `/video/${id}/workflow`, body);

  it('draws what is said into the picture, in the style of old', async () => {
    const { data } = await subtitle({ type: 'add_subtitles', subtitle_style: {} });
    expect(data.stream_url).toContain('/manifests/m-');
    expect(drawn).toMatchObject({ width: 1920, height: 1080, fps: 25, durationMs: 12_000 });
    expect(drawn.layers[0]).toMatchObject({ content: { kind: 'video', assetId: video.id, fromMs: 0, volume: 1 } });
    expect(captions()).toMatchObject({
      words: [{ text: 'hello', startMs: 500, endMs: 900 }],
      font: { name: 'Arial', size: 67.5, scaleX: 100, scaleY: 100, bold: false },
      primaryColor: '&H00FFFFFF',
      border: { style: 'outline_and_shadow', outline: 3.75 },
      position: { alignment: 'bottom_center', marginV: 37.5 },
    });
  });

  it('takes each key of the style', async () => {
    const colours = { primary_colour: '&H0000FFFF', outline_colour: '&H00111111', back_colour: '&H80222222' };
    const flags = { bold: true, italic: 'true', underline: true, strike_out: true };
    const sizes = { font_size: '28.8', scale_x: 1.5, scale_y: 2, spacing: 2.88, angle: 10, outline: 2, shadow: 0.5 };
    const place = { alignment: '9', margin_l: 1, margin_r: 2, margin_v: 3, border_style: 3, font_name: 'DejaVu Sans' };
    const style = { ...colours, secondary_colour: null, ...flags, ...sizes, ...place };
    expect((await subtitle({ type: 'add_subtitles', subtitle_style: style })).success).toBe(true);
    expect(captions()).toEqual({
      kind: 'captions',
      words: [{ text: 'hello', startMs: 500, endMs: 900 }],
      font: {
        name: 'DejaVu Sans',
        size: expect.closeTo(108),
        bold: true,
        italic: true,
        underline: true,
        strikeout: true,
        scaleX: 150,
        scaleY: 200,
        spacing: expect.closeTo(10.8),
        angle: 10,
      },
      primaryColor: '&H0000FFFF',
      secondaryColor: '&H000000FF',
      backColor: '&H80222222',
      border: { style: 'opaque_box', outline: 7.5, outlineColor: '&H00111111', shadow: 1.875 },
      position: { alignment: 'top_right', marginL: 3.75, marginR: 7.5, marginV: 11.25 },
    });
    await subtitle({ subtitle_style: { border_style: '1' } });
    expect(captions().border).toMatchObject({ style: 'outline_and_shadow', outline: 0 });
  });

  it('takes the keys as the older Node SDK spells them', async () => {
    await subtitle({ subtitle_style: { borderStyle: 3, fontSize: 28.8, strikeOut: true, scaleX: 2, marginV: 4 } });
    expect(captions()).toMatchObject({
      font: { size: expect.closeTo(108), strikeout: true, scaleX: 200 },
      border: { style: 'opaque_box' },
      position: { marginV: 15 },
    });
  });

  it.each([
    [{ type: 'dub' }, 'type'],
    [{ subtitle_style: { primary_colour: 'red' } }, 'subtitle_style.primary_colour'],
    [{ subtitle_style: { alignment: 12 } }, 'subtitle_style.alignment'],
    [{ subtitle_style: { border_style: 2 } }, 'subtitle_style.border_style'],
    [{ subtitle_style: { font_size: 'huge' } }, 'subtitle_style.font_size'],
  ])('refuses %j', async (body, field) => {
    expect(await subtitle(body)).toMatchObject({ status: 400, message: expect.stringContaining(field) });
  });

  it('says what is missing of a video in which nothing is known to be said', async () => {
    const silent = await subtitle({}, mute.id);
    expect(silent).toMatchObject({ status: 200, success: false, message: expect.stringContaining('/index') });
  });
});

describe('reframe', () => {
  const reframe = (body: object, id = video.id) => box.call('POST', `/video/${id}/reframe`, body);

  it.each([
    ['vertical', 608, 1080],
    ['square', 1080, 1080],
    ['landscape', 1920, 1080],
    ['4:5', 864, 1080],
    [{ width: 100, height: '200' }, 100, 200],
  ])('to %j makes a video of that shape', async (target, width, height) => {
    const { data } = await reframe({ target, mode: 'simple' });
    expect(data).toMatchObject({ name: `Delivery (${width}x${height})`, collection_id: video.collectionId });
    expect(data.id).toMatch(/^m-/);
    expect(drawn).toMatchObject({ width, height, durationMs: 12_000, layers: [{ fit: 'crop' }] });
  });

  it('takes a stretch of it, and follows what is in it unless told otherwise', async () => {
    const { data } = await reframe({ start: 2, end: '5.5', callback_url: null });
    expect(data.id).toMatch(/^m-/);
    expect(drawn).toMatchObject({ width: 608, durationMs: 3500, layers: [{ content: { fromMs: 2000 } }] });
    const jobs = box.store.jobs.unfinished();
    expect(jobs).toEqual([]);
  });

  it.each([
    [{ target: 'round' }, 'target'],
    [{ target: { width: 100 } }, 'target'],
    [{ target: '0:4' }, 'target'],
    [{ mode: 'magic' }, 'mode'],
    [{ start: 8, end: 8 }, 'end'],
    [{ start: 99 }, 'end'],
  ])('refuses %j', async (body, field) => {
    expect(await reframe(body)).toMatchObject({ status: 400, message: expect.stringContaining(field) });
  });

  it('is not for audio', async () => {
    const { id } = await addVideo(box, 1, { id: newId('audio'), kind: 'audio', width: 0, height: 0 });
    expect(await reframe({}, id)).toMatchObject({ status: 200, success: false });
  });
});

describe('transcode', () => {
  const transcode = (body: object) => box.call('POST', '/transcode', body);
  const settled = async (id: string) => {
    await box.deps.jobs.settled(id, 20_000);
    return (await box.call('GET', `/transcode/${id}`)).data;
  };

  it('makes a video of another size and quality, and tells how that stands', async () => {
    const wanted = { resolution: '720', quality: 30, framerate: 10, aspect_ratio: null, resize_mode: 'crop' };
    const { data } = await transcode({ source: video.id, mode: 'economy', video_config: wanted, audio_config: {} });
    const details = await settled(data.job_id);
    expect(details).toMatchObject({ job_id: data.job_id, status: 'done', progress: 100 });
    expect(drawn).toMatchObject({ width: 1280, height: 720, fps: 10, quality: 30, durationMs: 12_000 });
    const { data: made } = await box.call('GET', `/video/${details.video_id}`);
    expect(made).toMatchObject({ name: 'Delivery (720 lines)', stream_url: details.stream_url });
  });

  it.each([
    ['crop', 720, 720, 'crop'],
    ['pad', 720, 720, 'contain'],
    ['fit', 720, 406, 'crop'],
  ])('with "%s" takes another shape', async (resize_mode, width, height, fit) => {
    const shape = { resolution: 720, aspectRatio: '1:1', resizeMode: resize_mode, quality: 23 };
    const link = (await box.call('GET', `/video/${video.id}`)).data.stream_url;
    const { data } = await transcode({ source: link, video_config: shape, audio_config: { mute: true } });
    await settled(data.job_id);
    expect(drawn).toMatchObject({ width, height, layers: [{ fit, content: { volume: 0 } }] });
  });

  it('refuses what can not be', async () => {
    expect(await transcode({ source: 'http://elsewhere/a.mp4' })).toMatchObject({ status: 404 });
    const wrong = await transcode({ source: video.id, video_config: { quality: 99, aspect_ratio: 'wide' } });
    expect(wrong).toMatchObject({ status: 400, message: expect.stringContaining('video_config.quality') });
    expect(wrong.message).toContain('video_config.aspect_ratio');
    expect(await box.call('GET', '/transcode/job-9')).toMatchObject({ status: 404 });
  });
});
