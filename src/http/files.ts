import { type FileHandle, open } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { Fault, faultOfReading } from '#runtime';
import type { HttpContext } from './deps.ts';

const GONE = 'the file is no longer there';

interface FileAnswer {
  type: string;
  cacheControl: string;
  headers?: Record<string, string>;
}

/**
 * The file as a stream, or the part that a Range header asks for. `path` is relative to `root` and must stay within it;
 * it comes from a row or a fixed list, never from the URL. Throws `not_found` when the file is gone,
 * `unavailable` when the disk fails to give its beginning.
 */
export async function serveFile(c: HttpContext, root: string, path: string, answer: FileAnswer): Promise<Response> {
  const handle = await openWithin(root, path);
  try {
    const { size } = await handle.stat();
    const part = requestedPart(c.req.header('range'), size);
    const headers = {
      'Content-Type': answer.type,
      'Cache-Control': answer.cacheControl,
      'Accept-Ranges': 'bytes',
      ...answer.headers,
    };
    if (part === 'unsatisfiable') {
      await handle.close();
      return new Response(null, { status: 416, headers: { ...headers, 'Content-Range': `bytes */${size}` } });
    }
    const { start, end } = part ?? { start: 0, end: size - 1 };
    const length = { ...headers, 'Content-Length': String(end - start + 1) };
    const range = part ? { 'Content-Range': `bytes ${start}-${end}/${size}` } : {};
    if (size > 0) await begins(handle, start);
    const body = await bodyOf(c, handle, start, end);
    return new Response(body, { status: part ? 206 : 200, headers: { ...length, ...range } });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The first bytes of the file. Throws `not_found` when it is gone. */
export async function headOf(root: string, path: string, bytes: number): Promise<Buffer> {
  const handle = await openWithin(root, path);
  try {
    return await begins(handle, 0, bytes);
  } finally {
    await handle.close();
  }
}

async function begins(handle: FileHandle, at: number, bytes = 1): Promise<Buffer> {
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, at);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw faultOfReading(error, GONE);
  }
}

async function openWithin(root: string, path: string): Promise<FileHandle> {
  const file = join(root, path);
  const inside = relative(root, file);
  if (inside.startsWith('..') || isAbsolute(inside)) throw new Fault('not_found', GONE);
  try {
    return await open(file, 'r');
  } catch (error) {
    throw faultOfReading(error, GONE);
  }
}

async function bodyOf(c: HttpContext, handle: FileHandle, start: number, end: number): Promise<ReadableStream | null> {
  if (c.req.method === 'HEAD' || end < start) {
    await handle.close();
    return null;
  }
  const stream = Readable.toWeb(handle.createReadStream({ start, end }));
  // Node's and the DOM's declarations of the same class differ.
  return stream as ReadableStream;
}

/** A single byte range; anything else that a Range header may say is answered with the whole file, as HTTP allows. */
function requestedPart(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  return start > end || start >= size ? 'unsatisfiable' : { start, end };
}
