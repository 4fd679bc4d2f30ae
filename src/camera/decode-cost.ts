import type { CameraFacts } from '#domain';
import { deadline, Fault, feed } from '#runtime';

const PICTURES = 30;
const TIMEOUT_MS = 60_000;

/**
 * Milliseconds in which one core of this box decodes a keyframe of that size and scales it as for models, measured on
 * pictures that are made here. Throws `unavailable` when ffmpeg can't.
 */
export async function keyframeCostMs(
  { width, height }: Pick<CameraFacts, 'width' | 'height'>,
  signal: AbortSignal,
): Promise<number> {
  using limit = deadline(signal, TIMEOUT_MS);
  const picture = `testsrc2=size=${width}x${height}:rate=1:duration=${PICTURES}`;
  const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '1', '-pix_fmt', 'yuv420p', '-f', 'h264', 'pipe:1'];
  const video = await ran(['-f', 'lavfi', '-i', picture, ...coding], Buffer.alloc(0), limit.signal);
  const decoding = ['-threads', '1', '-f', 'h264', '-i', 'pipe:0', '-vf', 'scale=640:-2', '-f', 'null', '-'];
  const began = performance.now();
  await ran(decoding, video, limit.signal);
  return (performance.now() - began) / PICTURES;
}

async function ran(args: readonly string[], input: Buffer, signal: AbortSignal): Promise<Buffer> {
  const { code, output } = await feed('ffmpeg', ['-loglevel', 'error', ...args], input, signal);
  signal.throwIfAborted();
  if (code !== 0) throw new Fault('unavailable', 'ffmpeg can not make and decode pictures: is it complete?');
  return output;
}
