import {
  type AssEvent,
  type AssStyle,
  assColor,
  assDocument,
  eventLine,
  INVISIBLE,
  literal,
  number,
  type Size,
} from './ass.ts';
import type { Position, TextContent } from './composition.ts';
import type { Font, Fonts } from './fonts.ts';
import { breakLines } from './line-breaking.ts';

interface Box extends Size {
  x: number;
  y: number;
}

/** One line as ASS has it, and where it ends. */
interface Line {
  text: string;
  end: number;
}

/** What there is to draw with. */
interface Typesetting {
  content: TextContent;
  font: Font;
  /** Of a line, and from one to the next. */
  height: number;
  pitch: number;
}

/**
 * A text as an ASS document, from 0 to `durationMs`. Its own box (`width`, `height`; without them the canvas) lies at
 * `position` in the canvas, and the text in it as `alignment` says. Lines are broken at the box's width; each is an
 * event of its own, so that their spacing is free.
 */
export function assOfText(content: TextContent, canvas: Size, position: Position, durationMs: number, fonts: Fonts) {
  const font = fonts.choose(content.font.family, content.font.weight);
  const height = font.lineHeight(content.font.size);
  const pitch = height * (content.lineSpacing > 0 ? content.lineSpacing : 1);
  const setting = { content, font, height, pitch };
  const own = { width: content.width ?? canvas.width, height: content.height ?? canvas.height };
  const box = within({ x: 0, y: 0, ...canvas }, own, ...anchorsOf(position));
  const lines = linesOf(setting, own.width);
  const { horizontal, vertical } = content.alignment;
  const events = content.background
    ? boxed(setting, content.background, lines, box)
    : lineEvents(setting, lines, box, horizontal, vertical);
  return assDocument(
    canvas,
    stylesOf(setting),
    events.flatMap((event) => eventLine({ ...event, startMs: 0, endMs: durationMs })),
  );
}

type Horizontal = TextContent['alignment']['horizontal'];
type Vertical = TextContent['alignment']['vertical'];
type Drawn = Omit<AssEvent, 'startMs' | 'endMs'>;

function stylesOf({ content, font, height }: Typesetting): Record<string, AssStyle> {
  const { border, background } = content;
  const { color, opacity } = content.font;
  const text: AssStyle = {
    family: font.family,
    size: height,
    fill: assColor(color, opacity),
    ...(border && border.width > 0 ? { outline: { color: assColor(border.color, opacity), width: border.width } } : {}),
    ...(content.shadow ? { shadow: { color: assColor(content.shadow.color, opacity), depth: 0 } } : {}),
  };
  if (!background) return { Text: text };
  const box: AssStyle = { family: font.family, size: height, fill: assColor(background.color, background.opacity) };
  return { Text: text, Box: { ...box, unspoken: INVISIBLE } };
}

function linesOf(setting: Typesetting, room: number): Line[] {
  const margin = 2 * (setting.content.border?.width ?? 0);
  const advance = (text: string, x: number) => typeset(text, setting, x).end;
  return setting.content.text
    .replace(/\r\n?/g, '\n')
    .trimEnd()
    .split('\n')
    .flatMap((paragraph) => breakLines(paragraph.trimEnd(), Math.max(1, room - margin), advance))
    .map((line) => typeset(line.trim(), setting, 0));
}

/** Tabs reach to the next stop; each is a space as wide as that. */
function typeset(line: string, { content, font }: Typesetting, from: number): Line {
  const { size } = content.font;
  const space = font.widthOf(' ', size);
  const stop = content.tabSize * space;
  let [text, end] = ['', from];
  for (const [i, part] of line.split('\t').entries()) {
    if (i > 0) {
      const gap = (Math.floor(end / stop + 0.01) + 1) * stop - end;
      text += `{\\fscx${number((100 * gap) / space)}}\\h{\\fscx100}`;
      end += gap;
    }
    text += literal(part);
    end += font.widthOf(part, size);
  }
  return { text, end };
}

function lineEvents(
  setting: Typesetting,
  lines: Line[],
  box: Box,
  horizontal: Horizontal,
  vertical: Vertical,
): Drawn[] {
  const { content, height, pitch } = setting;
  const margin = content.border?.width ?? 0;
  const block = { width: box.width - 2 * margin, height: pitch * (lines.length - 1) + height };
  const inner = { x: box.x + margin, y: box.y + margin, width: block.width, height: box.height - 2 * margin };
  const { x, y } = within(inner, block, horizontal, vertical);
  const at = { left: x, center: x + block.width / 2, right: x + block.width }[horizontal];
  const anchor = { left: 7, center: 8, right: 9 }[horizontal];
  const { shadow } = content;
  const cast = shadow ? `\\xshad${number(shadow.x)}\\yshad${number(shadow.y)}` : '';
  const weight = content.font.weight === undefined ? '' : `\\b${number(content.font.weight)}`;
  return lines.flatMap(({ text }, i) => {
    const tags = `{\\an${anchor}\\pos(${number(at)},${number(y + i * pitch)})${cast}${weight}}`;
    return text === '' ? [] : [{ layer: 1, style: 'Text', text: tags + text }];
  });
}

/** The box behind the text as large as told, or as the text, `borderWidth` larger at each side; the text in it. */
function boxed(
  setting: Typesetting,
  background: NonNullable<TextContent['background']>,
  lines: Line[],
  box: Box,
): Drawn[] {
  const { content, height, pitch } = setting;
  const margin = content.border?.width ?? 0;
  const widest = Math.max(...lines.map(({ end }) => end));
  const inner = {
    width: background.width || widest + 2 * margin,
    height: background.height || pitch * (lines.length - 1) + height + 2 * margin,
  };
  const edge = background.borderWidth;
  const outer = { width: inner.width + 2 * edge, height: inner.height + 2 * edge };
  const place = within(box, outer, content.alignment.horizontal, content.alignment.vertical);
  const corner = `{\\an7\\pos(${number(place.x)},${number(place.y)})\\p1}`;
  const [right, bottom] = [number(outer.width), number(outer.height)];
  const drawing = `${corner}m 0 0 l ${right} 0 ${right} ${bottom} 0 ${bottom}`;
  const text = { x: place.x + edge, y: place.y + edge, ...inner };
  return [
    { layer: 0, style: 'Box', text: drawing },
    ...lineEvents(setting, lines, text, ...anchorsOf(background.textAlignment)),
  ];
}

function anchorsOf(position: Position): [Horizontal, Vertical] {
  const horizontal = position.endsWith('left') ? 'left' : position.endsWith('right') ? 'right' : 'center';
  const vertical = position.startsWith('top') ? 'top' : position.startsWith('bottom') ? 'bottom' : 'center';
  return [horizontal, vertical];
}

function within(outer: Box, inner: Size, horizontal: Horizontal, vertical: Vertical): Box {
  const share = { left: 0, top: 0, center: 0.5, right: 1, bottom: 1 };
  return {
    x: outer.x + (outer.width - inner.width) * share[horizontal],
    y: outer.y + (outer.height - inner.height) * share[vertical],
    ...inner,
  };
}
