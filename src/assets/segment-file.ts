import { join } from 'node:path';
import ffmpeg from 'fluent-ffmpeg';
import type { Piece } from '#domain';
import { Fault, fitToFfmpeg } from '#runtime';
import { INPUT_OPTIONS, type MediaFacts, notMedia, probeFile } from './probe-file.ts';
import { noRoom } from './space.ts';
import { writtenPieces } from './written-pieces.ts';

/** An ffmpeg without progress for so long hangs. */
const SILENCE_MS = 60_000;
/** Pieces begin at keyframes, at least this far apart. */
const PIECE_S = 1;
/** What players take as it is, in fragmented MP4. */
const KEPT_VIDEO = new Set(['h264', 'hevc', 'av1', 'vp9']);
const KEPT_AUDIO = new Set(['aac']);
/** Encoding more than this takes more memory than a small box has. */
const LARGEST_ENCODED_SIDE = 1920;
const ENCODER_THREADS = 2;

export interface Segmented {
  pieces: Piece[];
  /** As they came out. */
  width: number;
  height: number;
}

/**
 * Turns a file into HLS in the directory: `init-0.mp4` and numbered pieces that begin at keyframes. What players take is
 * copied, the rest becomes H.264 and AAC; so do pictures that players would have to turn, as HLS doesn't say so. Pieces
 * are named below `assetId`. Throws `refused` when ffmpeg can't, or when the disk is full.
 */
export async function segmentFile(
  file: string,
  facts: MediaFacts,
  target: { dir: string; assetId: string },
  work: { signal: AbortSignal; progress: (share: number) => void },
): Promise<Segmented> {
  const { dir, assetId } = target;
  await runFfmpeg(await segmenter(file, facts, dir), facts.durationMs, work);
  const pieces = await writtenPieces(dir, assetId);
  if (pieces.length === 0) throw notMedia();
  const { width, height } = await probeFile(join(dir, 'init-0.mp4'), work.signal);
  return { pieces, width, height };
}

async function segmenter(file: string, facts: MediaFacts, dir: string): Promise<ffmpeg.FfmpegCommand> {
  const sound = KEPT_AUDIO.has(facts.audioCodec ?? '') ? ['-c:a', 'copy'] : ['-c:a', 'aac', '-b:a', '128k'];
  const options = [
    facts.kind === 'audio' ? ['-vn'] : ['-map', '0:V:0', ...videoOptions(facts)],
    facts.audioCodec ? ['-map', '0:a:0', ...sound] : [],
    ['-sn', '-dn', '-map_metadata', '-1', '-f', 'hls', '-hls_time', String(PIECE_S), '-hls_list_size', '0'],
    ['-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', 'init-0.mp4'],
    ['-hls_segment_filename', join(dir, '%06d.m4s')],
  ].flat();
  return ffmpeg({ source: file, niceness: 10 })
    .inputOptions([...INPUT_OPTIONS])
    .outputOptions(await fitToFfmpeg(options))
    .output(join(dir, 'index.m3u8'));
}

function videoOptions({ videoCodec = '', turned }: MediaFacts): string[] {
  if (KEPT_VIDEO.has(videoCodec) && !turned) {
    return ['-c:v', 'copy', ...(videoCodec === 'hevc' ? ['-tag:v', 'hvc1'] : [])];
  }
  const side = (name: string) => `'min(${name},${LARGEST_ENCODED_SIDE})'`;
  const scale = `scale=w=${side('iw')}:h=${side('ih')}:force_original_aspect_ratio=decrease:force_divisible_by=2`;
  return [
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-threads', String(ENCODER_THREADS)],
    // Frames keep their times: a hole of hours isn't filled with copies of one.
    ...['-force_key_frames', 'expr:gte(t,n_forced*2)', '-fps_mode', 'vfr', '-vf', scale],
  ];
}

function runFfmpeg(
  command: ffmpeg.FfmpegCommand,
  durationMs: number,
  { signal, progress }: { signal: AbortSignal; progress: (share: number) => void },
): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    let hung = false;
    const kill = () => command.kill('SIGKILL');
    const giveUp = () => {
      hung = true;
      kill();
    };
    let timer = setTimeout(giveUp, SILENCE_MS);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      settle();
    };
    command.on('start', () => {
      if (signal.aborted) kill(); // It was told to stop while it was being started.
    });
    command.on('progress', ({ timemark }: { timemark?: string }) => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, SILENCE_MS);
      if (durationMs > 0) progress(Math.min(1, millis(timemark) / durationMs));
    });
    command.on('end', () => finish(resolve));
    command.on('error', (error: Error) => {
      finish(() => reject(signal.aborted ? signal.reason : faultOf(error, hung)));
    });
    signal.addEventListener('abort', kill, { once: true });
    command.run();
  });
}

function faultOf(error: Error, hung: boolean): Fault {
  if (hung) return new Fault('unavailable', 'ffmpeg hung on the file and was ended');
  return error.message.includes('No space left on device') ? noRoom(error) : notMedia(error);
}

function millis(timemark = ''): number {
  const [hours = 0, minutes = 0, seconds = 0] = timemark.split(':').map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 || 0;
}
