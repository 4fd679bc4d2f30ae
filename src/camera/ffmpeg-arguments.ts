import { frameSize, type SamplingPlan } from './plan.ts';
import type { Source } from './probe.ts';
import { inputOptions } from './source-url.ts';

/** File descriptors of the pipes beside stdin and stderr. */
export const FRAMES_FD = 3;
export const PCM_FD = 4;
export const TIMES_FD = 5;

/** What the segments are called while ffmpeg writes them, in the directory it runs in. */
export const INIT_NAME = 'init.mp4';
export const OPEN_SEGMENT = /^(\d+)\.m4s$/;

/** More than any camera sends in a second. */
const PROBE_BYTES_PER_S = 2_000_000;

/** Intra-only cameras send every frame as a keyframe; nobody needs that many. */
const SHORTEST_KEYFRAMES_MS = 500;

export interface Recipe {
  source: Source;
  plan: SamplingPlan;
  segmentSeconds: number;
  withAudio: boolean;
  /** False: it only gives frames, while another run records. */
  records: boolean;
}

/** Codecs that fMP4 carries as they are. Anything else is transcoded to H.264, which costs a good part of a core. */
export function needsTranscoding({ facts: { videoCodec } }: Source): boolean {
  return videoCodec !== undefined && !['h264', 'hevc', 'av1'].includes(videoCodec);
}

/** Nothing but its sound is recorded. */
export function isSoundOnly({ facts }: Source): boolean {
  return facts.videoCodec === undefined;
}

/**
 * One ffmpeg, up to three outputs of one input: HLS fMP4 segments into the working directory, raw RGB frames on a pipe with
 * their times and scene scores on another, 16 kHz mono PCM on a fourth. All three count time from the input's start. It looks at the input's beginning for at
 * most `beginningS`.
 */
export function ffmpegArguments(recipe: Recipe, beginningS: number, address: string): string[] {
  const { source, plan, withAudio, records } = recipe;
  const onlyKeyframes = plan.mode === 'keyframes' && !needsTranscoding(source);
  return [
    ['-hide_banner', '-nostats', '-loglevel', 'level+warning'],
    inputOptions(source.facts.transport),
    ['-analyzeduration', String(beginningS * 1e6), '-probesize', String(beginningS * PROBE_BYTES_PER_S)],
    // Only who waits for a keyframe must not also count pictures, of which it decodes few.
    beginningS > 1 && !needsTranscoding(source) ? ['-fpsprobesize', '0'] : [],
    ['-fflags', '+genpts'],
    source.finite ? ['-re'] : [],
    onlyKeyframes ? ['-skip_frame:v', 'nokey', '-flags:v', 'low_delay'] : [],
    [...(isSoundOnly(source) ? [] : ['-threads:v', '1']), '-i', address],
    records ? recordingOutput(recipe) : [],
    plan.mode === 'none' ? [] : framesOutput(source, plan),
    withAudio ? pcmOutput() : [],
  ].flat();
}

function recordingOutput({ source, segmentSeconds, withAudio }: Recipe): string[] {
  return [
    isSoundOnly(source) ? [] : pictureOptions(source),
    withAudio ? soundOptions(source) : [],
    ['-f', 'hls', '-hls_time', String(segmentSeconds), '-hls_segment_type', 'fmp4', '-hls_flags', 'temp_file'],
    // Each segment carries its time on the input's clock, not on its own track's: sound and picture stay together.
    ['-hls_segment_options', 'movflags=+frag_discont'],
    ['-hls_list_size', '5', '-hls_fmp4_init_filename', INIT_NAME, '-hls_segment_filename', '%d.m4s', 'live.m3u8'],
  ].flat();
}

function pictureOptions(source: Source): string[] {
  const { videoCodec, fps } = source.facts;
  const keyframeEvery = String(Math.max(1, Math.round((fps || 10) * 2)));
  const transcode = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-g', keyframeEvery];
  const video = needsTranscoding(source) ? transcode : ['-c:v', 'copy'];
  return ['-map', '0:V:0', ...video, ...(videoCodec === 'hevc' ? ['-tag:v', 'hvc1'] : [])];
}

/** FFmpeg 7.1 would copy the AAC of RTSP from its first keyframe on, and marks none. */
export const COPY_AAC: readonly string[] = ['-c:a', 'copy', '-copyinkf:a', '-bsf:a', 'aac_adtstoasc'];

/** AAC, which all players take: as it is sent, or made of what is sent. Where there is nothing else, it is worth more bits. */
function soundOptions(source: Source): string[] {
  const make = ['-c:a', 'aac', '-b:a', isSoundOnly(source) ? '96k' : '64k'];
  const sound = source.facts.audioCodec === 'aac' ? COPY_AAC : make;
  return ['-map', '0:a:0', ...sound];
}

function framesOutput(source: Source, plan: SamplingPlan): string[] {
  const { width, height } = frameSize(source.facts, plan.fine);
  const tooMany =
    plan.mode === 'keyframes' && (needsTranscoding(source) || (source.facts.keyframeIntervalS ?? 1) < 0.5);
  const everyMs = plan.mode === 'decode' ? plan.everyMs : tooMany ? SHORTEST_KEYFRAMES_MS : undefined;
  const filters = [
    ...(everyMs === undefined ? [] : [thinOut(everyMs / 1000)]),
    `scale=${width}:${height}`,
    'settb=1/1000',
    "select='gte(scene,0)'", // Keeps every frame, and computes its scene score.
    `metadata=mode=print:file=pipe\\\\:${TIMES_FD}:direct=1`,
  ].join(',');
  return [
    ['-map', '0:V:0', '-vf', filters, '-fps_mode', 'passthrough'],
    ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-threads', '1', '-flush_packets', '1', `pipe:${FRAMES_FD}`],
  ].flat();
}

/** Keeps the first frame of every stretch with its own time (the filter `fps` would round it). */
function thinOut(seconds: number): string {
  return `select='isnan(prev_selected_t)+gte(t-prev_selected_t,${seconds - 0.01})'`;
}

/** Padded and trimmed so that sample n is at n ÷ 16 kHz on the common clock, whatever the camera leaves out. */
function pcmOutput(): string[] {
  return [
    '-map',
    '0:a:0',
    '-af',
    'aresample=async=1:first_pts=0',
    '-ac',
    '1',
    '-ar',
    '16000',
    '-f',
    's16le',
    `pipe:${PCM_FD}`,
  ];
}
