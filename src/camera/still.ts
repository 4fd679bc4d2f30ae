import { deadline, Fault } from '#runtime';
import type { ProbeOptions } from './probe.ts';
import { startReading } from './reading.ts';
import { Complaints } from './reason.ts';
import { checkSourceUrl, inputOptions, transportOf } from './source-url.ts';

const TIMEOUT_MS = 15_000;
const WIDTH = 640;
/** A JPEG of that width has a tenth of it. */
const MOST_BYTES = 2_000_000;

/** One picture of a camera that is not recorded, as JPEG: its next keyframe. Throws as `probeSource` does. */
export async function stillOf(address: string, options: ProbeOptions): Promise<Buffer> {
  const url = checkSourceUrl(address, options);
  const complaints = new Complaints(url);
  const input = inputOptions(transportOf(url, options.transport));
  const argumentsWith = (from: string) =>
    [
      ['-hide_banner', '-nostats', '-loglevel', 'level+error', '-threads', '1', '-skip_frame:v', 'nokey'],
      [...input, '-i', from, '-map', '0:V:0', '-vf', `scale='min(${WIDTH},iw)':-2`],
      ['-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '4', '-pix_fmt', 'yuvj420p', '-f', 'image2pipe', 'pipe:1'],
    ].flat();
  using limit = deadline(options.signal, options.timeoutMs ?? TIMEOUT_MS);
  await using child = await startReading('ffmpeg', url, argumentsWith, {
    stdio: ['ignore', 'pipe', 'pipe'],
    graceMs: 500,
    complaints,
  });
  const { stdout, stderr } = child.process;
  if (!stdout || !stderr) throw new Fault('internal', 'ffmpeg was started without pipes');
  stderr.setEncoding('utf8').on('data', (lines: string) => complaints.add(lines));
  child.killOn(limit.signal);
  const jpeg = await bytesOf(stdout);
  await child.ended;
  options.signal.throwIfAborted();
  if (limit.signal.aborted) throw complaints.faultOf('unavailable', 'sent no whole picture in time: try again');
  if (jpeg.length === 0) throw complaints.fault('sent no picture that can be decoded');
  return jpeg;
}

/** Nothing when it is more than a picture has. */
async function bytesOf(stdout: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdout) {
    size += chunk.length;
    if (size <= MOST_BYTES) chunks.push(chunk);
  }
  return size <= MOST_BYTES ? Buffer.concat(chunks) : Buffer.alloc(0);
}
