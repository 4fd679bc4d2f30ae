import { z } from 'zod';
import { LARGEST_SIDE } from '#editor';
import { flag, number } from '../input.ts';
import { part } from './editor-assets.ts';

const HINT = 'must be a colour: #rrggbb, 0xrrggbb or a name such as "white", with "@0.5" for half of it';
const NAMED: ReadonlyMap<string, string> = new Map([
  ['black', '#000000'],
  ['white', '#ffffff'],
  ['red', '#ff0000'],
  ['green', '#008000'],
  ['lime', '#00ff00'],
  ['blue', '#0000ff'],
  ['yellow', '#ffff00'],
  ['cyan', '#00ffff'],
  ['aqua', '#00ffff'],
  ['magenta', '#ff00ff'],
  ['fuchsia', '#ff00ff'],
  ['gray', '#808080'],
  ['grey', '#808080'],
  ['silver', '#c0c0c0'],
  ['orange', '#ffa500'],
  ['purple', '#800080'],
  ['brown', '#a52a2a'],
  ['pink', '#ffc0cb'],
]);

/** As ffmpeg's drawtext takes them. */
const color = z
  .string(HINT)
  .refine((given) => colorOf(given) !== undefined, HINT)
  .transform((given) => colorOf(given) ?? { color: '#000000', opacity: 1 });

function colorOf(given: string): { color: string; opacity: number } | undefined {
  const [, name = '', opacity = '1'] =
    /^([a-z]+|(?:#|0x)[0-9a-f]{6})(?:@([01]?\.?\d{1,4}))?$/i.exec(given.trim()) ?? [];
  const plain = NAMED.get(name.toLowerCase()) ?? (/^(?:#|0x)/i.test(name) ? name.replace(/^0x/i, '#') : undefined);
  const share = Number(opacity);
  return plain === undefined || !(share >= 0 && share <= 1)
    ? undefined
    : { color: plain.toLowerCase(), opacity: share };
}

/** Pixels from the left or the top; undefined in the middle. Expressions are not computed. */
function place(axis: 'w' | 'h') {
  const middle = new RegExp(`^\\((?:main_)?${axis}-(?:text_|t)${axis}\\)/2$`);
  const hint = `must be a number of pixels, or (main_${axis}-text_${axis})/2`;
  return z
    .union([number(-LARGEST_SIDE, LARGEST_SIDE, hint), z.string().regex(middle, hint)], hint)
    .optional()
    .transform((given) => (typeof given === 'number' ? given : undefined));
}

const width = number(0, 200).default(0);
const side = number(0, LARGEST_SIDE).default(0);

/** The look of a text in VideoDB's first editor: keys of ffmpeg's drawtext. Others are of no effect. */
export const drawtextStyle = part({
  fontsize: number(1, 1000).default(24),
  fontcolor: color.prefault('black'),
  alpha: number(0, 1).default(1),
  font: z
    .string('must be the name of a font')
    .regex(/^[\p{L}\p{N} ._+-]{1,100}$/u, 'must be the name of a font: letters, digits and spaces')
    .default('Sans'),
  box: flag.default(true),
  boxcolor: color.prefault('white'),
  boxborderw: number(0, 1000).default(10),
  boxw: side,
  boxh: side,
  line_spacing: number(0, 1000).default(0),
  borderw: width,
  bordercolor: color.prefault('black'),
  shadowcolor: color.prefault('black'),
  shadowx: width,
  shadowy: width,
  tabsize: number(1, 100).default(4),
  x: place('w'),
  y: place('h'),
})
  .prefault({})
  .transform((style) => ({
    font: {
      family: style.font,
      size: style.fontsize,
      color: style.fontcolor.color,
      opacity: style.alpha * style.fontcolor.opacity,
    },
    border: { color: style.bordercolor.color, width: style.borderw },
    shadow: { color: style.shadowcolor.color, x: style.shadowx, y: style.shadowy },
    ...(style.box && {
      background: {
        width: style.boxw,
        height: style.boxh,
        color: style.boxcolor.color,
        borderWidth: style.boxborderw,
        opacity: style.boxcolor.opacity * style.alpha,
        textAlignment: 'center' as const,
      },
    }),
    tabSize: style.tabsize,
    lineSpacing: style.line_spacing,
    x: style.x,
    y: style.y,
  }));
