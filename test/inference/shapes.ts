import { join, resolve } from 'node:path';
import sharp, { type Sharp } from 'sharp';

/** A CLIP of this project's own, taught on pictures of coloured shapes; what it is, its README says. */
export const CLIP_MODEL = join(resolve(import.meta.dirname, '../fixtures/clip-model'), 'model');

const COLOURS = {
  red: 'rgb(210,30,35)',
  green: 'rgb(30,150,50)',
  blue: 'rgb(30,60,200)',
  yellow: 'rgb(240,220,40)',
  orange: 'rgb(245,135,20)',
  purple: 'rgb(125,40,150)',
  white: 'rgb(248,248,248)',
  black: 'rgb(12,12,12)',
};
const SHAPES = ['square', 'circle', 'triangle', 'star', 'cross', 'ring'] as const;
/** Columns and rows, and what they are called. */
const PLACES = {
  left: [0, 1, 'on the left', 'on the left side'],
  right: [2, 1, 'on the right', 'at the right'],
  top: [1, 0, 'at the top', 'on top'],
  bottom: [1, 2, 'at the bottom', 'at the lower edge'],
  middle: [1, 1, 'in the middle', 'in the centre'],
  'top left': [0, 0, 'in the top left corner', 'at the top left'],
  'top right': [2, 0, 'in the top right corner', 'in the upper right corner'],
  'bottom left': [0, 2, 'in the bottom left corner', 'at the bottom left'],
  'bottom right': [2, 2, 'in the bottom right corner', 'in the lower right corner'],
} as const;
const GROUNDS = {
  grey: 'rgb(128,128,128)',
  white: 'rgb(250,250,250)',
  black: 'rgb(10,10,10)',
  brown: 'rgb(120,85,55)',
};
const OPENINGS = ['', '', '', 'a photo of ', 'a picture of ', 'there is '];

interface Thing {
  colour: keyof typeof COLOURS;
  shape: (typeof SHAPES)[number];
  place: keyof typeof PLACES;
}
export interface Untold {
  things: Thing[];
  ground: keyof typeof GROUNDS;
}
export interface Scene extends Untold {
  caption: string;
}

/** The model was never taught these three together; see `left_out` in shapes.py. */
function isUntaught({ colour, shape, place }: Thing): boolean {
  const at = (names: object, name: string) => Object.keys(names).indexOf(name);
  return (at(COLOURS, colour) + SHAPES.indexOf(shape) + at(PLACES, place)) % 5 === 0;
}

/** Scenes with something that the model wasn't taught, one thing or two, none of which another's caption is true of; always the same. */
export function untaughtScenes(count: number, seed: number): Scene[] {
  const random = randomFrom(seed);
  const scenes: Scene[] = [];
  while (scenes.length < count) {
    const things = [aThing(random), ...(scenes.length < count / 3 ? [] : [aThing(random)])];
    const ground = pick(random, Object.keys(GROUNDS) as Scene['ground'][]); // These are its keys.
    const [one, other] = things;
    const plain = things.every((thing) => seenOn(thing, ground)) && (!one || !other || areApart(one, other));
    const alike = scenes.some((scene) => holds(scene.things, things) || holds(things, scene.things));
    if (!plain || alike || !things.some(isUntaught)) continue;
    scenes.push({ things, ground, caption: captionOf({ things, ground }, random) });
  }
  return scenes;
}

/** A frame of a camera, 16:9, with some noise and light from one side. */
export async function draw({ things, ground }: Untold, seed = 1): Promise<Sharp> {
  const random = randomFrom(seed);
  const [width, height] = [320, 180];
  const parts = things.map((thing) => svgOf(thing, random, { width, height, ground: GROUNDS[ground] }));
  const light = `<rect width="${width}" height="${height}" fill="url(#l)"/>`;
  const slope = `<linearGradient id="l"><stop stop-color="#000" stop-opacity="0.12"/><stop offset="1" stop-opacity="0"/></linearGradient>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${slope}<rect width="${width}" height="${height}" fill="${GROUNDS[ground]}"/>${parts.join('')}${light}</svg>`;
  return sharp(await sharp(Buffer.from(svg)).removeAlpha().jpeg({ quality: 80 }).toBuffer());
}

