import { readFile } from 'node:fs/promises';
import { deadline, Fault, faultOfReading, feed } from '#runtime';
import type { MediaFiles } from './h264.ts';

const LONGEST_MS = 20_000;

export interface Wanted {
  /** From the start of the piece; the last picture up to then. */
  offsetMs: number;
  /** As recorded when it is absent. */
  width?: number;
}

/**
 * The picture that a piece of recording shows at a time, as JPEG. Throws `not_found` when its file has gone or
 * can't be decoded, `unavailable` when that takes too long or the disk fails.
 */
export async function pastPicture(files: MediaFiles, wanted: Wanted, closed: AbortSignal): Promise<Buffer> {
  const input = await Promise.all([readFile(files.init), readFile(files.media)]).catch((cause: unknown) => {
    throw faultOfReading(cause, 'the recording of that moment is no longer there');
  });
  using limit = deadline(closed, LONGEST_MS);
  const media = Buffer.concat(input);
  const exact = await decode(media, wanted, limit.signal);
  // Behind the last picture there is none: then the piece's first.
  const jpeg = exact.length > 0 ? exact : await decode(media, { ...wanted, offsetMs: 0 }, limit.signal);
  if (jpeg.length === 0) throw new Fault('not_found', 'the recording of that moment can not be decoded');
  return jpeg;
}

async function decode(media: Buffer, { offsetMs, width }: Wanted, signal: AbortSignal): Promise<Buffer> {
  const args = [
    ['-n', '10', 'ffmpeg', '-hide_banner', '-nostats', '-loglevel', 'error', '-threads', '1'],
    ['-protocol_whitelist', 'pipe', '-f', 'mp4', '-i', 'pipe:0', '-map', '0:v:0'],
    offsetMs > 0 ? ['-ss', String(offsetMs / 1000)] : [],
    width === undefined ? [] : ['-vf', `scale=${width}:-2`],
    ['-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '3', '-pix_fmt', 'yuvj420p', '-f', 'image2pipe', 'pipe:1'],
  ].flat();
  const { output } = await feed('nice', args, media, signal);
  if (signal.aborted) throw new Fault('unavailable', 'this box is too busy to show that moment: try again later');
  return output;
}
