import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { CaptionsContent, CaptionWord, Layer, TextContent } from '../../src/editor/composition.ts';
import { assOf } from '../../src/editor/text-layer.ts';

export const CANVAS = { width: 320, height: 180 };
export const YELLOW = [255, 255, 0];
export const RED = [255, 0, 0];
export const GREEN = [0, 255, 0];

export interface Picture {
  width: number;
  height: number;
  rgb: Buffer;
}

/** The first and the last column and row with such pixels; `count` of them. */
export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
  count: number;
}

const dir = mkdtempSync(join(tmpdir(), 'wp-drawing-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** What libass makes of a document at a time, on black or another colour. */
export function draw(ass: string, atMs: number, size = CANVAS, background = '#000000'): Picture {
  const [picture] = drawAll([{ ass, atMs }], size, background);
  if (!picture) throw new Error('nothing was drawn');
  return picture;
}

/** Several by one ffmpeg, in which they lie below each other: starting one takes longer than drawing. */
function drawAll(
  documents: readonly { ass: string; atMs: number }[],
  { width, height } = CANVAS,
  background = '#000000',
): Picture[] {
  const chains = documents.map(({ ass, atMs }, i) => {
    writeFileSync(join(dir, `${i}.ass`), ass);
    const source = `color=c=${background}:s=${width}x${height}:r=25:d=0.04,format=gbrp`;
    return `${source},setpts=PTS+${atMs / 1000}/TB,ass=${i}.ass,setpts=0[v${i}]`;
  });
  const labels = documents.map((_, i) => `[v${i}]`).join('');
  const stack = documents.length > 1 ? `${labels}vstack=inputs=${documents.length}[v]` : '[v0]null[v]';
  const { stdout, stderr } = spawnSync(
    'ffmpeg',
    ['-nostdin', '-loglevel', 'error', '-filter_complex', `${chains.join(';')};${stack}`, '-map', '[v]'].concat([
      '-frames:v',
      '1',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      'pipe:1',
    ]),
    { cwd: dir, maxBuffer: 1 << 28 },
  );
  const size = width * height * 3;
  if (stdout.length !== documents.length * size) throw new Error(`ffmpeg: ${stderr.toString()}`);
  return documents.map((_, i) => ({ width, height, rgb: stdout.subarray(i * size, (i + 1) * size) }));
}

type Shot = readonly [content: TextContent | CaptionsContent, atMs: number, some?: Partial<Layer>];

/** Layers at their times, drawn together. */
export async function shots<const T extends readonly Shot[]>(...wanted: T): Promise<{ [K in keyof T]: Picture }> {
  const documents = await Promise.all(
    wanted.map(async ([content, atMs, some]) => ({ ass: await assOf(layer(content, some), CANVAS), atMs })),
  );
  // One for each that was asked for.
  return drawAll(documents) as { [K in keyof T]: Picture };
}

export function pixel({ width, rgb }: Picture, x: number, y: number): number[] {
  const at = 3 * (Math.round(y) * width + Math.round(x));
  return [...rgb.subarray(at, at + 3)];
}

/** Where a picture is of about this colour. */
export function boundsOf(picture: Picture, color: readonly number[], tolerance = 60): Bounds {
  const bounds = { left: picture.width, top: picture.height, right: -1, bottom: -1, count: 0 };
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++) {
      const at = 3 * (y * picture.width + x);
      if (!color.every((value, i) => Math.abs((picture.rgb[at + i] ?? 0) - value) <= tolerance)) continue;
      bounds.left = Math.min(bounds.left, x);
      bounds.right = Math.max(bounds.right, x);
      bounds.top = Math.min(bounds.top, y);
      bounds.bottom = Math.max(bounds.bottom, y);
      bounds.count += 1;
    }
  }
  return bounds;
}

export function text(some: Partial<TextContent>): TextContent {
  return {
    kind: 'text',
    text: 'Watchpost',
    font: { family: 'DejaVu Sans', size: 24, color: '#ffff00', opacity: 1 },
    alignment: { horizontal: 'center', vertical: 'center' },
    tabSize: 4,
    lineSpacing: 0,
    ...some,
  };
}

export function captions(said: string | CaptionWord[], some: Partial<CaptionsContent> = {}): CaptionsContent {
  return {
    kind: 'captions',
    words: typeof said === 'string' ? wordsOf(said) : said,
    font: {
      ...{ name: 'DejaVu Sans', size: 24, bold: false, italic: false, underline: false, strikeout: false },
      ...{ scaleX: 100, scaleY: 100, spacing: 0, angle: 0 },
    },
    primaryColor: '&H0000FFFF',
    secondaryColor: '&H0000FF00',
    backColor: '&H00FF0000',
    border: { style: 'outline_and_shadow', outline: 0, outlineColor: '&H000000FF', shadow: 0 },
    position: { alignment: 'bottom_center', marginL: 10, marginR: 10, marginV: 10 },
    ...some,
  };
}

/** Half a second each, one after the other. */
export function wordsOf(said: string): CaptionWord[] {
  return said.split(' ').map((word, i) => ({ text: word, startMs: i * 500, endMs: i * 500 + 500 }));
}

export function layer(content: TextContent | CaptionsContent, some: Partial<Layer> = {}): Layer {
  return {
    ...{ startMs: 0, durationMs: 10_000, content, scale: 1, opacity: 1, fit: 'none', position: 'center' },
    offset: { x: 0, y: 0 },
    ...some,
  };
}
