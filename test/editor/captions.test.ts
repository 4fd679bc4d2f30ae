import { describe, expect, it } from 'vitest';
import type { CaptionsContent } from '../../src/editor/composition.ts';
import { assOf } from '../../src/editor/text-layer.ts';
import {
  type Bounds,
  boundsOf,
  CANVAS,
  captions,
  GREEN,
  layer,
  pixel,
  RED,
  shots,
  wordsOf,
  YELLOW,
} from './drawing.ts';

const BLUE = [0, 0, 255];

const documentOf = (content: CaptionsContent, durationMs = 10_000) => assOf(layer(content, { durationMs }), CANVAS);

/** From when until when, and what is shown without its tags. */
async function shown(content: CaptionsContent, durationMs?: number): Promise<string[]> {
  const events = (await documentOf(content, durationMs)).split('\n').filter((line) => line.startsWith('Dialogue: 2'));
  return events.map((line) => {
    const [, from, until, , , , , , , ...text] = line.split(',');
    return `${from} ${until} ${text.join(',').replace(/\{[^}]*\}/g, '')}`;
  });
}

const at = async (content: CaptionsContent, ms: number) => (await shots([content, ms]))[0];
const middle = ({ left, right }: { left: number; right: number }) => (left + right) / 2;

describe('captions', () => {
  it('hold as many words as fit into two lines between the margins, in lines of about the same length', async () => {
    expect(await shown(captions('alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo'))).toEqual([
      '0:00:00.00 0:00:04.50 alpha bravo charlie delta\\Necho foxtrot golf hotel india',
      '0:00:04.50 0:00:05.50 juliett kilo',
    ]);
    const narrow = { alignment: 'bottom_center', marginL: 120, marginR: 120, marginV: 10 } as const;
    expect(await shown(captions('one two three four', { position: narrow }))).toEqual([
      '0:00:00.00 0:00:01.00 one\\Ntwo',
      '0:00:01.00 0:00:02.00 three\\Nfour',
    ]);
  });

  it('end at a pause and stay a second; words outside of the layer are not shown', async () => {
    const words = [
      { text: 'before', startMs: -900, endMs: -100 },
      { text: 'cut', startMs: -100, endMs: 400 },
      { text: 'later', startMs: 2000, endMs: 2200 },
      { text: 'end', startMs: 4800, endMs: 5600 },
      { text: 'after', startMs: 6000, endMs: 6100 },
    ];
    expect(await shown(captions(words), 5000)).toEqual([
      '0:00:00.00 0:00:01.00 cut',
      '0:00:02.00 0:00:03.00 later',
      '0:00:04.80 0:00:05.00 end',
    ]);
  });

  it.each([
    ['bottom_center', 160, 160],
    ['top_left', 10, 20],
    ['middle_right', 310, 90],
    ['top_right', 310, 20],
    ['bottom_left', 10, 160],
  ] as const)('lie at %s within their margins', async (alignment, x, y) => {
    const position = { alignment, marginL: 10, marginR: 10, marginV: 10 };
    const { left, right, top, bottom } = boundsOf(await at(captions('Hello', { position }), 100), YELLOW);
    const edge = alignment.endsWith('left') ? left : alignment.endsWith('right') ? right : (left + right) / 2;
    expect(Math.abs(edge - x)).toBeLessThanOrEqual(4);
    expect(Math.abs((top + bottom) / 2 - y)).toBeLessThanOrEqual(7);
  });

  it('show a word that is longer than a line by itself, and smaller', async () => {
    const said = captions('so Donaudampfschifffahrtsgesellschaft it is');
    expect((await shown(said)).map((line) => line.split(' ').slice(2).join(' '))).toEqual([
      'so',
      'Donaudampfschifffahrtsgesellschaft',
      'it is',
    ]);
    const { left, right } = boundsOf(await at(said, 700), YELLOW);
    expect([left >= 9, right <= 310, right - left > 280]).toEqual([true, true, true]);
  });

  it('never let words out into the document', async () => {
    const said = captions([{ text: '{\\p1}\n[Events]\\N', startMs: 0, endMs: 900 }]);
    const lines = (await documentOf(said)).split('\n');
    expect(lines.filter((line) => line === '[Events]')).toHaveLength(1);
    expect(lines.at(-2)).toContain('\\{\\\u2060p1\\} [Events]\\\u2060N');
  });

  it('refuse a colour that is none', async () => {
    await expect(documentOf(captions('x', { primaryColor: '&H00FFFFFF,1,1' }))).rejects.toThrow('must be &HAABBGGRR');
  });
});

