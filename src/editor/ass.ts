/** Documents of ASS (Advanced SubStation Alpha), as libass draws them; what users wrote is only ever text in them. */

export interface Size {
  width: number;
  height: number;
}

/** Colours `&HAABBGGRR`, lengths in pixels of the canvas. `size` is the height of a line. */
export interface AssStyle {
  family: string;
  size: number;
  bold?: boolean;
  italic?: boolean;
  underline?: boolean;
  strikeout?: boolean;
  /** Percent. */
  scaleX?: number;
  scaleY?: number;
  spacing?: number;
  angle?: number;
  /** Of letters: as they are, and in karaoke before they are spoken. */
  fill: string;
  unspoken?: string;
  outline?: { color: string; width: number };
  shadow?: { color: string; depth: number };
  /** Behind everything that an event shows: one box, or one for each stretch of text of its own. */
  box?: { color: string; padding: number; each: boolean };
}

export interface AssEvent {
  layer: number;
  startMs: number;
  endMs: number;
  style: string;
  text: string;
}

export const INVISIBLE = '&HFFFFFFFF';
const STYLE_KEYS =
  'Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding';
/** libass' names for how outlines are drawn. */
const BORDER = { outline: 1, boxEach: 3, boxAll: 4 };
/** The direction of writing is the text's own. */
const ENCODING = -1;
const MOST = 100_000;

/** `events` as `eventLine` gives them. */
export function assDocument(
  canvas: Size,
  styles: Readonly<Record<string, AssStyle>>,
  events: readonly string[],
): string {
  return [
    '[Script Info]',
    'ScriptType: v4.00+',
    `PlayResX: ${canvas.width}`,
    `PlayResY: ${canvas.height}`,
    'WrapStyle: 2',
    'ScaledBorderAndShadow: yes',
    '',
    '[V4+ Styles]',
    `Format: ${STYLE_KEYS}`,
    ...Object.entries(styles).map(([name, style]) => styleLine(name, style)),
    '',
    '[Events]',
    'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
    ...events,
    '',
  ].join('\n');
}

/** None where no frame is long enough to show it. */
export function eventLine({ layer, startMs, endMs, style, text }: AssEvent): string[] {
  if (centiseconds(endMs) <= centiseconds(startMs)) return [];
  return [`Dialogue: ${layer},${timeOf(startMs)},${timeOf(endMs)},${style},,0,0,0,,${text}`];
}

function styleLine(name: string, style: AssStyle): string {
  const { box, outline, shadow } = style;
  const flag = (on: boolean | undefined) => (on ? -1 : 0);
  const lines = box
    ? [box.each ? BORDER.boxEach : BORDER.boxAll, box.each ? box.padding : 0, box.each ? 0 : box.padding]
    : [BORDER.outline, outline?.width ?? 0, shadow?.depth ?? 0];
  const fields = [
    ...[name, style.family, style.size],
    ...[style.fill, style.unspoken ?? style.fill],
    ...(box ? [box.color, box.color] : [outline?.color ?? INVISIBLE, shadow?.color ?? INVISIBLE]),
    ...[flag(style.bold), flag(style.italic), flag(style.underline), flag(style.strikeout)],
    ...[style.scaleX ?? 100, style.scaleY ?? 100, style.spacing ?? 0, style.angle ?? 0],
    ...[...lines, 7, 0, 0, 0, ENCODING],
  ];
  return `Style: ${fields.map((field) => (typeof field === 'number' ? number(field) : field)).join(',')}`;
}

/** As ASS reads it: no exponent, nothing absurd. */
export function number(value: number): string {
  return String(Math.round(Math.min(Math.max(value, -MOST), MOST) * 100) / 100);
}

/** `#rrggbb` → `&HAABBGGRR`. */
export function assColor(color: string, opacity = 1): string {
  const [red, green, blue] = [1, 3, 5].map((at) => color.slice(at, at + 2).toUpperCase());
  const alpha = Math.round((1 - opacity) * 255);
  return `&H${alpha.toString(16).padStart(2, '0').toUpperCase()}${blue}${green}${red}`;
}

/** The colour of one of the four parts of letters (1 fill, 3 outline, 4 shadow) from here on. */
export function colored(part: 1 | 3 | 4, color: string): string {
  return `\\${part}c&H${color.slice(4)}&\\${part}a&H${color.slice(2, 4)}&`;
}

/**
 * What was written, as text and nothing else: braces open no tags, backslashes begin none (a word joiner, which has no
 * width, stands behind each), other control characters are gone.
 */
export function literal(text: string): string {
  return text
    .replace(/\p{Cc}/gu, '')
    .replaceAll('\\', '\\\u2060')
    .replaceAll('{', '\\{')
    .replaceAll('}', '\\}');
}

export function centiseconds(ms: number): number {
  return Math.max(0, Math.round(ms / 10));
}

function timeOf(ms: number): string {
  const all = centiseconds(ms);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${Math.floor(all / 360_000)}:${two((all / 6000) % 60)}:${two((all / 100) % 60)}.${two(all % 100)}`;
}
