import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { facesOf } from '../../src/editor/font-file.ts';
import { Fonts, installedFonts } from '../../src/editor/fonts.ts';

const DEJAVU = '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf';
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wp-fonts-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('a font file', () => {
  it('tells its name, weight and the widths of its glyphs', async () => {
    const [face] = await facesOf(DEJAVU);
    expect(face).toMatchObject({ families: ['DejaVu Sans'], weight: 400, italic: false });
    expect(face?.lineHeight).toBeCloseTo((1901 + 483) / 2048, 3);
    expect(face?.widthOf(0x20)).toBeCloseTo(651 / 2048, 4);
    expect(face?.widthOf(0x57)).toBeCloseTo(2025 / 2048, 4);
    expect(face?.widthOf(0x4f60)).toBeUndefined();
  });

  it.each([
    ['no font', Buffer.from('not a font at all, only words')],
    ['cut off', Buffer.from([0, 1, 0, 0, 0, 20])],
    ['an absurd collection', Buffer.concat([Buffer.from('ttcf'), Buffer.alloc(8, 0xff)])],
    ['empty', Buffer.alloc(0)],
  ])('that is %s has no faces', async (_, bytes) => {
    writeFileSync(join(dir, 'a.ttf'), bytes);
    expect(await facesOf(join(dir, 'a.ttf'))).toEqual([]);
    expect(await facesOf(join(dir, 'missing.ttf'))).toEqual([]);
  });
});

describe('a family', () => {
  it('is found by its name, however it is written, where it is installed', async () => {
    mkdirSync(join(dir, 'deep', 'er'), { recursive: true });
    copyFileSync(DEJAVU, join(dir, 'deep', 'er', 'a.TTF'));
    const fonts = await installedFonts([join(dir, 'none'), dir]);
    expect(fonts.choose(' dejavu SANS ')).toMatchObject({ family: 'DejaVu Sans' });
    expect(fonts.choose('DejaVu Sans').note).toBeUndefined();
    expect(fonts.choose('Verdana').note).toBeUndefined();
  });

  it('that is missing is replaced, and how to get it is said', async () => {
    copyFileSync(DEJAVU, join(dir, 'a.ttf'));
    const fonts = await installedFonts([dir]);
    expect(fonts.choose('Clear Sans')).toMatchObject({
      family: 'DejaVu Sans',
      note: 'font "Clear Sans" isn\'t installed: apt install fonts-clear-sans; DejaVu Sans is used',
    });
    for (const name of ['My Own', 'constructor', '__proto__']) {
      expect(fonts.choose(name).note).toContain('install the Debian package that has it; DejaVu Sans is used');
    }
  });

  it('is itself without any font on the box, and writes no second line into a document', () => {
    const font = new Fonts([]).choose('Odd,{\\b1}\nStyle: x');
    expect(font.family).not.toMatch(/[,{}\\\n]/);
    expect(font.widthOf('你a', 10)).toBeCloseTo(16);
  });

  it('is chosen in the weight and slant that come nearest', async () => {
    const face = (weight: number, italic: boolean) => ({
      ...{ families: ['F'], weight, italic, lineHeight: 1, isEastAsian: false },
      widthOf: () => weight / 1000 + (italic ? 1 : 0),
    });
    const fonts = new Fonts([face(700, false), face(400, false), face(400, true)]);
    const width = (weight: number, italic = false) => fonts.choose('F', weight, italic).widthOf('x', 1);
    expect([width(400), width(650), width(300, true)]).toEqual([0.4, 0.7, 1.4]);
  });

  it('borrows glyphs that it lacks, set as high as its own lines', () => {
    const face = (name: string, lineHeight: number, char: string) => ({
      ...{ families: [name], weight: 400, italic: false, lineHeight, isEastAsian: char > 'z' },
      widthOf: (codePoint: number) => (codePoint === char.codePointAt(0) ? 1 : undefined),
    });
    const fonts = new Fonts([face('Latin', 1.2, 'a'), face('Han', 1.5, '你')]);
    expect(fonts.choose('Latin').widthOf('a你', 10)).toBeCloseTo(10 + 8);
  });
});
