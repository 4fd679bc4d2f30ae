/** The first editor's timelines: what they become as one of today's, and what is refused. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Composition, Layer } from '#editor';
import { addVideo, type Box, openBox } from './box.ts';

let box: Box;
let first: string;
let second: string;
let tune: string;
let logo: string;
let drawn: Composition[] = [];

beforeAll(async () => {
  box = await openBox();
  first = (await addVideo(box, 3)).id; // 12 s of 640 × 360.
  second = (await addVideo(box, 1, { width: 320, height: 240 })).id;
  tune = (await addVideo(box, 2, { id: 'a-1', kind: 'audio', width: 0, height: 0 })).id;
  logo = (await addVideo(box, 0, { id: 'img-1', kind: 'image', width: 200, height: 100, lengthMs: 0 })).id;
  box.handlers.render = async (_job, { detail }) => {
    drawn.push(JSON.parse(detail() ?? ''));
    return { assetId: first };
  };
});
afterAll(() => box[Symbol.asyncDispose]());
beforeEach(() => {
  drawn = [];
});

const compile = (...timeline: object[]) => box.call('POST', '/timeline', { request_type: 'compile', timeline });

async function layersOf(...timeline: object[]): Promise<Layer[]> {
  expect(await compile(...timeline)).toMatchObject({
    status: 200,
    success: true,
    data: { stream_url: expect.stringMatching(/^http/) },
  });
  return drawn[0]?.layers ?? [];
}

const span = ({ startMs, durationMs }: Layer) => [startMs, startMs + durationMs];
const volumes = (layers: Layer[]) =>
  layers.flatMap((layer) => (layer.content.kind === 'video' ? [[...span(layer), layer.content.volume]] : []));

describe('videos', () => {
  it('follow each other, in the size of the first one', async () => {
    const layers = await layersOf({ asset_id: first, start: 2, end: '5' }, { asset_id: second, start: 0, end: null });
    expect(drawn[0]).toMatchObject({ width: 640, height: 360, durationMs: 7000, background: '#000000' });
    expect(layers.map(span)).toEqual([
      [0, 3000],
      [3000, 7000],
    ]);
    expect(layers[0]).toMatchObject({ fit: 'contain', content: { kind: 'video', assetId: first, fromMs: 2000 } });
  });

  it('are silent while audio over them is heard, unless that says otherwise', async () => {
    const audio = { asset_id: tune, overlay_start: 1, start: 0, end: 2, fade_in_duration: 0.5, fade_out_duration: 0 };
    const layers = await layersOf({ asset_id: first, start: 1, end: 6 }, { ...audio, disable_other_tracks: true });
    expect(volumes(layers)).toEqual([
      [0, 1000, 1],
      [1000, 3000, 0],
      [3000, 5000, 1],
    ]);
    expect(layers.map(({ content }) => ('fromMs' in content ? content.fromMs : -1))).toEqual([1000, 2000, 4000, 0]);
    expect(layers.at(-1)?.transition).toEqual({ in: 'fade', durationMs: 500 });
    drawn = [];
    const both = await layersOf({ asset_id: first, start: 1, end: 6 }, { ...audio, disable_other_tracks: false });
    expect(volumes(both)).toEqual([[0, 5000, 1]]);
  });
});

describe('what lies over them', () => {
  it('is an image within its box, until the end', async () => {
    const image = { asset_id: logo, overlay_start: 4, width: 100, height: 100, x: 64, y: 36, duration: null };
    const layers = await layersOf({ asset_id: first, start: 0, end: 6 }, image);
    expect(layers.at(-1)).toEqual({
      startMs: 4000,
      durationMs: 2000,
      content: { kind: 'image', assetId: logo },
      scale: 0.5,
      opacity: 1,
      fit: 'none',
      position: 'top_left',
      offset: { x: 0.1, y: 0.1 },
    });
  });

  it('is a text in the style of drawtext', async () => {
    const style = {
      fontsize: 40,
      fontcolor: 'white@0.5',
      box: true,
      boxcolor: '0x112233',
      x: '(main_w-text_w)/2',
      y: 18,
    };
    const text = { asset_id: 'txt-1', overlay_start: 0, text: 'Monday', duration: 2, style };
    const layers = await layersOf({ asset_id: first, start: 0, end: 6 }, text);
    expect(layers.at(-1)).toMatchObject({
      ...{ startMs: 0, durationMs: 2000, offset: { x: 0, y: 0.05 } },
      content: {
        ...{ kind: 'text', text: 'Monday', alignment: { horizontal: 'center', vertical: 'top' } },
        font: { size: 40, color: '#ffffff', opacity: 0.5 },
        background: { color: '#112233', borderWidth: 10 },
      },
    });
  });
});

describe('refused is', () => {
  const base = () => ({ asset_id: first, start: 0, end: 6 });
  it.each([
    ['a timeline without a video', () => [{ asset_id: tune, overlay_start: 0 }], 400, 'timeline: must have a video'],
    [
      'an asset that is not there',
      () => [base(), { asset_id: 'm-none' }],
      404,
      'timeline[1].asset_id: there is no asset',
    ],
    [
      'an end before the start',
      () => [{ asset_id: first, start: 5, end: 4 }],
      400,
      'timeline[0].start: must be before',
    ],
    ['an overlay without a time', () => [base(), { asset_id: tune }], 400, 'timeline[1].overlay_start: is missing'],
    [
      'an overlay after the end',
      () => [base(), { asset_id: tune, overlay_start: 6 }],
      400,
      'timeline[1].overlay_start: must',
    ],
    [
      'an empty text',
      () => [base(), { asset_id: 'txt-1', overlay_start: 0, text: '' }],
      400,
      'timeline[1].text: must not',
    ],
    [
      'an expression',
      () => [base(), { asset_id: 'txt-1', overlay_start: 0, text: 'x', style: { x: 'w-tw' } }],
      400,
      'timeline[1].style.x: must be a number of pixels',
    ],
    [
      'a strange colour',
      () => [base(), { asset_id: 'txt-1', overlay_start: 0, text: 'x', style: { fontcolor: 'mauve' } }],
      400,
      'timeline[1].style.fontcolor: must be a colour',
    ],
    [
      'a name that all objects know, as a colour',
      () => [base(), { asset_id: 'txt-1', overlay_start: 0, text: 'x', style: { fontcolor: 'constructor' } }],
      400,
      'timeline[1].style.fontcolor: must be a colour',
    ],
    [
      'a long fade',
      () => [base(), { asset_id: tune, overlay_start: 0, fade_in_duration: 6 }],
      400,
      'timeline[1].fade_in_duration: must be',
    ],
  ])('%s', async (_, timeline, status, message) => {
    const answer = await compile(...timeline());
    expect(answer.status).toBe(status);
    expect(answer.message).toContain(message);
    expect(drawn).toEqual([]);
  });
});
