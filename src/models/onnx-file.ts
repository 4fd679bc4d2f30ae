import { type FileHandle, open } from 'node:fs/promises';
import { Fault } from '#runtime';

/** Part of a model's weights that lies in a file of its own. */
export interface ExternalData {
  /** Relative to the model's folder. */
  location: string;
  /** What that file must hold at least. */
  bytes: number;
}

/** Field numbers of ModelProto, GraphProto, TensorProto and StringStringEntryProto. */
const MODEL = { graph: 7, opset: 8 };
const GRAPH = { initializer: 5 };
const TENSOR = { externalData: 13 };
/** A tensor whose data lies elsewhere is only a name, a shape and an address. */
const SMALL = 4096;
const LFS_POINTER = 'version https://git-lfs';

/**
 * Walks through a model's file by its lengths, without reading the weights. Throws `invalid`, naming the file, when it
 * is no ONNX model, ends too early, or is only a pointer of Git LFS; returns what lies in other files.
 */
export async function checkOnnx(path: string): Promise<ExternalData[]> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const start = await read(file, 0, LFS_POINTER.length);
  if (start.toString('latin1') === LFS_POINTER) {
    throw new Fault('invalid', `${path} is only a pointer of Git LFS: fetch the file itself with \`git lfs pull\``);
  }
  const seen = new Set<number>();
  const external: ExternalData[] = [];
  for await (const field of fieldsOf(file, 0, size, path)) {
    seen.add(field.number);
    if (field.number !== MODEL.graph) continue;
    for await (const part of fieldsOf(file, field.start, field.end, path)) {
      if (part.number !== GRAPH.initializer || part.end - part.start > SMALL) continue;
      const data = externalOf(await read(file, part.start, part.end - part.start));
      if (data) external.push(data);
    }
  }
  if (seen.has(MODEL.graph) && seen.has(MODEL.opset)) return merged(external);
  throw new Fault('invalid', `${path} is no whole ONNX model: copy or fetch it again`);
}

interface Field {
  number: number;
  start: number;
  end: number;
}

async function* fieldsOf(file: FileHandle, from: number, to: number, path: string): AsyncGenerator<Field> {
  for (let at = from; at < to; ) {
    const head = parseField(await read(file, at, 20));
    const start = at + (head?.header ?? 0);
    const end = start + (head?.length ?? 0);
    if (!head) throw new Fault('invalid', `${path} is no ONNX model`);
    if (end > to) {
      throw new Fault('invalid', `${path} is truncated: it ends ${end - to} bytes too early. Copy or fetch it again`);
    }
    yield { number: head.number, start, end };
    at = end;
  }
}

/** The head of a protobuf field: bytes of tag and length, and of what follows. Undefined when it can't be one. */
function parseField(bytes: Buffer): { number: number; header: number; length: number } | undefined {
  const tag = varint(bytes, 0);
  if (!tag || tag.value < 8) return undefined;
  const number = Math.floor(tag.value / 8);
  const second = varint(bytes, tag.next);
  switch (tag.value % 8) {
    case 0:
      return second && { number, header: second.next, length: 0 };
    case 1:
      return { number, header: tag.next, length: 8 };
    case 2:
      return second && { number, header: second.next, length: second.value };
    case 5:
      return { number, header: tag.next, length: 4 };
    default:
      return undefined;
  }
}

function varint(bytes: Buffer, from: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let at = from, scale = 1; at < bytes.length && at < from + 10; at++, scale *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: at + 1 };
  }
  return undefined;
}

function externalOf(tensor: Buffer): ExternalData | undefined {
  const entries = new Map<string, string>();
  for (const { number, bytes } of parts(tensor)) {
    if (number !== TENSOR.externalData) continue;
    const texts = parts(bytes).map((part) => part.bytes.toString());
    entries.set(texts[0] ?? '', texts[1] ?? '');
  }
  const location = entries.get('location');
  if (location === undefined) return undefined;
  return { location, bytes: Number(entries.get('offset') ?? 0) + Number(entries.get('length') ?? 0) };
}

function parts(message: Buffer): { number: number; bytes: Buffer }[] {
  const found: { number: number; bytes: Buffer }[] = [];
  for (let at = 0; at < message.length; ) {
    const head = parseField(message.subarray(at, at + 20));
    if (!head) break;
    const start = at + head.header;
    found.push({ number: head.number, bytes: message.subarray(start, start + head.length) });
    at = start + head.length;
  }
  return found;
}

function merged(external: readonly ExternalData[]): ExternalData[] {
  const most = new Map<string, number>();
  for (const { location, bytes } of external) most.set(location, Math.max(most.get(location) ?? 0, bytes));
  return [...most].map(([location, bytes]) => ({ location, bytes }));
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
