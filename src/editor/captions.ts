import { setImmediate } from 'node:timers/promises';
import { captionEndMs, captionWords } from '#playback';
import { type AssStyle, assDocument, eventLine, INVISIBLE, number, type Size } from './ass.ts';
import { type Caption, partsOf, SUPERSIZE, scaled } from './caption-animation.ts';
import { captionColor } from './caption-source.ts';
import type { CaptionsContent, CaptionWord } from './composition.ts';
import type { Font, Fonts } from './fonts.ts';

const LINES_AT_ONCE = 2;
/** How far the box of a word reaches around it: a share of its letters' height. */
const WORD_PADDING = 0.1;
/** Margins leave at least this share of the canvas. */
const NARROWEST = 0.2;

/** So many are set before others have their turn: of each word there may be an event with all words of its caption. */
const AT_ONCE = 10;

/**
 * Words with their times as an ASS document: as many at once as fit into two lines between the margins, the one that is
 * spoken told apart as `animation` says. A word longer than a line is shown alone, and smaller. Words outside of the
 * layer's time are left out.
 */
export async function assOfCaptions(
  content: CaptionsContent,
  canvas: Size,
  durationMs: number,
  fonts: Fonts,
): Promise<string> {
  const { bold, italic, name } = content.font;
  const font = fonts.choose(name, bold ? 700 : 400, italic);
  const place = placed(content, canvas);
  const events: string[] = [];
  for (const [i, caption] of captionsOf(content, canvas, durationMs, font).entries()) {
    const size = caption.shrink < 1 ? scaled(content, caption.shrink) : '';
    for (const { lines, words, tags = '', ...event } of partsOf(caption, content)) {
      const text = lines.map((line) => line.map(words).join(' ')).join('\\N');
      events.push(...eventLine({ ...event, text: `{${place}${size}${tags}}${text}` }));
    }
    if (i % AT_ONCE === 0) await setImmediate();
  }
  return assDocument(canvas, stylesOf(content, font.family), events);
}

function captionsOf(content: CaptionsContent, canvas: Size, durationMs: number, font: Font): Caption[] {
  const widthOf = measured(content, font);
  const space = widthOf(' ');
  const room = roomFor(content, canvas);
  const fits = (words: readonly CaptionWord[], lines: number): boolean => {
    let x = -space;
    for (const { text } of words) {
      const width = widthOf(text);
      if (width > room) return false;
      if (x + space + width > room) {
        lines -= 1;
        x = -space;
      }
      x += space + width;
    }
    return lines > 0;
  };
  const groups = captionWords(spoken(content.words ?? [], durationMs), (words) => fits(words, LINES_AT_ONCE));
  return groups.map((words, i) => {
    const next = groups[i + 1];
    return {
      startMs: words[0]?.startMs ?? 0,
      endMs: Math.min(captionEndMs(words, next), next?.[0]?.startMs ?? durationMs, durationMs),
      lines: inLines(words, (line) => fits(line, 1)),
      shrink: Math.min(1, room / Math.max(...words.map(({ text }) => widthOf(text)))),
    };
  });
}

/** How wide a text is, in pixels; of what was asked before from memory. */
function measured({ font: { size, scaleX, spacing } }: CaptionsContent, font: Font) {
  const known = new Map<string, number>();
  const em = size / font.lineHeight(1);
  return (text: string): number => {
    const width = known.get(text) ?? font.widthOf(text, em) * (scaleX / 100) + text.length * spacing;
    known.set(text, width);
    return width;
  };
}

function spoken(words: readonly CaptionWord[], durationMs: number): CaptionWord[] {
  return words
    .filter(({ startMs, endMs }) => endMs > Math.max(0, startMs) && startMs < durationMs)
    .map((word) => ({ ...word, startMs: Math.max(0, word.startMs), endMs: Math.min(word.endMs, durationMs) }))
    .toSorted((a, b) => a.startMs - b.startMs);
}

/** For a line; a word that grows while it is spoken needs some of it. */
function roomFor({ position, border, animation }: CaptionsContent, canvas: Size): number {
  const margins = position.marginL + position.marginR + 2 * border.outline;
  const room = Math.max(canvas.width - margins, canvas.width * NARROWEST);
  return animation === 'supersize' ? room / SUPERSIZE : room;
}

/** One line, or two of about the same length where one doesn't do. */
function inLines(words: CaptionWord[], fits: (line: readonly CaptionWord[]) => boolean): CaptionWord[][] {
  if (fits(words)) return [words];
  const lengthOf = (line: readonly CaptionWord[]) => line.reduce((sum, { text }) => sum + text.length + 1, 0);
  const cuts = words
    .map((_, at) => [words.slice(0, at), words.slice(at)])
    .filter((lines) => lines.every((line) => line.length > 0 && fits(line)))
    .map((lines) => ({ lines, longest: Math.max(...lines.map(lengthOf)) }));
  return cuts.toSorted((a, b) => a.longest - b.longest)[0]?.lines ?? [words];
}

/** Not left to libass, which would move what overlaps. */
function placed({ position }: CaptionsContent, canvas: Size): string {
  const { alignment, marginL, marginR, marginV } = position;
  const row = ['bottom', 'middle', 'top'].findIndex((name) => alignment.startsWith(name));
  const column = ['left', 'center', 'right'].findIndex((name) => alignment.endsWith(name));
  const x = [marginL, (marginL + canvas.width - marginR) / 2, canvas.width - marginR][column] ?? 0;
  const y = [canvas.height - marginV, canvas.height / 2, marginV][row] ?? 0;
  return `\\an${row * 3 + column + 1}\\pos(${number(x)},${number(y)})`;
}

function stylesOf(content: CaptionsContent, family: string): Record<string, AssStyle> {
  const { font, border, animation } = content;
  const [primary, secondary] = [captionColor(content.primaryColor), captionColor(content.secondaryColor)];
  const back = captionColor(content.backColor);
  const { size, bold, italic, underline, strikeout, scaleX, scaleY, spacing, angle } = font;
  const letters = { family, size, bold, italic, scaleX, scaleY, spacing, angle };
  const inBox = border.style === 'opaque_box';
  const unseen = { ...letters, fill: INVISIBLE };
  const word = { color: INVISIBLE, padding: size * WORD_PADDING, each: true };
  return {
    Text: {
      ...letters,
      underline,
      strikeout,
      ...(animation === 'karaoke' ? { fill: secondary, unspoken: primary } : { fill: primary }),
      ...(inBox ? {} : { outline: { color: captionColor(border.outlineColor), width: border.outline } }),
      ...(inBox ? {} : { shadow: { color: back, depth: border.shadow } }),
    },
    ...(inBox ? { Box: { ...unseen, box: { color: back, padding: border.outline, each: angle !== 0 } } } : {}),
    ...(animation === 'box_highlight' ? { Word: { ...unseen, box: word } } : {}),
  };
}
