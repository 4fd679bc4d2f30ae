import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Job } from '#domain';
import { Child, deadline, Fault, feed, isFault } from '#runtime';
import type { SegmentRow } from '#store';
import type { AssetDeps, Work } from './deps.ts';
import { ingest } from './ingest.ts';
import { makeRoom, noRoom } from './space.ts';
import { removeUpload } from './uploads.ts';

const PICTURES_PER_S = 10;
const LARGEST_SIDE = 1280;
/** A piece that takes longer is passed over. */
const PICTURE_MS = 20_000;
/** Six hundred pictures on a slow box take less. */
const LONGEST_MS = 3_600_000;
/** About a minute of it takes less. */
const LEAST_ROOM = 100e6;

/** What a timelapse's job is given. */
export interface TimelapseInput {
  streamId: string;
  startMs: number;
  endMs: number;
  /** How long the video is to be. */
  lengthS: number;
  collectionId: string;
  name: string;
}

/**
 * Makes a video of the stretch out of keyframes that lie evenly apart, one of a segment at most. What was not recorded, or
 * can't be read, is left out, so the video may be shorter. One ffmpeg of low priority at a time decodes, another encodes.
 */
export async function timelapse(job: Job, deps: AssetDeps, { progress, signal }: Work): Promise<{ assetId: string }> {
  const input = job.input as unknown as TimelapseInput; // Written by our own route.
  const { uploadsDir } = deps;
  const uploadId = `${job.id}.timelapse`;
  if ((await makeRoom(deps, LEAST_ROOM)) < LEAST_ROOM) throw noRoom();
  await mkdir(uploadsDir, { recursive: true });
  try {
    await encode(input, join(uploadsDir, uploadId), deps, { signal, progress: (share) => progress(share * 50) });
  } catch (error) {
    await removeUpload(uploadId, uploadsDir);
    throw signal.aborted ? signal.reason : error;
  }
  const { collectionId, name } = input;
  const about = { uploadId, collectionId, name, description: '', filename: 'timelapse.mp4' };
  return ingest({ ...job, input: about }, deps, { progress, signal });
}

async function encode(input: TimelapseInput, file: string, deps: AssetDeps, work: Work): Promise<void> {
  using limit = deadline(work.signal, LONGEST_MS);
  const pictures = picturesOf(input, deps, { ...work, signal: limit.signal });
  const first = await pictures.next();
  if (first.done) throw new Fault('refused', 'no picture that can be read was recorded from "start" to "end"');
  await using child = await Child.start('nice', encoderArguments(file), { stdio: ['pipe', 'ignore', 'ignore'] });
  const { stdin } = child.process;
  if (!stdin) throw new Fault('internal', 'ffmpeg was started without a pipe');
  const all = async function* () {
    yield first.value;
    yield* pictures;
  };
  limit.signal.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
  await pipeline(all, stdin, { signal: limit.signal }).catch((error: unknown) => {
    limit.signal.throwIfAborted();
    throw isFault(error, 'internal') ? error : unable(error);
  });
  const { code } = await child.ended;
  if (code !== 0) throw unable();
}

async function* picturesOf(
  { streamId, startMs, endMs, lengthS }: TimelapseInput,
  { store, mediaDir }: AssetDeps,
  { signal, progress }: Work,
): AsyncGenerator<Buffer> {
  const count = lengthS * PICTURES_PER_S;
  let last: string | undefined;
  for (let n = 0; n < count; n++) {
    signal.throwIfAborted();
    const atMs = startMs + Math.floor(((endMs - startMs) * n) / count);
    const [row] = store.segments.inRange(streamId, atMs, atMs + 1);
    if (row && row.path !== last && row.session.width > 0) {
      last = row.path;
      const jpeg = await keyframeOf(row, mediaDir, signal);
      if (jpeg.length > 0) yield jpeg;
    }
    progress((n + 1) / count);
  }
}

/** As JPEG; empty when the piece has gone, is damaged or takes too long. */
async function keyframeOf(row: SegmentRow, mediaDir: string, stopped: AbortSignal): Promise<Buffer> {
  const files = [row.session.initPath, row.path].map((path) => readFile(join(mediaDir, path)));
  const media = await Promise.all(files).catch(() => undefined); // Retention was here first.
  if (!media) return Buffer.alloc(0);
  using limit = deadline(stopped, PICTURE_MS);
  const { output } = await feed('nice', DECODER, Buffer.concat(media), limit.signal);
  stopped.throwIfAborted();
  return output;
}

function unable(cause?: unknown): Fault {
  return new Fault('unavailable', 'ffmpeg could not make the video: is the disk full?', { cause });
}

const FIT =
  `scale=w='min(iw,${LARGEST_SIDE})':h='min(ih,${LARGEST_SIDE})'` +
  ':force_original_aspect_ratio=decrease:force_divisible_by=2';

const DECODER = [
  ['-n', '19', 'ffmpeg', '-hide_banner', '-nostats', '-loglevel', 'error', '-threads', '1', '-skip_frame', 'nokey'],
  ['-protocol_whitelist', 'pipe', '-f', 'mp4', '-i', 'pipe:0', '-map', '0:v:0', '-frames:v', '1', '-vf', FIT],
  ['-c:v', 'mjpeg', '-q:v', '3', '-pix_fmt', 'yuvj420p', '-f', 'image2pipe', 'pipe:1'],
].flat();

function encoderArguments(file: string): string[] {
  return [
    ['-n', '19', 'ffmpeg', '-hide_banner', '-nostats', '-loglevel', 'error', '-y', '-protocol_whitelist', 'pipe,file'],
    ['-f', 'image2pipe', '-c:v', 'mjpeg', '-framerate', String(PICTURES_PER_S), '-i', 'pipe:0'],
    [
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-threads',
      '1',
      '-pix_fmt',
      'yuv420p',
      '-g',
      String(PICTURES_PER_S * 2),
    ],
    ['-f', 'mp4', file],
  ].flat();
}
