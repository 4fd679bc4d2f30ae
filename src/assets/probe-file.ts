import { text } from 'node:stream/consumers';
import { Child, deadline, Fault } from '#runtime';

/** What ffprobe says of a file. */
export interface MediaFacts {
  kind: 'video' | 'audio' | 'image';
  durationMs: number;
  /** As it is shown: turned upright. */
  width: number;
  height: number;
  /** Players have to turn it. */
  turned: boolean;
  videoCodec?: string;
  audioCodec?: string;
}

/** An ffprobe without an answer for so long hangs. */
const TIMEOUT_MS = 30_000;
const LARGEST_SIDE = 8192;
/** Codecs of still pictures, and how browsers name their files. */
const PICTURES: Readonly<Record<string, string>> = {
  png: 'png',
  mjpeg: 'jpg',
  webp: 'webp',
  gif: 'gif',
  bmp: 'bmp',
  tiff: 'tiff',
  jpeg2000: 'jp2',
};
/** No playlists among them: those name other files, and ffmpeg would read what they name. */
const FORMATS = [
  ['mov', 'matroska', 'avi', 'mpegts', 'mpeg', 'flv', 'asf', 'ogg'],
  ['wav', 'w64', 'mp3', 'aac', 'ac3', 'eac3', 'flac', 'amr', 'aiff', 'caf', 'au'],
  ['gif', 'apng', 'png_pipe', 'jpeg_pipe', 'webp_pipe', 'bmp_pipe', 'tiff_pipe', 'j2k_pipe'],
].flat();

/** How ffmpeg reads what was sent from outside: this file and no other, and no picture that takes gigabytes. */
export const INPUT_OPTIONS: readonly string[] = [
  ...['-protocol_whitelist', 'file', '-format_whitelist', FORMATS.join(',')],
  ...['-max_pixels', String(LARGEST_SIDE * LARGEST_SIDE)],
];

interface Report {
  streams: ReportedStream[];
  format: { format_name?: string; duration?: string };
}

interface ReportedStream {
  codec_type?: string;
  codec_name?: string;
  width?: number;
  height?: number;
  disposition?: { attached_pic?: number };
  side_data_list?: { rotation?: number }[];
}

/** Throws `refused` when the file is nothing that can be played or shown, `unavailable` when ffprobe hangs on it. */
export async function probeFile(file: string, signal: AbortSignal): Promise<MediaFacts> {
  const { streams, format } = await runProbe(file, signal);
  const video = streams.find((stream) => stream.codec_type === 'video' && !stream.disposition?.attached_pic);
  const audio = streams.find(({ codec_type }) => codec_type === 'audio');
  if (!video && !audio) throw notMedia();
  const [width, height] = video ? sizeOf(video) : [0, 0];
  return {
    kind: kindOf(format.format_name ?? '', video),
    durationMs: Math.round(Number(format.duration ?? 0) * 1000) || 0,
    width,
    height,
    turned: video !== undefined && rotationOf(video) !== 0,
    ...(video?.codec_name ? { videoCodec: video.codec_name } : {}),
    ...(audio?.codec_name ? { audioCodec: audio.codec_name } : {}),
  };
}

async function runProbe(file: string, parent: AbortSignal): Promise<Report> {
  using limit = deadline(parent, TIMEOUT_MS);
  const fields = 'stream=codec_type,codec_name,width,height:stream_disposition=attached_pic:stream_side_data_list';
  const report = ['-of', 'json=compact=1', '-show_entries', `${fields}:format=format_name,duration`];
  const args = ['-n', '10', 'ffprobe', '-loglevel', 'quiet', ...INPUT_OPTIONS, ...report, '-i', file];
  await using child = await Child.start('nice', args, { stdio: ['ignore', 'pipe', 'ignore'], graceMs: 500 });
  const { stdout } = child.process;
  if (!stdout) throw new Fault('internal', 'ffprobe was started without a pipe');
  child.killOn(limit.signal);
  const output = await text(stdout);
  const { code } = await child.ended;
  parent.throwIfAborted();
  if (limit.signal.aborted) throw new Fault('unavailable', 'ffprobe hung on the file and was ended');
  if (code !== 0) throw notMedia();
  return parsed(output);
}

function parsed(output: string): Report {
  try {
    // ffprobe's own JSON; every field is optional and checked where it is used.
    const { streams = [], format = {} } = JSON.parse(output) as Partial<Report>;
    return { streams, format };
  } catch (error) {
    throw notMedia(error);
  }
}

/** Of a picture that is too large to be decoded ffprobe tells no size. */
function sizeOf(video: ReportedStream): [width: number, height: number] {
  const { width = 0, height = 0 } = video;
  if (width <= 0 || height <= 0 || Math.max(width, height) > LARGEST_SIDE) {
    throw new Fault('refused', `the picture can not be read, or has a side of more than ${LARGEST_SIDE} pixels`);
  }
  return Math.abs(rotationOf(video)) % 180 === 90 ? [height, width] : [width, height];
}

function rotationOf({ side_data_list: sideData = [] }: ReportedStream): number {
  return sideData.find(({ rotation }) => rotation !== undefined)?.rotation ?? 0;
}

function kindOf(format: string, video: ReportedStream | undefined): MediaFacts['kind'] {
  if (!video) return 'audio';
  return /_pipe$/.test(format) && PICTURES[video.codec_name ?? ''] !== undefined ? 'image' : 'video';
}

/** By what is in it: what its sender called it may be nothing, or wrong. */
export function imageEnding({ videoCodec = '' }: MediaFacts): string {
  return PICTURES[videoCodec] ?? 'img';
}

export function notMedia(cause?: unknown): Fault {
  return new Fault('refused', 'the file is not media that this box can read: send a video, audio or an image', {
    cause,
  });
}
