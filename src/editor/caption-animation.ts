import { type AssEvent, centiseconds, colored, INVISIBLE, literal, number } from './ass.ts';
import { captionColor } from './caption-source.ts';
import type { CaptionsContent, CaptionWord } from './composition.ts';

/** What is shown at once, and how much smaller a word makes it that is longer than a line. */
export interface Caption {
  startMs: number;
  endMs: number;
  lines: CaptionWord[][];
  shrink: number;
}

/** One event of a caption: which of its words, and each as ASS has it. */
interface Part extends Omit<AssEvent, 'text'> {
  lines: CaptionWord[][];
  words: (word: CaptionWord) => string;
  tags?: string;
}

/** A stretch of a caption's time, and the word that is spoken in it. */
interface Beat {
  startMs: number;
  endMs: number;
  word?: CaptionWord;
}

/** How much larger the word is that is spoken. */
export const SUPERSIZE = 1.25;
/** A word is told apart until the next one where the pause between them is shorter. */
const PAUSE_MS = 300;
/** How long a word of `impact` takes to its full size, and from which share of it. */
const [PUNCH_MS, PUNCH_FROM] = [100, 0.6];
const [BOX, WORD_BOX, TEXT] = [0, 1, 2];

/** From the lowest up: the caption's box, that of the word, the words. */
export function partsOf(caption: Caption, content: CaptionsContent): Part[] {
  const { startMs, endMs, lines } = caption;
  const all: Part = { layer: TEXT, style: 'Text', startMs, endMs, lines, words: ({ text }) => literal(text) };
  const parts = [...boxesOf(all, caption, content), ...animated(all, caption, content)];
  return content.animation === 'impact' ? parts.flatMap((part) => alone(part, caption, content)) : parts;
}

function boxesOf(all: Part, caption: Caption, content: CaptionsContent): Part[] {
  if (content.border.style !== 'opaque_box') return [];
  const box = { ...all, layer: BOX, style: 'Box' };
  return content.animation === 'supersize' ? told(box, caption, ...sizes(content, caption)) : [box];
}

function animated(all: Part, caption: Caption, content: CaptionsContent): Part[] {
  const [primary, secondary] = [captionColor(content.primaryColor), captionColor(content.secondaryColor)];
  const [on, off] = [colored(1, secondary), colored(1, primary)];
  switch (content.animation) {
    case 'color_highlight':
      return told(all, caption, on, off);
    case 'supersize': {
      const [larger, usual] = sizes(content, caption);
      return told(all, caption, on + larger, off + usual);
    }
    case 'box_highlight': {
      const box = { ...all, layer: WORD_BOX, style: 'Word' };
      return [...told(box, caption, colored(3, secondary), colored(3, INVISIBLE)), all];
    }
    case 'reveal':
      return eachBeat(all, caption, (word, { startMs }) =>
        word.startMs <= startMs ? literal(word.text) : `{\\alpha&HFF&}${literal(word.text)}`,
      );
    case 'karaoke':
      return [{ ...all, words: sung(caption) }];
    case 'impact':
    case undefined:
      break;
  }
  return [all];
}

function sizes(content: CaptionsContent, { shrink }: Caption): [larger: string, usual: string] {
  return [scaled(content, SUPERSIZE * shrink), scaled(content, shrink)];
}

/** The word that is spoken between tags that tell it apart and tags that take that back. */
function told(part: Part, caption: Caption, on: string, off: string): Part[] {
  return eachBeat(part, caption, (word, beat) =>
    word === beat.word ? `{${on}}${literal(word.text)}{${off}}` : literal(word.text),
  );
}

function eachBeat(part: Part, caption: Caption, words: (word: CaptionWord, beat: Beat) => string): Part[] {
  return beatsOf(caption).map((beat) => {
    const { startMs, endMs } = beat;
    return { ...part, startMs, endMs, words: (word) => words(word, beat) };
  });
}

/** Each word by itself while it is spoken, growing to its size. */
function alone(part: Part, caption: Caption, content: CaptionsContent): Part[] {
  const from = scaled(content, caption.shrink * PUNCH_FROM);
  const tags = `${from}\\t(0,${PUNCH_MS},${scaled(content, caption.shrink)})`;
  return beatsOf(caption).flatMap(({ startMs, endMs, word }) =>
    word ? [{ ...part, startMs, endMs, lines: [[word]], tags: part.layer === TEXT ? tags : '' }] : [],
  );
}

/** The caption's time without a gap: by words, and by the pauses between them that are long enough to be seen. */
function beatsOf({ lines, startMs, endMs }: Caption): Beat[] {
  const words = lines.flat();
  const beats: Beat[] = [];
  let at = startMs;
  for (const [i, word] of words.entries()) {
    const nextMs = Math.min(words[i + 1]?.startMs ?? endMs, endMs);
    const spokenMs = nextMs - word.endMs < PAUSE_MS ? nextMs : word.endMs;
    if (word.startMs > at) beats.push({ startMs: at, endMs: word.startMs });
    beats.push({ startMs: word.startMs, endMs: spokenMs, word });
    at = spokenMs;
  }
  return at < endMs ? [...beats, { startMs: at, endMs }] : beats;
}

/** Each word fills while it is spoken; what is filled stays so. */
function sung({ lines, startMs }: Caption): (word: CaptionWord) => string {
  let at = centiseconds(startMs);
  const words = lines.flat();
  const tags = new Map(
    words.map((word, i) => {
      const from = Math.max(at, centiseconds(word.startMs));
      const end = Math.min(word.endMs, words[i + 1]?.startMs ?? word.endMs);
      const until = Math.max(from, centiseconds(end));
      const pause = from > at ? `{\\k${from - at}}` : '';
      at = until;
      return [word, `${pause}{\\kf${until - from}}`];
    }),
  );
  return (word) => `${tags.get(word) ?? ''}${literal(word.text)}`;
}

/** Letters this much larger than their style says. */
export function scaled({ font }: CaptionsContent, factor: number): string {
  return `\\fscx${number(font.scaleX * factor)}\\fscy${number(font.scaleY * factor)}`;
}
