import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Child, Fault } from '#runtime';
import type { SegmentRow } from '#store';
import { noRoom } from './space.ts';
import type { Take } from './stretches.ts';

/** An ffmpeg that takes nothing for so long hangs. However long it takes in all, it may: the box may be busy. */
const SILENCE_MS = 120_000;
const PIECE_S = 1;
const FIRST_PIPE = 3;

/** Names of the files in the folder, without their ends: `init-0.mp4`, `0-000000.m4s`, `0.m3u8`. */
export interface MixTarget {
  dir: string;
  /** The number of the take. */
  n: number;
  /** Where the take begins in the asset: its times go on from the take before. */
  startMs: number;
  /** Whether there is to be a sound track: all takes of an asset are alike. */
  withSound: boolean;
}

/**
 * Puts one take together as HLS pieces in the directory: pictures as they were recorded, sounds mixed at the times at which
 * they were heard. Files are read once, from start to end, through pipes. Throws `refused` when nothing of it can be read or
 * the disk is full, `unavailable` when ffmpeg hangs.
 */
export async function mix(
  take: Take,
  target: MixTarget,
  mediaDir: string,
  signal: AbortSignal,
  silenceMs = SILENCE_MS,
): Promise<void> {
  const inputs = [...(take.pictures.length > 0 ? [take.pictures] : []), ...take.sounds];
  await using child = await Child.start('nice', mixArguments(take, target), {
    stdio: ['ignore', 'ignore', 'pipe', ...inputs.map(() => 'pipe' as const)],
    graceMs: 500,
  });
  const hung = new AbortController();
  child.killOn(signal);
  child.killOn(hung.signal);
  const silence = setTimeout(() => hung.abort(), silenceMs);
  const moved = () => void silence.refresh();
  const said = tailOf(child.process.stderr);
  const feeding = inputs.map((rows, n) => feed(rows, child.process.stdio[FIRST_PIPE + n], mediaDir, moved));
  const { code } = await child.ended;
  clearTimeout(silence);
  await Promise.all(feeding);
  signal.throwIfAborted();
  if (hung.signal.aborted) throw new Fault('unavailable', 'ffmpeg hung on the recordings and was ended: try again');
  if (code === 0) return;
  if ((await said).includes('No space left on device')) throw noRoom();
  throw new Fault('refused', 'the recordings of the session could not be put together: some can not be read');
}

/** Never rejects: ffmpeg stops reading where the take ends, and says itself what it lacks. */
async function feed(rows: readonly SegmentRow[], pipe: unknown, mediaDir: string, moved: () => void): Promise<void> {
  if (!(pipe instanceof Writable)) return;
  pipe.on('error', () => undefined); // Also when all has been written, and an ffmpeg that is killed leaves some unread.
  await pipeline(() => bytesOf(rows, mediaDir, moved), pipe).catch(() => pipe.destroy());
}

/** A file that retention has taken is left out, as a gap is. */
async function* bytesOf(rows: readonly SegmentRow[], mediaDir: string, moved: () => void): AsyncGenerator<Buffer> {
  const paths = [rows[0]?.session.initPath ?? '', ...rows.map(({ path }) => path)];
  for (const path of paths) {
    try {
      for await (const chunk of createReadStream(join(mediaDir, path), { highWaterMark: 256 * 1024 })) {
        yield chunk;
        moved();
      }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
}

async function tailOf(stream: Readable | null | undefined): Promise<string> {
  let text = '';
  if (stream) for await (const chunk of stream) text = (text + String(chunk)).slice(-2000);
  return text;
}

function mixArguments(take: Take, { dir, n, startMs, withSound }: MixTarget): string[] {
  const isSeen = take.pictures.length > 0;
  const inputs = (isSeen ? 1 : 0) + take.sounds.length;
  const reading = Array.from({ length: inputs }, (_, i) => ['-f', 'mp4', '-i', `pipe:${FIRST_PIPE + i}`]).flat();
  const isHevc = /^(?:hvc1|hev1)/.test(take.pictures[0]?.session.codecs ?? '');
  const seen = ['-map', '0:v:0', '-c:v', 'copy', ...(isHevc ? ['-tag:v', 'hvc1'] : [])];
  const heard = ['-filter_complex', soundFilter(take), '-map', '[out]', '-c:a', 'aac', '-b:a', '128k', '-ar', '48000'];
  return [
    ['-n', '19', 'ffmpeg', '-hide_banner', '-nostats', '-loglevel', 'error', '-y', '-protocol_whitelist', 'pipe,file'],
    ['-thread_queue_size', '64', ...reading],
    isSeen ? seen : [],
    withSound ? heard : ['-an'],
    ['-map_metadata', '-1', '-t', seconds(take.endMs - take.startMs), '-output_ts_offset', seconds(startMs)],
    ['-f', 'hls', '-hls_time', String(PIECE_S)],
    ['-hls_list_size', '0', '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4'],
    ['-hls_fmp4_init_filename', `init-${n}.mp4`, '-hls_segment_filename', join(dir, `${n}-%06d.m4s`)],
    [join(dir, `${n}.m3u8`)],
  ].flat();
}

/** Every sound at its time, what is missing as silence, all of the take's length. */
function soundFilter({ startMs, endMs, pictures, sounds }: Take): string {
  const first = pictures.length > 0 ? 1 : 0;
  const length = seconds(endMs - startMs);
  const placed = sounds.map((rows, i) => {
    const offsetMs = (rows[0]?.startMs ?? startMs) - startMs;
    const cut = offsetMs < 0 ? `atrim=start=${seconds(-offsetMs)},asetpts=PTS-STARTPTS,` : '';
    const delay = `adelay=${Math.max(0, Math.round(offsetMs))}:all=1`;
    return `[${first + i}:a:0]aresample=48000:async=1:first_pts=0,aformat=channel_layouts=stereo,${cut}${delay}[s${i}]`;
  });
  const silence = `anullsrc=r=48000:cl=stereo,atrim=0:${length}[silence]`;
  const labels = sounds.map((_, i) => `[s${i}]`).join('');
  const all = `[silence]${labels}amix=inputs=${sounds.length + 1}:duration=first:normalize=0,alimiter=limit=0.95:level=0[out]`;
  return [...placed, silence, all].join(';');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
