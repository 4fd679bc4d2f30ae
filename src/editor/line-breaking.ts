/** What stays together in a line: a space, an East Asian character, a word. */
const UNITS =
  /[^\S\u00a0]+|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}][\u3001\u3002\uff01\uff0c\uff1a\uff1b\uff1f]?|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\S\u00a0])+/gu;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Where a text ends that begins at `x`. */
type Advance = (text: string, x: number) => number;

/** Cuts a paragraph into lines no wider than `room`: at spaces, between East Asian characters, and in what is too long alone. */
export function breakLines(text: string, room: number, advance: Advance): string[] {
  const lines: string[] = [];
  let [line, x] = ['', 0];
  for (const unit of text.match(UNITS) ?? []) {
    for (const part of partsOf(unit, room, advance)) {
      if (line.trim() === '' || advance(part.trimEnd(), x) <= room) {
        x = advance(part, x);
        line += part;
        continue;
      }
      lines.push(line.trimEnd());
      line = part.trimStart();
      x = advance(line, 0);
    }
  }
  return [...lines, line.trimEnd()];
}

/** As long as a line each, where it doesn't fit into one. */
function partsOf(unit: string, room: number, advance: Advance): string[] {
  if (unit.trim() === '' || advance(unit, 0) <= room) return [unit];
  const parts: string[] = [];
  let [part, x] = ['', 0];
  for (const { segment } of graphemes.segment(unit)) {
    const end = advance(segment, x);
    if (part !== '' && end > room) {
      parts.push(part);
      part = '';
    }
    x = part === '' ? advance(segment, 0) : end;
    part += segment;
  }
  return [...parts, part];
}