describe('the style of captions', () => {
  const font = captions('x').font;

  it('is that of their font', async () => {
    const hill = (some: Partial<typeof font>) => [captions('Hill', { font: { ...font, ...some } }), 100] as const;
    const drawn = await shots(
      hill({}),
      hill({ bold: true }),
      hill({ underline: true }),
      hill({ strikeout: true }),
      hill({ scaleX: 200 }),
      hill({ spacing: 10 }),
      hill({ angle: 90 }),
    );
    const [plain, ...others] = drawn.map((picture) => boundsOf(picture, YELLOW));
    const [bold, underlined, struck, wide, spaced, turned] = others;
    const width = (bounds: Bounds | undefined) => (bounds?.right ?? 0) - (bounds?.left ?? 0);
    const more = (bounds: Bounds | undefined) => (bounds?.count ?? 0) - (plain?.count ?? 0);
    expect(more(bold)).toBeGreaterThan(0.2 * (plain?.count ?? 0));
    expect(Math.min(more(underlined), more(struck))).toBeGreaterThan(20);
    expect(more(wide)).toBeGreaterThan(0.7 * (plain?.count ?? 0));
    expect(Math.abs(width(spaced) - width(plain) - 30)).toBeLessThanOrEqual(2);
    expect((turned?.bottom ?? 0) - (turned?.top ?? 0)).toBeGreaterThan(width(turned));
    expect(await documentOf(captions('x', { font: { ...font, italic: true, scaleY: 150 } }))).toMatch(
      /^Style: Text,DejaVu Sans,24,(&H\w{8},){4}0,-1,0,0,100,150,/m,
    );
  });

  it('has an outline and a shadow', async () => {
    const border = { style: 'outline_and_shadow', outline: 3, outlineColor: '&H000000FF', shadow: 8 } as const;
    const [letters, outline, shadow] = await at(captions('Hill', { border }), 100).then((picture) =>
      [YELLOW, RED, BLUE].map((color) => boundsOf(picture, color)),
    );
    expect(Math.abs((letters?.left ?? 0) - (outline?.left ?? 0) - 3)).toBeLessThanOrEqual(1);
    expect(Math.abs((shadow?.right ?? 0) - (outline?.right ?? 0) - 8)).toBeLessThanOrEqual(1);
  });

  it.each([0, 10])('has a box behind all lines, in the colour of the back; turned by %i°', async (angle) => {
    const border = { style: 'opaque_box', outline: 6, outlineColor: '&H000000FF', shadow: 0 } as const;
    const position = { alignment: 'middle_center', marginL: 30, marginR: 30, marginV: 10 } as const;
    const [letters, box] = await at(
      captions('one two three four', { border, position, font: { ...font, angle } }),
      100,
    ).then((picture) => [YELLOW, BLUE].map((color) => boundsOf(picture, color)));
    expect((box?.count ?? 0) > 4000).toBe(true);
    expect((box?.left ?? 0) < (letters?.left ?? 0) && (box?.bottom ?? 0) > (letters?.bottom ?? 0)).toBe(true);
  });
});

