import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Composition, Content, Layer, Position } from '../../src/editor/composition.ts';
import { type Scenery, sceneryOf } from './scenery.ts';
import { expectColour, layer, openStudio, type Studio } from './studio.ts';

type Row = [
  what: string,
  layers: (scenery: Scenery) => Layer[],
  /** [time in seconds, x, y as shares of the canvas, colour] */
  seen: [atS: number, x: number, y: number, colour: number[]][],
  settings?: Partial<Composition>,
];

const [RED, LIME, BLUE, WHITE] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
];
const [YELLOW, MAGENTA, BLACK, FLAT] = [
  [255, 255, 0],
  [255, 0, 255],
  [0, 0, 0],
  [200, 100, 50],
];

const video = (assetId: string, some: object = {}): Content => ({
  kind: 'video',
  assetId,
  fromMs: 0,
  volume: 0,
  ...some,
});
const image = (assetId: string, some: object = {}): Content => ({ kind: 'image', assetId, ...some });
const tall = (settings: Partial<Layer>) => (s: Scenery) => [layer(video(s.tall), settings)];
const card = (settings: Partial<Layer>) => (s: Scenery) => [layer(image(s.card), { fit: 'none', ...settings })];
const corners =
  (settings: Partial<Layer>, some: object = {}) =>
  (s: Scenery) => [layer(video(s.corners, some), settings)];
const flat = (settings: Partial<Layer>) => (s: Scenery) => [layer(video(s.flat), settings)];

const FITS: Row[] = [
  [
    'crop fills and cuts what is too high',
    tall({ fit: 'crop' }),
    [
      [0, 0.02, 0.05, LIME],
      [0, 0.98, 0.95, BLUE],
    ],
  ],
  [
    'crop keeps the top at the top',
    tall({ fit: 'crop', position: 'top' }),
    [
      [0, 0.5, 0.05, RED],
      [0, 0.5, 0.95, LIME],
    ],
  ],
  ['crop keeps the bottom at the bottom', tall({ fit: 'crop', position: 'bottom_left' }), [[0, 0.5, 0.95, WHITE]]],
  [
    'cover stretches',
    tall({ fit: 'cover' }),
    [
      [0, 0.02, 0.05, RED],
      [0, 0.98, 0.95, WHITE],
      [0, 0.5, 0.4, LIME],
    ],
  ],
  [
    'contain shows all of it',
    tall({ fit: 'contain' }),
    [
      [0, 0.36, 0.05, RED],
      [0, 0.64, 0.95, WHITE],
      [0, 0.32, 0.5, BLACK],
      [0, 0.68, 0.5, BLACK],
    ],
  ],
  [
    'none leaves it as large as it is',
    tall({ fit: 'none' }),
    [
      [0, 0.5, 0.1, RED],
      [0, 0.5, 0.03, BLACK],
      [0, 0.34, 0.5, BLACK],
      [0, 0.38, 0.4, LIME],
    ],
  ],
];

const PLACES: [Position, x: number, y: number][] = [
  ['top_left', 0, 0],
  ['top', 0.5, 0],
  ['top_right', 1, 0],
  ['left', 0, 0.5],
  ['center', 0.5, 0.5],
  ['right', 1, 0.5],
  ['bottom_left', 0, 1],
  ['bottom', 0.5, 1],
  ['bottom_right', 1, 1],
];
/** The card takes a quarter of the canvas each way. */
const POSITIONS: Row[] = PLACES.map(([position, x, y]) => {
  const [left, top] = [x * 0.75, y * 0.75];
  const inside = [
    [0.02, 0.02],
    [0.23, 0.23],
  ].map(([dx = 0, dy = 0]) => [0, left + dx, top + dy, YELLOW] as Row[2][0]);
  const beside = [0, x < 1 ? left + 0.28 : left - 0.03, top + 0.1, BLACK] as Row[2][0];
  return [`lies ${position}`, card({ position }), [...inside, beside]];
});

