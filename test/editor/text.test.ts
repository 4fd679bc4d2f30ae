import { describe, expect, it } from 'vitest';
import type { Position, TextContent } from '../../src/editor/composition.ts';
import { breakLines } from '../../src/editor/line-breaking.ts';
import { assOf, fontNotes } from '../../src/editor/text-layer.ts';
import {
  type Bounds,
  boundsOf,
  CANVAS,
  draw,
  layer,
  type Picture,
  pixel,
  RED,
  shots,
  text,
  YELLOW,
} from './drawing.ts';

const BLUE = [0, 0, 255];

const shot = (some: Partial<TextContent>, position: Position = 'center') => [text(some), 500, { position }] as const;

async function drawn(some: Partial<TextContent>): Promise<Picture> {
  return (await shots(shot(some)))[0];
}

/** What is shown, each line as its document has it, without tags. */
async function linesOf(some: Partial<TextContent>): Promise<string[]> {
  const ass = await assOf(layer(text(some)), CANVAS);
  const events = ass.split('\n').filter((line) => line.startsWith('Dialogue: 1'));
  return events.map((line) =>
    line
      .split(',')
      .slice(9)
      .join(',')
      .replace(/^\{[^}]*\}/, ''),
  );
}

const font = { family: 'DejaVu Sans', size: 24, color: '#ffff00', opacity: 1 };

describe('a text', () => {
  it.each([
    ['left', 'top', (b: Bounds) => b.left < 6 && b.top < 12],
    ['center', 'center', (b: Bounds) => Math.abs(b.left + b.right - 319) < 6 && Math.abs(b.top + b.bottom - 179) < 14],
    ['right', 'bottom', (b: Bounds) => b.right > 313 && b.bottom > 165],
  ] as const)('lies %s, %s', async (horizontal, vertical, isThere) => {
    const bounds = boundsOf(await drawn({ alignment: { horizontal, vertical } }), YELLOW);
    expect(bounds.count).toBeGreaterThan(300);
    expect(bounds).toSatisfy(isThere);
  });

  it('is as large as its font says, in ems, and as bold', async () => {
    const pictures = await shots(
      shot({ text: 'H', font: { ...font, size: 40 } }),
      shot({ text: 'H', font: { ...font, size: 80 } }),
      shot({ font: { ...font, weight: 400 } }),
      shot({ font: { ...font, weight: 700 } }),
    );
    const [small, large, plain, bold] = pictures.map((picture) => boundsOf(picture, YELLOW));
    // Capitals of DejaVu Sans are 0.729 em high.
    expect(Math.abs((small?.bottom ?? 0) - (small?.top ?? 0) + 1 - 29)).toBeLessThanOrEqual(1);
    expect(Math.abs((large?.bottom ?? 0) - (large?.top ?? 0) + 1 - 58)).toBeLessThanOrEqual(1);
    expect(bold?.count).toBeGreaterThan(1.2 * (plain?.count ?? 0));
  });

  it('is as opaque as told', async () => {
    const picture = await drawn({ text: '█', font: { ...font, size: 60, opacity: 0.5 } });
    const [red = 0, green = 0, blue = 0] = pixel(picture, 160, 90);
    expect(Math.abs(red - 128) + Math.abs(green - 128) + blue).toBeLessThan(12);
  });

  it('has a border around it and casts a shadow', async () => {
    const [bare, border, cast] = await shots(
      shot({}),
      shot({ border: { color: '#ff0000', width: 3 } }),
      shot({ shadow: { color: '#0000ff', x: 9, y: 5 } }),
    );
    const [plain, bordered, shadow] = [boundsOf(bare, YELLOW), boundsOf(border, RED), boundsOf(cast, BLUE)];
    expect(Math.abs(plain.left - bordered.left - 3)).toBeLessThanOrEqual(1);
    expect(Math.abs(bordered.bottom - plain.bottom - 3)).toBeLessThanOrEqual(1);
    expect(Math.abs(shadow.right - plain.right - 9)).toBeLessThanOrEqual(1);
    expect(Math.abs(shadow.bottom - plain.bottom - 5)).toBeLessThanOrEqual(1);
  });

  it('stays inside of the picture with its border', async () => {
    const { left } = boundsOf(
      await drawn({ border: { color: '#ff0000', width: 6 }, alignment: { horizontal: 'left', vertical: 'top' } }),
      RED,
    );
    expect(left).toBeLessThanOrEqual(3);
    expect(left).toBeGreaterThanOrEqual(0);
  });
});

