import { closeSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** One face of a TrueType or OpenType file: what it is called and how wide its glyphs are. */
export interface Face {
  families: string[];
  /** 100–900 */
  weight: number;
  italic: boolean;
  /** Height of a line as libass counts it (ascent and descent as Windows has them), in ems. */
  lineHeight: number;
  /** Says that it is made for Chinese, Japanese or Korean. */
  isEastAsian: boolean;
  /** In ems; undefined where the font lacks the character. */
  widthOf: (codePoint: number) => number | undefined;
}

interface Table {
  offset: number;
  length: number;
}
type Tables = ReadonlyMap<string, Table>;

const COLLECTION = 'ttcf';
const SFNT_VERSIONS = ['\0\x01\0\0', 'OTTO', 'true'];
/** The largest table that is read. NotoSansCJK's are a quarter of that. */
const MOST_BYTES = 4 << 20;
const MOST_FACES = 64;
/** The code pages of Japan, China, Korea and Taiwan. */
const EAST_ASIAN = 0x1f << 17;

/** The faces of a file; none where it is no font, or a broken one. Glyphs are read when they are first asked for. */
export async function facesOf(path: string): Promise<Face[]> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const faces: Face[] = [];
    for (const offset of await faceOffsets(file)) {
      const face = await faceAt(file, path, offset);
      if (face) faces.push(face);
    }
    return faces;
  } catch {
    return [];
  } finally {
    await file?.close();
  }
}

async function faceOffsets(file: FileHandle): Promise<number[]> {
  const head = await bytes(file, { offset: 0, length: 12 });
  const kind = head.toString('latin1', 0, 4);
  if (SFNT_VERSIONS.includes(kind)) return [0];
  if (kind !== COLLECTION) return [];
  const count = Math.min(head.readUInt32BE(8), MOST_FACES);
  const offsets = await bytes(file, { offset: 12, length: count * 4 });
  return Array.from({ length: count }, (_, i) => offsets.readUInt32BE(i * 4));
}

async function faceAt(file: FileHandle, path: string, offset: number): Promise<Face | undefined> {
  const count = (await bytes(file, { offset, length: 12 })).readUInt16BE(4);
  const rows = await bytes(file, { offset: offset + 12, length: count * 16 });
  const tables = new Map<string, Table>();
  for (let at = 0; at < rows.length; at += 16) {
    const table = { offset: rows.readUInt32BE(at + 8), length: rows.readUInt32BE(at + 12) };
    tables.set(rows.toString('latin1', at, at + 4), table);
  }
  const read = async (name: string) => {
    const table = tables.get(name);
    return table && (await bytes(file, table));
  };
  const [head, hhea, os2, names] = [await read('head'), await read('hhea'), await read('OS/2'), await read('name')];
  if (!head || !hhea || !names) return undefined;
  const unitsPerEm = head.readUInt16BE(18) || 1000;
  const win = os2 && os2.length >= 78 ? os2.readInt16BE(74) + os2.readInt16BE(76) : 0;
  const macStyle = head.readUInt16BE(44);
  return {
    families: familiesIn(names),
    weight: os2 ? os2.readUInt16BE(4) : macStyle & 1 ? 700 : 400,
    italic: (macStyle & 2) !== 0,
    lineHeight: (win || hhea.readInt16BE(4) - hhea.readInt16BE(6)) / unitsPerEm,
    isEastAsian: os2 !== undefined && os2.length >= 86 && (os2.readUInt32BE(78) & EAST_ASIAN) !== 0,
    widthOf: lazyWidths(path, tables, hhea.readUInt16BE(34), unitsPerEm),
  };
}

async function bytes(file: FileHandle, { offset, length }: Table): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.min(length, MOST_BYTES));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
  return buffer.subarray(0, bytesRead);
}

/** Names 1 and 16, as Windows writes them. */
function familiesIn(names: Buffer): string[] {
  const strings = names.readUInt16BE(4);
  const found = new Set<string>();
  for (let i = 0; i < names.readUInt16BE(2); i++) {
    const at = 6 + i * 12;
    const isFamily = [1, 16].includes(names.readUInt16BE(at + 6));
    if (!isFamily || names.readUInt16BE(at) !== 3) continue;
    const from = strings + names.readUInt16BE(at + 10);
    const text = Buffer.from(names.subarray(from, from + names.readUInt16BE(at + 8)));
    found.add(text.swap16().toString('utf16le'));
  }
  return [...found];
}

function lazyWidths(path: string, tables: Tables, metrics: number, unitsPerEm: number): Face['widthOf'] {
  let glyphs: { of: (codePoint: number) => number; hmtx: Buffer } | undefined;
  return (codePoint) => {
    glyphs ??= { of: glyphIndex(readNow(path, tables.get('cmap'))), hmtx: readNow(path, tables.get('hmtx')) };
    const glyph = glyphs.of(codePoint);
    const at = Math.min(glyph, metrics - 1) * 4;
    return glyph === 0 || at + 2 > glyphs.hmtx.length ? undefined : glyphs.hmtx.readUInt16BE(at) / unitsPerEm;
  };
}

function readNow(path: string, table: Table | undefined): Buffer {
  const buffer = Buffer.alloc(Math.min(table?.length ?? 0, MOST_BYTES));
  const file = openSync(path, 'r');
  try {
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, table?.offset ?? 0));
  } finally {
    closeSync(file);
  }
}

/** Code point → glyph, 0 where there is none: by formats 12 and 4, which Unicode fonts have. */
function glyphIndex(cmap: Buffer): (codePoint: number) => number {
  const count = cmap.length < 4 ? 0 : cmap.readUInt16BE(2);
  const offsets = Array.from({ length: count }, (_, i) => cmap.readUInt32BE(8 + i * 8));
  const format = (wanted: number) => offsets.find((at) => at + 16 < cmap.length && cmap.readUInt16BE(at) === wanted);
  const [full, basic] = [format(12), format(4)];
  if (full !== undefined) return (codePoint) => inGroups(cmap, full, codePoint);
  if (basic !== undefined) return (codePoint) => inSegments(cmap, basic, codePoint);
  return () => 0;
}

function inGroups(cmap: Buffer, table: number, codePoint: number): number {
  let [low, high] = [0, cmap.readUInt32BE(table + 12) - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = table + 16 + middle * 12;
    if (at + 12 > cmap.length) return 0;
    if (codePoint < cmap.readUInt32BE(at)) high = middle - 1;
    else if (codePoint > cmap.readUInt32BE(at + 4)) low = middle + 1;
    else return cmap.readUInt32BE(at + 8) + codePoint - cmap.readUInt32BE(at);
  }
  return 0;
}

function inSegments(cmap: Buffer, table: number, codePoint: number): number {
  const size = cmap.readUInt16BE(table + 6);
  const [ends, starts] = [table + 14, table + 16 + size];
  for (let i = 0; i < size; i += 2) {
    if (starts + 2 * size + i + 2 > cmap.length || cmap.readUInt16BE(ends + i) < codePoint) continue;
    const start = cmap.readUInt16BE(starts + i);
    if (start > codePoint) return 0;
    const delta = cmap.readUInt16BE(starts + size + i);
    const rangeAt = starts + 2 * size + i;
    const range = cmap.readUInt16BE(rangeAt);
    if (range === 0) return (codePoint + delta) & 0xffff;
    const at = rangeAt + range + (codePoint - start) * 2;
    const glyph = at + 2 > cmap.length ? 0 : cmap.readUInt16BE(at);
    return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
  }
  return 0;
}