const MOVED: Row[] = [
  [
    'an offset to the right',
    card({ offset: { x: 0.25, y: 0 } }),
    [
      [0, 0.65, 0.4, YELLOW],
      [0, 0.6, 0.4, BLACK],
    ].map(asSeen),
  ],
  [
    'an offset downwards',
    card({ offset: { x: 0, y: 0.25 } }),
    [
      [0, 0.5, 0.85, YELLOW],
      [0, 0.5, 0.6, BLACK],
    ].map(asSeen),
  ],
  [
    'an offset up and to the left, over the edge',
    card({ position: 'top_left', offset: { x: -0.125, y: -0.125 } }),
    [
      [0, 0.1, 0.1, YELLOW],
      [0, 0.15, 0.05, BLACK],
      [0, 0.05, 0.15, BLACK],
    ].map(asSeen),
  ],
  ['an offset that leaves nothing to see', card({ offset: { x: 3, y: 0 } }), [[0, 0.5, 0.5, BLACK]]],
  [
    'half the size',
    corners({ scale: 0.5 }),
    [
      [0, 0.27, 0.27, RED],
      [0, 0.73, 0.73, WHITE],
      [0, 0.22, 0.5, BLACK],
    ],
  ],
  [
    'half the size in a corner',
    corners({ scale: 0.5, position: 'top_right' }),
    [
      [0, 0.52, 0.02, RED],
      [0, 0.98, 0.48, WHITE],
      [0, 0.4, 0.1, BLACK],
    ],
  ],
  [
    'twice the size',
    corners({ scale: 2 }),
    [
      [0, 0.02, 0.02, RED],
      [0, 0.49, 0.49, RED],
      [0, 0.52, 0.98, WHITE],
    ],
  ],
  [
    'twice the size from a corner',
    corners({ scale: 2, position: 'bottom_left' }),
    [
      [0, 0.9, 0.1, BLUE],
      [0, 0.02, 0.98, BLUE],
    ],
  ],
  [
    'ten times the size',
    card({ scale: 10 }),
    [
      [0, 0, 0, YELLOW],
      [0, 0.99, 0.99, YELLOW],
    ],
  ],
  ['no size at all', card({ scale: 0 }), [[0, 0.5, 0.5, BLACK]]],
  [
    'what is high and half the size keeps its canvas shape',
    tall({ scale: 0.5 }),
    [
      [0, 0.3, 0.3, LIME],
      [0, 0.7, 0.7, BLUE],
      [0, 0.5, 0.2, BLACK],
    ],
  ],
];

const CUT: Row[] = [
  [
    'the left half cut off',
    corners({ fit: 'cover' }, { crop: { top: 0, right: 0, bottom: 0, left: 0.5 } }),
    [
      [0, 0.02, 0.1, LIME],
      [0, 0.98, 0.9, WHITE],
    ],
  ],
  [
    'top and right cut off',
    corners({ fit: 'crop' }, { crop: { top: 0.5, right: 0.5, bottom: 0, left: 0 } }),
    [
      [0, 0.02, 0.02, BLUE],
      [0, 0.98, 0.98, BLUE],
    ],
  ],
  [
    'cut at all sides, its own size',
    corners({ fit: 'none' }, { crop: { top: 0.25, right: 0.25, bottom: 0.25, left: 0.25 } }),
    [
      [0, 0.27, 0.27, RED],
      [0, 0.73, 0.73, WHITE],
      [0, 0.2, 0.5, BLACK],
    ],
  ],
  ['all cut off', corners({}, { crop: { top: 0.5, right: 0, bottom: 0.5, left: 0 } }), [[0, 0.5, 0.5, BLACK]]],
  [
    'an image cut to its left half',
    (s) => [layer(image(s.glass, { crop: { top: 0, right: 0.5, bottom: 0, left: 0 } }), { fit: 'cover' })],
    [
      [0, 0.02, 0.5, MAGENTA],
      [0, 0.98, 0.5, MAGENTA],
    ],
  ],
];

const SEEN_THROUGH: Row[] = [
  ['a quarter of its opacity', flat({ opacity: 0.25 }), [[0.5, 0.5, 0.5, [50, 25, 204]]], { background: '#0000ff' }],
  ['no opacity', flat({ opacity: 0 }), [[0.5, 0.5, 0.5, BLUE]], { background: '#0000ff' }],
  [
    'an image that can be seen through in part',
    (s) => [layer(image(s.glass), { fit: 'cover' })],
    [
      [0, 0.1, 0.5, MAGENTA],
      [0.9, 0.9, 0.5, LIME],
    ],
    { background: '#00ff00' },
  ],
  [
    'the later one is on top',
    (s) => [layer(video(s.flat)), layer(image(s.card), { fit: 'cover' })],
    [[0.5, 0.5, 0.5, YELLOW]],
  ],
  [
    'and the earlier one below',
    (s) => [layer(image(s.card), { fit: 'cover' }), layer(video(s.flat))],
    [[0.5, 0.5, 0.5, FLAT]],
  ],
  [
    'two that are half seen, one on the other',
    (s) => [layer(video(s.flat), { opacity: 0.5 }), layer(image(s.card), { fit: 'cover', opacity: 0.5 })],
    [[0.5, 0.5, 0.5, [178, 153, 13]]],
  ],
  [
    'nothing but the background',
    () => [],
    [
      [0, 0.5, 0.5, [18, 52, 86]],
      [0.96, 0, 1, [18, 52, 86]],
    ],
    { background: '#123456' },
  ],
];

