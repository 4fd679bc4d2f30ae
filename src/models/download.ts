import { open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Response } from 'undici';
import { Fault, isFault } from '#runtime';
import { type Digest, digestOf } from './digest.ts';
import { isFull, megabytes } from './space.ts';
import { reasonOf, shown, type Web } from './web.ts';

export interface Download {
  web: Web;
  url: string;
  /** What has come so far; complete and verified when `download` returns. */
  part: string;
  bytes: number;
  digest: Digest;
  signal: AbortSignal;
  onProgress: (done: number) => void;
}

/** How often a broken connection is taken up again, as long as each try brings something. */
const RESUMES = 8;
/** A connection over which nothing comes for so long is given up. */
const SILENCE_MS = 30_000;

/**
 * Fetches into `part`, going on from what is already there. Throws `unavailable` when the server can't be reached or
 * keeps breaking off (what has come stays), `too_large` when the disk fills up and `invalid` when the bytes are not the
 * pinned ones (in both cases they are deleted).
 */
export async function download(job: Download): Promise<void> {
  for (let tries = 0; ; tries++) {
    const before = await sizeOf(job.part);
    if (before > job.bytes) await rm(job.part);
    else if (before === job.bytes) break;
    try {
      await fetchFrom(job, await sizeOf(job.part));
    } catch (error) {
      if (job.signal.aborted) throw job.signal.reason;
      if (isFull(error)) throw await noSpace(job, error);
      const progressed = (await sizeOf(job.part)) > before;
      if (isFault(error) || !progressed || tries >= RESUMES) throw await asFault(error, job);
    }
  }
  const { kind, hex } = job.digest;
  const got = await digestOf(job.part, { kind, bytes: job.bytes }, job.signal);
  if (got === hex) return;
  await rm(job.part);
  throw new Fault(
    'invalid',
    `${shown(job.url)} sent other bytes than the pinned ones (${kind} ${got}, wanted ${hex}): they were deleted`,
  );
}

/** One connection. Returns when the file is as long as wanted. */
async function fetchFrom(job: Download, offset: number): Promise<void> {
  const silence = new AbortController();
  const hush = () => silence.abort(new Fault('unavailable', `${shown(job.url)} fell silent`));
  const timer = setTimeout(hush, SILENCE_MS);
  try {
    const response = await job.web.request(job.url, {
      headers: { 'accept-encoding': 'identity', ...(offset > 0 ? { range: `bytes=${offset}-` } : {}) },
      signal: AbortSignal.any([job.signal, silence.signal]),
    });
    const start = await startOf(response, offset, job);
    if (!response.body) throw new Fault('unavailable', `${shown(job.url)} answered without a body`);
    await using file = await open(job.part, start === 0 ? 'w' : 'a');
    let done = start;
    for await (const chunk of response.body) {
      timer.refresh();
      done += chunk.byteLength;
      if (done > job.bytes) await tooMuch(job);
      await file.writeFile(chunk);
      job.onProgress(done);
    }
    await file.sync();
    if (done < job.bytes) throw new Error(`broke off after ${done} of ${job.bytes} bytes`);
  } finally {
    clearTimeout(timer);
  }
}

/** Where the answer begins: a server may ignore the range and send everything. */
async function startOf(response: Response, offset: number, { part, url }: Download): Promise<number> {
  if (response.status === 200) return 0;
  const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  if (response.status === 206 && Number(range?.[1]) === offset) return offset;
  await response.body?.cancel();
  // What has come is longer than the server's file: it is another one.
  if (response.status === 416) await rm(part, { force: true });
  throw refusal(url, response.status);
}

/** Why there is no file, and what to do about it. */
export function refusal(url: string, status: number): Fault {
  const remedies: Record<number, string> = {
    401: 'it wants to know who asks: use a mirror, or import the pack from a folder',
    403: 'it gives this file only to some: use a mirror, or import the pack from a folder',
    404: 'the file is not there (any more): try another mirror, or --update',
    407: 'the proxy wants to know who asks: put user:password@ into HTTPS_PROXY',
    416: 'its file is shorter than the pinned one; pull again to begin anew',
    429: 'too much was asked of it: try again in some minutes',
  };
  const what = remedies[status] ?? 'try later, or another mirror';
  return new Fault(status === 404 ? 'not_found' : 'unavailable', `${shown(url)} answered ${status}: ${what}`);
}

async function tooMuch({ part, url, bytes }: Download): Promise<never> {
  await rm(part);
  throw new Fault('invalid', `${shown(url)} sends more than the ${bytes} bytes of the pinned file: it was deleted`);
}

/** Recordings need the room more than a download that can't be finished. */
async function noSpace({ part, bytes }: Download, cause: unknown): Promise<Fault> {
  const done = await sizeOf(part);
  await rm(part, { force: true });
  const how = `became full after ${megabytes(done)} of ${megabytes(bytes)}`;
  const what = `the disk of ${dirname(part)} ${how}, which were deleted: free some space and pull again`;
  return new Fault('too_large', what, { cause });
}

async function asFault(error: unknown, { url, part }: Download): Promise<Fault> {
  const kept = (await sizeOf(part)) > 0 ? '. What has come is kept; pull again to go on' : '';
  if (isFault(error)) return new Fault(error.kind, `${error.message}${kept}`, { cause: error });
  return new Fault('unavailable', `${shown(url)}: ${reasonOf(error)}${kept}`, { cause: error });
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    return 0;
  }
}
