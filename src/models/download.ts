import { open, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault, isFault, messageOf, redactCredentials } from '#runtime';
import { type Digest, digestOf } from './digest.ts';

export interface Download {
  url: string;
  /** What has come so far; complete and verified when `download` returns. */
  part: string;
  bytes: number;
  digest: Digest;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}

/** How often a broken connection is taken up again, as long as each try brings something. */
const RESUMES = 8;
/** A connection over which nothing comes for so long is given up. */
const SILENCE_MS = 30_000;
/** Space that must be left after the download. */
const SPARE_BYTES = 16 * 1024 * 1024;

/**
 * Fetches into `part`, going on from what is already there. Throws `unavailable` when the server can't be reached or
 * keeps breaking off (what has come stays), `too_large` when the disk is too full, `invalid` when the bytes are not the
 * pinned ones (they are deleted).
 */
export async function download(job: Download): Promise<void> {
  for (let tries = 0; ; tries++) {
    const before = await sizeOf(job.part);
    if (before > job.bytes) await rm(job.part);
    else if (before === job.bytes) break;
    try {
      await requireSpace(job, before);
      await fetchFrom(job, await sizeOf(job.part));
    } catch (error) {
      if (job.signal.aborted) throw job.signal.reason;
      const progressed = (await sizeOf(job.part)) > before;
      if (isFault(error) || !progressed || tries >= RESUMES) throw asFault(error, job.url);
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

async function requireSpace({ part, bytes }: Download, done: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(part));
  const needed = bytes - done + SPARE_BYTES;
  if (bavail * bsize >= needed) return;
  throw new Fault('too_large', `the disk of ${dirname(part)} has less than ${needed} bytes free: free some space`);
}

/** One connection. Returns when the file is as long as wanted. */
async function fetchFrom(job: Download, offset: number): Promise<void> {
  const silence = new AbortController();
  const hush = () => silence.abort(new Fault('unavailable', `${shown(job.url)} fell silent`));
  const timer = setTimeout(hush, SILENCE_MS);
  try {
    const response = await fetch(job.url, {
      headers: { 'accept-encoding': 'identity', ...(offset > 0 ? { range: `bytes=${offset}-` } : {}) },
      signal: AbortSignal.any([job.signal, silence.signal]),
    });
    const start = startOf(response, offset, job.url);
    if (!response.body) throw new Fault('unavailable', `${shown(job.url)} answered without a body`);
    await using file = await open(job.part, start === 0 ? 'w' : 'a');
    let done = start;
    for await (const chunk of response.body) {
      timer.refresh();
      done += chunk.byteLength;
      if (done > job.bytes) await tooMuch(job);
      await file.writeFile(chunk);
      job.onProgress(done, job.bytes);
    }
    await file.sync();
    if (done < job.bytes) throw new Error(`broke off after ${done} of ${job.bytes} bytes`);
  } finally {
    clearTimeout(timer);
  }
}

/** Where the answer begins: a server may ignore the range and send everything. */
function startOf(response: Response, offset: number, url: string): number {
  if (response.status === 200) return 0;
  const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  if (response.status === 206 && Number(range?.[1]) === offset) return offset;
  throw new Fault('unavailable', `${shown(url)} answered ${response.status}: try later, or another mirror`);
}

async function tooMuch({ part, url, bytes }: Download): Promise<never> {
  await rm(part);
  throw new Fault('invalid', `${shown(url)} sends more than the ${bytes} bytes of the pinned file: it was deleted`);
}

function asFault(error: unknown, url: string): Fault {
  if (isFault(error)) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  const what = `${messageOf(error)}${redactCredentials(cause)}`;
  return new Fault('unavailable', `${shown(url)}: ${what}. What has come is kept; pull again to go on`, {
    cause: error,
  });
}

/** Without query and credentials: mirrors may sign their addresses. */
function shown(url: string): string {
  return redactCredentials(url.replace(/[?#].*$/, ''));
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    return 0;
  }
}