const FADES: Row[] = [
  [
    'fades in',
    flat({ transition: { in: 'fade', durationMs: 500 } }),
    [
      [0, 0.5, 0.5, BLACK],
      [0.24, 0.5, 0.5, [96, 48, 24]],
      [0.52, 0.5, 0.5, FLAT],
      [0.96, 0.5, 0.5, FLAT],
    ],
  ],
  [
    'fades out',
    flat({ transition: { out: 'fade', durationMs: 400 } }),
    [
      [0, 0.5, 0.5, FLAT],
      [0.6, 0.5, 0.5, FLAT],
      [0.8, 0.5, 0.5, [100, 50, 25]],
      [0.96, 0.5, 0.5, [20, 10, 5]],
    ],
  ],
  [
    'fades in later, and out',
    flat({ startMs: 200, durationMs: 600, transition: { in: 'fade', out: 'fade', durationMs: 200 } }),
    [
      [0.16, 0.5, 0.5, BLACK],
      [0.28, 0.5, 0.5, [80, 40, 20]],
      [0.48, 0.5, 0.5, FLAT],
      [0.72, 0.5, 0.5, [80, 40, 20]],
      [0.84, 0.5, 0.5, BLACK],
    ],
  ],
  [
    'an image at half its opacity fades',
    card({ fit: 'cover', opacity: 0.5, transition: { in: 'fade', durationMs: 500 } }),
    [
      [0.24, 0.5, 0.5, [61, 61, 0]],
      [0.8, 0.5, 0.5, [128, 128, 0]],
    ],
  ],
  [
    'a fade longer than its clip',
    flat({ transition: { in: 'fade', durationMs: 5000 } }),
    [
      [0.48, 0.5, 0.5, [96, 48, 24]],
      [0.96, 0.5, 0.5, [192, 96, 48]],
    ],
  ],
];

/** What 200, 100, 50 becomes. */
const LOOKS: Row[] = (
  [
    ['blur', FLAT],
    ['boost', [239, 89, 14]],
    ['contrast', [236, 86, 11]],
    ['darken', [120, 60, 30]],
    ['greyscale', [118, 118, 118]],
    ['lighten', [222, 162, 132]],
    ['muted', [160, 110, 86]],
    ['negative', [55, 155, 205]],
  ] as const
).map(([filter, colour]) => [`looks ${filter}`, flat({ filter }), [[0.5, 0.5, 0.5, [...colour]]]]);

const CANVASES: Row[] = [
  [
    'a canvas that stands',
    corners({ fit: 'contain' }),
    [
      [0, 0.02, 0.4, RED],
      [0, 0.98, 0.6, WHITE],
      [0, 0.5, 0.1, BLACK],
    ],
    { width: 180, height: 320 },
  ],
  [
    'a square',
    tall({ fit: 'crop' }),
    [
      [0, 0.02, 0.1, LIME],
      [0, 0.98, 0.9, BLUE],
    ],
    { width: 200, height: 200 },
  ],
  [
    'a blur that is seen at an edge',
    corners({ filter: 'blur' }),
    [
      [0.5, 0.25, 0.5, [107, 0, 142]],
      [0.5, 0.1, 0.1, RED],
    ],
  ],
];

const FOLLOWED: Row[] = [
  [
    'follows to the right',
    corners({
      follow: [
        { atMs: 0, x: 0, y: 0 },
        { atMs: 800, x: 1, y: 0 },
      ],
    }),
    [
      [0, 0.5, 0.1, RED],
      [0.92, 0.5, 0.1, LIME],
      [0.4, 0.3, 0.1, RED],
      [0.4, 0.7, 0.1, LIME],
    ],
    { width: 90, height: 180 },
  ],
  [
    'stays where it was followed to, and never leaves the picture',
    corners({ follow: [{ atMs: 0, x: 9, y: 0.5 }] }),
    [
      [0, 0.1, 0.1, LIME],
      [0.9, 0.9, 0.9, WHITE],
    ],
    { width: 90, height: 180 },
  ],
  [
    'follows many points',
    corners({ follow: [0, 1, 0, 1].map((x, i) => ({ atMs: i * 300, x, y: 0.5 })) }),
    [
      [0, 0.5, 0.1, RED],
      [0.32, 0.5, 0.1, LIME],
      [0.6, 0.5, 0.1, RED],
      [0.92, 0.5, 0.1, LIME],
    ],
    { width: 90, height: 180 },
  ],
];

function asSeen(seen: (number | number[])[]): Row[2][0] {
  return seen as Row[2][0];
}

let studio: Studio;
let scenery: Scenery;
beforeAll(async () => {
  studio = await openStudio();
  scenery = await sceneryOf(studio);
});
afterAll(() => studio[Symbol.asyncDispose]());

it.each([...FITS, ...POSITIONS, ...MOVED, ...CUT, ...SEEN_THROUGH, ...FADES, ...LOOKS, ...CANVASES, ...FOLLOWED])(
  '%s',
  async (_what, layers, seen, settings = {}) => {
    const out = await studio.render({ layers: layers(scenery), ...settings });
    expect(out.frames).toBe(25);
    for (const [atS, x, y, colour] of seen) expectColour(out.pixel(atS, x, y), colour);
  },
);
