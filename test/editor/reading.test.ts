import { describe, expect, it, vi } from 'vitest';
import type { Frame } from '#domain';
import { assOf } from '../../src/editor/text-layer.ts';
import { type Bench, haveReferences, inferenceWith, modelDir, skipNote } from '../inference/references.ts';
import { captions, draw, layer, text } from './drawing.ts';

vi.setConfig({ testTimeout: 60_000 });

const CANVAS = { width: 640, height: 360 };
const about = { streamId: 'rts-1', priority: 'index' } as const;

/** What a model that reads finds in a picture, from the top down or from the left. */
async function read(
  { inference }: Bench,
  { width, height, rgb }: ReturnType<typeof draw>,
  from: 'x1' | 'y1',
): Promise<string[]> {
  const picture: Frame = { atMs: 0, width, height, rgb: new Uint8Array(rgb), sceneScore: 0 };
  const never = new AbortController().signal;
  const places = await vi.waitFor(async () => {
    const found = await inference.ask('text-detection', { picture }, about, never);
    return Array.isArray(found) ? found : expect.fail(`no answer: ${String(found)}`);
  }, 30_000);
  const boxes = places.map(({ box }) => box).toSorted((a, b) => a[from] - b[from]);
  const lines = await vi.waitFor(async () => {
    const found = await inference.ask('text-recognition', { picture, boxes }, about, never);
    return Array.isArray(found) ? found : expect.fail(`no answer: ${String(found)}`);
  }, 30_000);
  return lines.map((line) => line.text.replaceAll(' ', ''));
}

describe.skipIf(!haveReferences)(`what is written can be read${skipNote}`, () => {
  it('as a title, as a caption, and word for word', async () => {
    await using bench = await inferenceWith(modelDir('ppocr-det-en-v3'));
    await bench.models.importPack(modelDir('ppocr-rec-en-number-v2'));
    await bench.inference.reload();
    const font = { family: 'Clear Sans', size: 44, color: '#ffffff', opacity: 1 };
    const title = text({ text: 'LOADING BAY 7\nKX51 ABD', font, border: { color: '#802020', width: 2 } });
    expect(await read(bench, draw(await assOf(layer(title), CANVAS), 0, CANVAS, '#204060'), 'y1')).toEqual([
      'LOADINGBAY7',
      'KX51ABD',
    ]);
    const style = { style: 'opaque_box', outline: 8, outlineColor: '&H00000000', shadow: 0 } as const;
    const said = captions('GATE NUMBER 12 IS OPEN', { border: style, animation: 'reveal', backColor: '&H00201008' });
    const caption = await assOf(layer({ ...said, font: { ...said.font, size: 44 } }), CANVAS);
    expect((await read(bench, draw(caption, 2400, CANVAS, '#406020'), 'x1')).join('')).toBe('GATENUMBER12ISOPEN');
    expect((await read(bench, draw(caption, 600, CANVAS, '#406020'), 'x1')).join('')).toBe('GATENUMBER');
  });
});
