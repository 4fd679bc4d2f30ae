import { Fault } from '#runtime';

/** Longer than the subtitles of any film. */
const MOST_BYTES = 2 << 20;
const MOST_EVENTS = 20_000;
/** White space is gone already: one class of characters, so that nothing is tried twice. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const COLOR = /^&H([0-9a-f]{2})?([0-9a-f]{6})&?$/i;
/** What of a document is drawn. Fonts and pictures inside of it are not. */
const SECTIONS = ['[script info]', '[v4+ styles]', '[v4 styles]', '[events]'];
const KEPT =
  /^(format|style|dialogue|scripttype|playres[xy]|wrapstyle|scaledborderandshadow|kerning|timer|ycbcr matrix|layoutres[xy])\s*:/i;
/** Without one libass before 0.16 takes a document for none; newer ones want it, or a type. */
const isStyles = (line: string) => /^\[v4\+? styles\]/i.test(line);
const HEAD = ['[Script Info]', 'ScriptType: v4.00+', '[V4+ Styles]'];
const TIME = /^\d+:[0-5]?\d:[0-5]?\d(\.\d{1,3})?$/;
const REMEDY = 'send "auto" or a whole ASS file as base64';

/** `&HAABBGGRR` or `&HBBGGRR`, with `&` at its end or without → the first of these. */
export function captionColor(color: string): string {
  const [, alpha = '00', rest] = COLOR.exec(color) ?? [];
  if (!rest)
    throw new Fault('invalid', `caption colour "${color.slice(0, 40)}": must be &HAABBGGRR (alpha, blue, green, red)`);
  return `&H${alpha}${rest}`.toUpperCase();
}

/**
 * An ASS document as a client sent it, without what isn't drawn: embedded fonts and pictures, comments, other programs'
 * sections. Fails where it isn't one, naming the line.
 */
export function checkedAss(base64: string): string {
  if (base64.length > MOST_BYTES * 1.4) throw invalid(`larger than ${MOST_BYTES >> 20} MiB`);
  if (!BASE64.test(base64.replace(/\s+/g, ''))) throw invalid('neither "auto" nor base64');
  const text = decoded(Buffer.from(base64, 'base64'));
  const kept = [...partsToKeep(text.split(/\r\n|\r|\n/))];
  const lines = kept.map(({ line }) => line);
  if (!lines.some((line) => line.toLowerCase() === '[events]')) throw invalid('no [Events] section');
  const events = kept.filter(({ line }) => /^dialogue\s*:/i.test(line));
  if (events.length === 0) throw invalid('no Dialogue line');
  if (events.length > MOST_EVENTS) throw invalid(`more than ${MOST_EVENTS} Dialogue lines`);
  const format = formatOf(lines);
  for (const { line, number } of events) checkEvent(line, number, format);
  return `${[...(lines.some(isStyles) ? [] : HEAD), ...lines].join('\n')}\n`;
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid('not UTF-8 text');
  }
}

function* partsToKeep(lines: readonly string[]): Generator<{ line: string; number: number }> {
  let section: string | undefined;
  for (const [i, raw] of lines.entries()) {
    const line = raw.replace(/\p{Cc}/gu, ' ').trim();
    const isHeading = line.startsWith('[') && line.endsWith(']');
    if (isHeading) section = SECTIONS.find((name) => name === line.toLowerCase());
    if (section && (isHeading || KEPT.test(line))) yield { line, number: i + 1 };
  }
}

function formatOf(lines: readonly string[]): string[] {
  const events = lines.findIndex((line) => line.toLowerCase() === '[events]');
  const format = lines.slice(events).find((line) => /^format\s*:/i.test(line));
  const keys = format?.slice(format.indexOf(':') + 1).split(',') ?? [];
  const names = keys.map((key) => key.trim().toLowerCase());
  for (const key of ['start', 'end', 'text']) {
    if (!names.includes(key)) throw invalid(`the Format line of [Events] lacks ${key}`);
  }
  return names;
}

function checkEvent(line: string, number: number, format: readonly string[]): void {
  const fields = line.slice(line.indexOf(':') + 1).split(',');
  if (fields.length < format.length) throw invalid(`line ${number}: fewer fields than the Format line says`);
  for (const key of ['start', 'end']) {
    const value = fields[format.indexOf(key)]?.trim() ?? '';
    if (!TIME.test(value)) throw invalid(`line ${number}: ${key} "${value.slice(0, 20)}" is no time (h:mm:ss.cc)`);
  }
}

function invalid(what: string): Fault {
  return new Fault('invalid', `src: ${what}; ${REMEDY}`);
}
