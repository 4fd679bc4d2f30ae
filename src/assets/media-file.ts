import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import ffmpeg from 'fluent-ffmpeg';
import type { Piece } from '#domain';
import { Fault } from '#runtime';

/** What ffprobe says of a file. */
export interface MediaFacts {
  kind: 'video' | 'audio' | 'image';
  durationMs: number;
  width: number;
  height: number;
  videoCodec?: string;
  audioCodec?: string;
}

/** An ffmpeg without progress for so long hangs. */
const SILENCE_MS = 60_000;
/** Pieces begin at keyframes, at least this far apart. */
const PIECE_S = 1;
const LARGEST_SIDE = 8192;
/** What players take as it is, in fragmented MP4. */
const KEPT_VIDEO = new Set(['h264', 'hevc', 'av1', 'vp9']);
const KEPT_AUDIO = new Set(['aac']);
const PICTURES = new Set(['png', 'mjpeg', 'webp', 'gif', 'bmp', 'tiff', 'jpeg2000', 'jpegls']);
const INPUT_OPTIONS = ['-protocol_whitelist', 'file'];

/** Throws `refused` when the file is nothing that can be played or shown. */
export async function probeFile(file: string): Promise<MediaFacts> {
  const data = await new Promise<ffmpeg.FfprobeData>((resolve, reject) => {
    ffmpeg.ffprobe(file, INPUT_OPTIONS, (error: Error | null, found) => {
      if (error) reject(notMedia(error));
      else resolve(found);
    });
  });
  const video = data.streams.find(
    ({ codec_type, disposition }) => codec_type === 'video' && !disposition?.['attached_pic'],
  );
  const audio = data.streams.find(({ codec_type }) => codec_type === 'audio');
  const durationMs = Math.round(Number(data.format.duration ?? 0) * 1000) || 0;
  const { width = 0, height = 0 } = video ?? {};
  if (!video && !audio) throw notMedia();
  if (Math.max(width, height) > LARGEST_SIDE)
    throw new Fault('refused', `the picture is larger than ${LARGEST_SIDE} pixels`);
  const codecs = {
    ...(video?.codec_name ? { videoCodec: video.codec_name } : {}),
    ...(audio?.codec_name ? { audioCodec: audio.codec_name } : {}),
  };
  return { kind: kindOf(data, video), durationMs, width, height, ...codecs };
}

function kindOf({ format }: ffmpeg.FfprobeData, video: ffmpeg.FfprobeStream | undefined): MediaFacts['kind'] {
  if (!video) return 'audio';
  const still = /(?:^|,)(?:image2|\w+_pipe)(?:,|$)/.test(format.format_name ?? '');
  return still && PICTURES.has(video.codec_name ?? '') ? 'image' : 'video';
}

function notMedia(cause?: Error): Fault {
  return new Fault('refused', 'the file is not media that this box can read: send a video, audio or an image', {
    cause,
  });
}

/**
 * Turns a file into HLS in the directory: `init-0.mp4` and numbered pieces that begin at keyframes. What players take is
 * copied, the rest becomes H.264 and AAC. Returns the pieces, named below `assetId`. Throws `refused` when ffmpeg can't.
 */
export async function segmentFile(
  file: string,
  facts: MediaFacts,
  target: { dir: string; assetId: string },
  work: { signal: AbortSignal; progress(share: number): void },
): Promise<Piece[]> {
  await runFfmpeg(segmenter(file, facts, target.dir), facts.durationMs, work);
  return piecesOf(await readFile(join(target.dir, 'index.m3u8'), 'utf8'), target.assetId);
}

function segmenter(file: string, facts: MediaFacts, dir: string): ffmpeg.FfmpegCommand {
  const keepsVideo = KEPT_VIDEO.has(facts.videoCodec ?? '');
  const tag = facts.videoCodec === 'hevc' ? ['-tag:v', 'hvc1'] : [];
  const encode = [
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-pix_fmt',
    'yuv420p',
    '-force_key_frames',
    'expr:gte(t,n_forced*2)',
  ];
  const even = ['-vf', 'scale=trunc(iw/2)*2:trunc(ih/2)*2'];
  const video =
    facts.kind === 'audio'
      ? ['-vn']
      : ['-map', '0:V:0', ...(keepsVideo ? ['-c:v', 'copy', ...tag] : [...encode, ...even])];
  const sound = KEPT_AUDIO.has(facts.audioCodec ?? '') ? ['-c:a', 'copy'] : ['-c:a', 'aac', '-b:a', '128k'];
  return ffmpeg({ source: file, niceness: 10 })
    .inputOptions(INPUT_OPTIONS)
    .outputOptions([
      ...video,
      ...(facts.audioCodec ? ['-map', '0:a:0', ...sound] : []),
      ...['-sn', '-dn', '-map_metadata', '-1', '-f', 'hls', '-hls_time', String(PIECE_S), '-hls_list_size', '0'],
      ...['-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', 'init-0.mp4'],
      ...['-hls_segment_filename', join(dir, '%06d.m4s')],
    ])
    .output(join(dir, 'index.m3u8'));
}

function runFfmpeg(
  command: ffmpeg.FfmpegCommand,
  durationMs: number,
  { signal, progress }: { signal: AbortSignal; progress(share: number): void },
): Promise<void> {
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
    command.on('progress', ({ timemark }: { timemark?: string }) => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, SILENCE_MS);
      if (durationMs > 0) progress(Math.min(1, millis(timemark) / durationMs));
    });
    command.on('end', () => finish(resolve));
    command.on('error', (error: Error) => {
      if (signal.aborted) finish(() => reject(signal.reason));
      else
        finish(() =>
          reject(hung ? new Fault('unavailable', 'ffmpeg hung on the file and was ended') : notMedia(error)),
        );
    });
    signal.addEventListener('abort', kill, { once: true });
    command.run();
  });
}

function millis(timemark = ''): number {
  const [hours = 0, minutes = 0, seconds = 0] = timemark.split(':').map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 || 0;
}

/** The playlist that ffmpeg wrote. */
function piecesOf(playlist: string, assetId: string): Piece[] {
  const pieces: Piece[] = [];
  let exactMs = 0;
  for (const [, seconds = '0', name = ''] of playlist.matchAll(/^#EXTINF:([\d.]+),.*\n(?:#.*\n)*([^#\n]+)$/gm)) {
    const startMs = Math.round(exactMs);
    exactMs += Number(seconds) * 1000;
    pieces.push({
      n: pieces.length,
      startMs,
      durationMs: Math.max(1, Math.round(exactMs) - startMs),
      path: `${assetId}/${basename(name)}`,
      bytes: 0,
      initPath: `${assetId}/init-0.mp4`,
      discontinuity: false,
    });
  }
  if (pieces.length === 0) throw notMedia();
  return pieces;
}
