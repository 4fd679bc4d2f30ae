/** What stays together in a line: a space, an East Asian character, a word. */
const UNITS =
  /[^\S\u00a0]+|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}][\u3001\u3002\uff01\uff0c\uff1a\uff1b\uff1f]?|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\S\u00a0])+/gu;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Cuts a paragraph into lines no wider than `room`: at spaces, between East Asian characters, and in what is too long alone. */
export function breakLines(text: string, room: number, widthOf: (text: string) => number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const unit of text.match(UNITS) ?? []) {
    for (const part of partsOf(unit, room, widthOf)) {
      if (line.trim() === '' || widthOf((line + part).trimEnd()) <= room) {
        line += part;
        continue;
      }
      lines.push(line.trimEnd());
      line = part.trimStart();
    }
  }
  return [...lines, line.trimEnd()];
}

/** As long as a line each, where it doesn't fit into one. */
function partsOf(unit: string, room: number, widthOf: (text: string) => number): string[] {
  if (unit.trim() === '' || widthOf(unit) <= room) return [unit];
  const parts: string[] = [];
  let part = '';
  for (const { segment } of graphemes.segment(unit)) {
    if (part !== '' && widthOf(part + segment) > room) {
      parts.push(part);
      part = '';
    }
    part += segment;
  }
  return [...parts, part];
}
