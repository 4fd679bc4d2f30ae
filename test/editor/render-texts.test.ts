import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkedAss } from '../../src/editor/caption-source.ts';
import type { CaptionsContent, Layer, TextContent } from '../../src/editor/composition.ts';
import { captions, layer, text, wordsOf } from './drawing.ts';
import { expectColour, openStudio, type Studio } from './studio.ts';

const BACK = [32, 64, 96];
const BLUE = [0, 0, 255];
const GREEN = [0, 255, 0];
const RED = [255, 0, 0];
const YELLOW = [255, 255, 0];
const BLOCKS = '\u2588'.repeat(4);

const font = { family: 'DejaVu Sans', size: 40, color: '#ffff00', opacity: 1 };
const box = { width: 100, height: 40, color: '#0000ff', borderWidth: 0, opacity: 1, textAlignment: 'center' } as const;
const title = (some: Partial<TextContent>, settings: Partial<Layer> = {}) =>
  layer(text({ text: BLOCKS, font, ...some }), { durationMs: 1000, ...settings });
const said = (some: Partial<CaptionsContent>) =>
  layer(captions(wordsOf(`${BLOCKS} ${BLOCKS}`), { font: { ...captions('x').font, size: 40 }, ...some }), {
    durationMs: 1000,
  });
const ASS = `[Script Info]
ScriptType: v4.00+
PlayResX: 320
PlayResY: 180
[Events]
Format: Layer, Start, End, Style, Text
Dialogue: 0,0:00:00.50,0:00:09.00,Default,{\\an7\\pos(0,0)\\p1\\bord0\\shad0\\c&H0000FF&}m 0 0 l 160 0 160 180 0 180
`;

/** [time in seconds, x, y as shares of the canvas, colour] */
type Seen = [atS: number, x: number, y: number, colour: number[]];

let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(async () => studio[Symbol.asyncDispose]());

it.each<[what: string, layers: Layer[], seen: Seen[]]>([
  [
    'a text in the middle, over what lies below',
    [title({})],
    [
      [0, 0.5, 0.5, YELLOW],
      [0.9, 0.5, 0.1, BACK],
    ],
  ],
  [
    'letters half as opaque, their background not',
    [title({ font: { ...font, color: '#ffffff', opacity: 0.5 }, background: { ...box, width: 300, height: 100 } })],
    [
      [0, 0.5, 0.5, [128, 128, 255]],
      [0, 0.1, 0.5, BLUE],
      [0, 0.5, 0.1, BACK],
    ],
  ],
  [
    'a background through which one sees',
    [title({ text: ' .', background: { ...box, width: 300, height: 100, opacity: 0.5 } })],
    [[0, 0.2, 0.4, [16, 32, 176]]],
  ],
  [
    'all of it half as opaque as a clip',
    [title({ background: { ...box, width: 300, height: 100 } }, { opacity: 0.5 })],
    [
      [0, 0.5, 0.5, [144, 160, 48]],
      [0, 0.1, 0.5, [16, 32, 176]],
    ],
  ],
  [
    'a box of its own in a corner, the text at its left',
    [
      title(
        { text: '\u2588', width: 160, height: 90, alignment: { horizontal: 'left', vertical: 'center' } },
        { position: 'bottom_right' },
      ),
    ],
    [
      [0, 0.54, 0.75, YELLOW],
      [0, 0.9, 0.75, BACK],
      [0, 0.04, 0.5, BACK],
    ],
  ],
  [
    'half as large, moved to the right and down',
    [title({ background: { ...box, width: 320, height: 180 } }, { scale: 0.5, offset: { x: 0.25, y: 0.25 } })],
    [
      [0, 0.75, 0.75, YELLOW],
      [0, 0.97, 0.97, BLUE],
      [0, 0.53, 0.53, BLUE],
      [0, 0.47, 0.75, BACK],
    ],
  ],
  [
    'a text that fades in and out',
    [title({}, { transition: { in: 'fade', out: 'fade', durationMs: 400 } })],
    [
      [0, 0.5, 0.5, BACK],
      [0.2, 0.5, 0.5, [144, 160, 48]],
      [0.5, 0.5, 0.5, YELLOW],
    ],
  ],
  [
    'a text in negative',
    [title({}, { filter: 'negative' })],
    [
      [0, 0.5, 0.5, BLUE],
      [0, 0.5, 0.1, BACK],
    ],
  ],
  [
    'the later text above the earlier, each at its time',
    [title({}), title({ font: { ...font, color: '#ff0000' } }, { startMs: 480, durationMs: 200 })],
    [
      [0.4, 0.5, 0.5, YELLOW],
      [0.52, 0.5, 0.5, RED],
      [0.8, 0.5, 0.5, YELLOW],
    ],
  ],
  [
    'a caption that fills while it is spoken',
    [said({ animation: 'karaoke' })],
    [
      [0, 0.45, 0.85, YELLOW],
      [0.48, 0.4, 0.85, GREEN],
      [0.52, 0.8, 0.85, YELLOW],
      [0.96, 0.8, 0.85, GREEN],
    ],
  ],
  [
    'a caption whose words come one after the other',
    [said({ animation: 'reveal' })],
    [
      [0.4, 0.4, 0.85, YELLOW],
      [0.4, 0.7, 0.85, BACK],
      [0.6, 0.7, 0.85, YELLOW],
    ],
  ],
  [
    'a caption in a box',
    [
      said({
        border: { style: 'opaque_box', outline: 4, outlineColor: '&H000000FF', shadow: 0 },
        backColor: '&H80FF0000',
      }),
    ],
    [
      [0.2, 0.503, 0.85, [16, 32, 176]],
      [0.2, 0.4, 0.85, YELLOW],
    ],
  ],
  [
    'a document of the client, from the beginning of its clip',
    [layer(captions('', { ass: checkedAss(Buffer.from(ASS).toString('base64')) }), { startMs: 200, durationMs: 600 })],
    [
      [0.6, 0.2, 0.5, BACK],
      [0.72, 0.2, 0.5, RED],
      [0.72, 0.7, 0.5, BACK],
      [0.84, 0.2, 0.5, BACK],
    ],
  ],
])('draws %s', async (_, layers, seen) => {
  const out = await studio.render({ background: '#204060', durationMs: 1000, layers });
  expect(out.frames).toBe(25);
  for (const [atS, x, y, colour] of seen) expectColour(out.pixel(atS, x, y), colour);
});