const background = {
  width: 200,
  height: 60,
  color: '#0000ff',
  borderWidth: 0,
  opacity: 1,
  textAlignment: 'center',
} as const;

describe('a background', () => {
  it('is a box of its own size, where the alignment says, larger by its border', async () => {
    const alignment = { horizontal: 'right', vertical: 'top' } as const;
    const wider = { background: { ...background, borderWidth: 5 } };
    const [box, larger] = await shots(shot({ background, alignment }), shot(wider));
    expect(boundsOf(box, BLUE)).toMatchObject({ left: 120, right: 319, top: 0, bottom: 59 });
    expect(boundsOf(larger, BLUE)).toMatchObject({ left: 55, right: 264, top: 55, bottom: 124 });
  });

  it('has the text where it says', async () => {
    const pictures = await shots(
      shot({ background: { ...background, textAlignment: 'top_left' } }),
      shot({ background: { ...background, textAlignment: 'bottom_right' } }),
    );
    const [left, right] = [boundsOf(pictures[0], YELLOW), boundsOf(pictures[1], YELLOW)];
    expect([left.left < 66, left.top < 72]).toEqual([true, true]);
    expect([right.right > 253, right.bottom > 105]).toEqual([true, true]);
  });

  it('without a size is as large as the text', async () => {
    const [text, behind] = await shots(
      shot({}),
      shot({ background: { ...background, width: 0, height: 0, borderWidth: 4 } }),
    );
    const [bare, box] = [boundsOf(text, YELLOW), boundsOf(behind, BLUE)];
    expect([bare.left - box.left, box.right - bare.right].every((gap) => gap >= 4 && gap <= 8)).toBe(true);
    expect(Math.abs(box.bottom - box.top + 1 - (28 + 8))).toBeLessThanOrEqual(1);
  });

  it('is as opaque as told, whatever the font is', async () => {
    const picture = await drawn({
      background: { ...background, opacity: 0.25, color: '#ffffff' },
      font: { ...font, opacity: 0 },
    });
    const [red = 0] = pixel(picture, 160, 90);
    expect(Math.abs(red - 64)).toBeLessThanOrEqual(3);
  });
});