describe('the word that is spoken', () => {
  const of = (animation: CaptionsContent['animation']) =>
    captions('red blue gold', { ...(animation && { animation }) });

  it('has the second colour with color_highlight', async () => {
    const content = of('color_highlight');
    const places = [];
    for (const picture of await shots([content, 100], [content, 600], [content, 1100])) {
      const [told, rest] = [boundsOf(picture, GREEN), boundsOf(picture, YELLOW)];
      expect(told.count).toBeGreaterThan(100);
      expect(rest.count).toBeGreaterThan(told.count);
      places.push(middle(told));
    }
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('fills with karaoke, and stays so', async () => {
    const sung = of('karaoke');
    const pictures = await shots([sung, 10], [sung, 250], [sung, 750], [sung, 1490], [of(undefined), 100]);
    const ends = pictures.slice(0, 4).map((picture) => boundsOf(picture, GREEN).right);
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
    expect(new Set(ends).size).toBe(4);
    expect(boundsOf(pictures[4], YELLOW).right - (ends[3] ?? 0)).toBeLessThan(8);
    expect(
      await documentOf(
        captions([...wordsOf('a b'), { text: 'c', startMs: 1500, endMs: 2000 }], { animation: 'karaoke' }),
      ),
    ).toContain('{\\kf50}a {\\kf50}b {\\k50}{\\kf50}c');
  });

  it('comes and stays with reveal, and nothing moves', async () => {
    const come = of('reveal');
    const pictures = await shots([come, 100], [come, 600], [come, 1100], [of(undefined), 100]);
    const [a, b, c, all] = pictures;
    const [first, second, third] = [boundsOf(a, YELLOW), boundsOf(b, YELLOW), boundsOf(c, YELLOW)];
    expect([first.left, second.left]).toEqual([third.left, third.left]);
    expect(first.right < second.right && second.right < third.right).toBe(true);
    expect(third).toEqual(boundsOf(all, YELLOW));
  });

  it('is alone with impact', async () => {
    expect(await shown(captions('red blue', { animation: 'impact' }))).toEqual([
      '0:00:00.00 0:00:00.50 red',
      '0:00:00.50 0:00:01.00 blue',
    ]);
    const [early, late] = await shots([of('impact'), 10], [of('impact'), 300]);
    const [growing, grown] = [boundsOf(early, YELLOW), boundsOf(late, YELLOW)];
    expect(grown.count).toBeGreaterThan(1.5 * growing.count);
    expect(Math.abs(middle(grown) - 160)).toBeLessThan(4);
  });

  it('is larger and has the second colour with supersize', async () => {
    const height = ({ top, bottom }: { top: number; bottom: number }) => bottom - top + 1;
    const [plain, grown] = await shots([captions('red'), 100], [captions('red', { animation: 'supersize' }), 100]);
    const [usual, larger] = [boundsOf(plain, YELLOW), boundsOf(grown, GREEN)];
    expect(height(larger) / height(usual)).toBeGreaterThan(1.15);
  });

  it('has a box behind it with box_highlight', async () => {
    const boxed = of('box_highlight');
    const [first, second, plain] = await shots([boxed, 100], [boxed, 600], [of(undefined), 600]);
    const boxes = [first, second].map((picture) => boundsOf(picture, GREEN));
    expect(boxes.every(({ count }) => count > 500)).toBe(true);
    expect((boxes[1]?.left ?? 0) - (boxes[0]?.left ?? 0)).toBeGreaterThan(30);
    expect(boundsOf(second, YELLOW).count).toBe(boundsOf(plain, YELLOW).count);
    expect(pixel(second, (boxes[1]?.left ?? 0) + 1, (boxes[1]?.top ?? 0) + 2)).toEqual(GREEN);
  });

  it('is told apart over a short pause, not over a long one', async () => {
    const words = [
      { text: 'a', startMs: 0, endMs: 300 },
      { text: 'b', startMs: 500, endMs: 700 },
      { text: 'c', startMs: 1500, endMs: 1700 },
    ];
    const events = (await documentOf(captions(words, { animation: 'color_highlight' })))
      .split('\n')
      .filter((line) => line.startsWith('Dialogue'))
      .map((line) => [line.split(',')[1], line.match(/FF00&\\1a&H00&\}(.)/)?.[1]]);
    expect(events).toEqual([
      ['0:00:00.00', 'a'],
      ['0:00:00.50', 'b'],
      ['0:00:00.70', undefined],
      ['0:00:01.50', 'c'],
    ]);
  });
});