function svgOf(
  { colour, shape, place }: Thing,
  random: () => number,
  { width, height, ground }: { width: number; height: number; ground: string },
): string {
  const [column, row] = PLACES[place];
  const near = (cell: number) => [0.2, 0.5, 0.8][cell] ?? 0;
  const x = (near(column) + (random() - 0.5) * 0.08) * width;
  const y = (near(row) + (random() - 0.5) * 0.06) * height;
  const r = (0.11 + random() * 0.1) * height;
  const fill = COLOURS[colour];
  const points = (list: readonly (readonly [number, number])[]) =>
    `<polygon points="${list.map(([px, py]) => `${x + px * r},${y + py * r}`).join(' ')}" fill="${fill}"/>`;
  const t = 0.34;
  switch (shape) {
    case 'square':
      return points([
        [-1, -1],
        [1, -1],
        [1, 1],
        [-1, 1],
      ]);
    case 'triangle':
      return points([
        [0, -1],
        [1, 1],
        [-1, 1],
      ]);
    case 'star':
      return points(
        Array.from({ length: 10 }, (_, i) => {
          const [angle, far] = [-Math.PI / 2 + (i * Math.PI) / 5, i % 2 === 0 ? 1.1 : 0.45];
          return [far * Math.cos(angle), far * Math.sin(angle)] as const;
        }),
      );
    case 'cross':
      return points([
        [-t, -1],
        [t, -1],
        [t, -t],
        [1, -t],
        [1, t],
        [t, t],
        [t, 1],
        [-t, 1],
        [-t, t],
        [-1, t],
        [-1, -t],
        [-t, -t],
      ]);
    case 'circle':
      return `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}"/>`;
    case 'ring':
      return `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}"/><circle cx="${x}" cy="${y}" r="${r * 0.58}" fill="${ground}"/>`;
  }
}

function aThing(random: () => number): Thing {
  return {
    colour: pick(random, Object.keys(COLOURS) as Thing['colour'][]), // These are its keys.
    shape: pick(random, SHAPES),
    place: pick(random, Object.keys(PLACES) as Thing['place'][]), // These are its keys.
  };
}

/** The same with its first thing in another place. */
export function elsewhere({ things: [first, ...others], ground }: Untold): Untold {
  const taken = others.map(({ place }) => place);
  const place = (['left', 'right', 'top', 'bottom'] as const).find(
    (one) => one !== first?.place && !taken.includes(one),
  );
  return { ground, things: [...(first ? [{ ...first, place: place ?? first.place }] : []), ...others] };
}

/** The same with its first thing in another colour. */
export function recoloured({ things: [first, ...others], ground }: Untold): Untold {
  const colour: Thing['colour'] = first?.colour === 'green' ? 'purple' : 'green';
  return { ground, things: [...(first ? [{ ...first, colour }] : []), ...others] };
}

/** In the plainest words; by chance, in others. */
export function captionOf({ things }: Untold, random: () => number = () => 0): string {
  const said = things.map(({ colour, shape, place }) => {
    const [, , ...ways] = PLACES[place];
    return `${/^[aeo]/.test(colour) ? 'an' : 'a'} ${colour} ${shape} ${pick(random, ways)}`;
  });
  return `${pick(random, OPENINGS)}${said.join(pick(random, [' and ', ', ', ' with ']))}`;
}

/** Whether all of the others are among these. */
function holds(things: readonly Thing[], others: readonly Thing[]): boolean {
  const same = (a: Thing, b: Thing) => a.colour === b.colour && a.shape === b.shape && a.place === b.place;
  return others.every((other) => things.some((thing) => same(thing, other)));
}

function seenOn({ colour }: Thing, ground: Scene['ground']): boolean {
  return colour !== ground && !(colour === 'orange' && ground === 'brown');
}

function areApart(one: Thing, other: Thing): boolean {
  const [a, b] = [PLACES[one.place], PLACES[other.place]];
  return Math.max(Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1])) === 2;
}

function pick<T>(random: () => number, all: readonly T[]): T {
  const one = all[Math.floor(random() * all.length)];
  if (one === undefined) throw new Error('there is nothing to pick from');
  return one;
}

/** Numbers from 0 to 1 that are always the same (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