describe('lines', () => {
  it('are broken at the width of the box, which lies where the clip lies', async () => {
    const content = { text: 'one two three four five', width: 120, height: 100 };
    expect((await linesOf(content)).length).toBeGreaterThan(2);
    const pictures = await shots(shot(content, 'bottom_right'), shot(content, 'top_left'));
    const [corner, { right, bottom }] = [boundsOf(pictures[0], YELLOW), boundsOf(pictures[1], YELLOW)];
    expect(corner.left).toBeGreaterThanOrEqual(200);
    expect(corner.top).toBeGreaterThanOrEqual(80);
    expect([right < 120, bottom < 100]).toEqual([true, true]);
  });

  it('are as far from each other as told', async () => {
    const set = (lineSpacing: number) => shot({ text: 'H\nH\nH', lineSpacing });
    const pictures = await shots(set(0), set(1), set(2), set(0.8));
    const [usual = 0, same, wide = 0, narrow] = pictures.map((picture) => {
      const { top, bottom } = boundsOf(picture, YELLOW);
      return bottom - top;
    });
    expect(same).toBe(usual);
    expect(Math.abs(wide - usual - 2 * 28)).toBeLessThanOrEqual(2);
    expect(narrow).toBeLessThan(usual);
  });

  it('have their tabs at stops', async () => {
    const starts = async (label: string) => {
      const left = { horizontal: 'left', vertical: 'top' } as const;
      const ass = { text: `${label}\t█`, tabSize: 8, alignment: left, font: { ...font, size: 16 } };
      const wide = await drawn(ass);
      const bare = boundsOf(await drawn({ ...ass, text: label }), YELLOW);
      const row = Array.from({ length: 320 - bare.right - 2 }, (_, i) => bare.right + 2 + i);
      return row.find((x) => (pixel(wide, x, 9)[0] ?? 0) > 128);
    };
    // A space of DejaVu Sans is 651 of 2048 units wide: a stop is 8 of these.
    const stop = (8 * 16 * 651) / 2048;
    expect(Math.abs(((await starts('a')) ?? 0) - stop)).toBeLessThanOrEqual(2);
    expect(Math.abs(((await starts('quite lo')) ?? 0) - 2 * stop)).toBeLessThanOrEqual(2);
  });

  const advance = (part: string, x: number) => x + Array.from(part).length;
  it.each([
    ['at spaces', 'aa bb cc', 5, ['aa bb', 'cc']],
    ['not where it fits', 'aa bb', 5, ['aa bb']],
    ['in what is too long alone', 'a bbbbbbb c', 3, ['a', 'bbb', 'bbb', 'b c']],
    ['between characters that need no spaces', '你好世界。再见', 4, ['你好世', '界。再见']],
    ['not inside of what is one to the eye', '👨‍👩‍👧👨‍👩‍👧', 5, ['👨‍👩‍👧', '👨‍👩‍👧']],
    ['nowhere in an empty one', '', 3, ['']],
  ])('are broken %s', (_, said, room, lines) => {
    expect(breakLines(said, room, advance)).toEqual(lines);
  });
});

describe('what users write', () => {
  it('is never a tag, a drawing or another line of the document', async () => {
    const evil = '{\\fs200\\p1}m 0 0 l 9 9\\N\\h\\{x\u0007\r\nDialogue: 0,0:00:00.00,9:00:00.00,Text,,0,0,0,,out';
    const lines = await linesOf({ text: evil, width: 10_000 });
    expect(lines).toEqual([
      '\\{\\\u2060fs200\\\u2060p1\\}m 0 0 l 9 9\\\u2060N\\\u2060h\\\u2060\\{x',
      'Dialogue: 0,0:00:00.00,9:00:00.00,Text,,0,0,0,,out',
    ]);
  });

  it('looks as it was written', async () => {
    const [as, plain] = [await drawn({ text: '{\\b1}\\N' }), await drawn({ text: 'a{\\b1}\\Na' })];
    const wide = ({ left, right }: Bounds) => right - left;
    expect(boundsOf(as, YELLOW).count).toBeGreaterThan(200);
    expect(wide(boundsOf(plain, YELLOW)) - wide(boundsOf(as, YELLOW))).toBeGreaterThan(20);
  });

  it('in Arabic begins at the right of the line, and Chinese is drawn where a font has it', async () => {
    const width = ({ left, right }: Bounds) => right - left;
    expect(width(boundsOf(await drawn({ text: 'مرحبا بالعالم' }), YELLOW))).toBeGreaterThan(80);
    const mixed = await drawn({ text: 'مرحبا ███' });
    const alone = boundsOf(await drawn({ text: '███' }), YELLOW);
    const solid = (x: number) => (pixel(mixed, x, 90)[0] ?? 0) > 200;
    const { left } = boundsOf(mixed, YELLOW);
    expect(Array.from({ length: width(alone) - 2 }, (_, i) => left + 1 + i).every(solid)).toBe(true);
  });

  it('is no less drawn in a font that is missing, which is told', async () => {
    const content = text({ font: { ...font, family: 'No Such Font' } });
    expect(boundsOf(draw(await assOf(layer(content), CANVAS), 0), YELLOW).count).toBeGreaterThan(300);
    const notes = await fontNotes({ layers: [layer(content), layer(content), layer(text({}))] });
    expect(notes).toEqual([expect.stringContaining('font "No Such Font" isn\'t installed')]);
  });
});
