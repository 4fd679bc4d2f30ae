import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { Fault, isFault } from '#runtime';
import type { HttpContext } from '../deps.ts';
import { chunks } from '../input.ts';
import { mayTakeLong } from '../request-time.ts';

/** Of a form, beside the file: what is longer or more is no form of a client. */
const LIMITS = { fields: 100, fieldSize: 64 * 1024, parts: 110, headerPairs: 50, headerSize: 16 * 1024 };

type Bytes = AsyncIterable<Uint8Array>;

/** Takes the file's bytes as they come in. What it throws ends the reading. */
export type FileSink = (bytes: Bytes, filename: string) => Promise<void>;

/**
 * Hands the file of a request to the sink while it comes in: the part `file` of a form, or all of the body when it is no
 * form. Nothing is held in memory but a few chunks; a slow sink slows the sender down. The request may take as long as
 * bytes keep coming. Throws `invalid` for a form without a file or with several, an empty body, or a body that breaks off.
 */
export async function readFile(c: HttpContext, sink: FileSink): Promise<void> {
  if (c.env?.incoming) mayTakeLong(c.env.incoming);
  const type = c.req.header('content-type') ?? '';
  if (/^multipart\/form-data/i.test(type)) await readForm(bodyOf(c), type, sink);
  else if (/^application\/x-www-form-urlencoded/i.test(type)) throw noFile();
  else await readRaw(bodyOf(c), sink);
}

/**
 * Straight from the socket where there is one: the web stream made of it would hold thousands of chunks. The socket is left
 * open, so that a refusal reaches the sender.
 */
export async function* bodyOf(c: HttpContext): AsyncGenerator<Uint8Array> {
  try {
    const { incoming } = c.env ?? {};
    if (incoming) yield* incoming.iterator({ destroyOnReturn: false });
    else if (c.req.raw.body) yield* chunks(c.req.raw.body);
  } catch (error) {
    throw isFault(error) ? error : new Fault('invalid', 'the upload broke off before its end', { cause: error });
  }
}

async function readRaw(body: AsyncGenerator<Uint8Array>, sink: FileSink): Promise<void> {
  const first = await body.next();
  if (first.done) throw noFile();
  async function* all(head: Uint8Array): Bytes {
    yield head;
    yield* body;
  }
  await sink(all(first.value), '');
}

async function readForm(body: Bytes, type: string, sink: FileSink): Promise<void> {
  const form = formParser(type);
  const source = Readable.from(body);
  const files: { part: Readable; saved: Promise<void> }[] = [];
  let refusal: Error | undefined;
  const refuse = (error: unknown) => {
    refusal ??= error instanceof Error ? error : brokenForm(error);
    source.destroy();
  };
  form.on('file', (field, part, filename) => {
    part.on('error', () => undefined); // The form fails, too.
    if (field === 'file' && files.length === 0) {
      const bytes = wholeOf(part, () => ended);
      files.push({ part, saved: sink(bytes, filename ?? '').catch(refuse) });
      return;
    }
    part.resume();
    if (field === 'file') refuse(new Fault('invalid', 'file: the form has two: send each to an upload_url of its own'));
  });
  for (const limit of ['partsLimit', 'fieldsLimit'] as const) form.on(limit, () => refuse(tooMuch()));
  const ended = pipeline(source, form).then(() => {
    if (refusal) throw refusal; // The source had ended before it could be stopped.
  });
  try {
    await ended;
  } catch (error) {
    refuse(isFault(error) ? error : brokenForm(error));
    for (const { part } of files) part.destroy(brokenForm(error));
  }
  for (const { saved } of files) await saved;
  if (refusal) throw refusal;
  if (files.length === 0) throw noFile();
}

/** Ends when the form around it has ended well, so that the sink keeps nothing of a form that is refused. */
async function* wholeOf(part: Readable, ended: () => Promise<void>): AsyncGenerator<Uint8Array> {
  try {
    yield* part;
    await ended();
  } catch (error) {
    throw isFault(error) ? error : brokenForm(error);
  }
}

function formParser(type: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': type },
      limits: LIMITS,
      isPartAFile: (field, _type, filename) => field === 'file' || filename !== undefined,
    });
  } catch (error) {
    throw new Fault('invalid', 'content-type: the form has no boundary', { cause: error });
  }
}

function noFile(): Fault {
  return new Fault('invalid', 'file: no file came in: send a form with a part "file", or the file itself as the body');
}

function brokenForm(cause: unknown): Fault {
  return new Fault('invalid', 'the form is broken off or not well formed', { cause });
}

function tooMuch(): Fault {
  return new Fault('invalid', 'the form has too many parts: send the file in a part "file"');
}
