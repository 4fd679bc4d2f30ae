import { text } from 'node:stream/consumers';
import type { CameraFacts } from '#domain';
import { Child, deadline, Fault } from '#runtime';
import { Complaints } from './reason.ts';
import { checkSourceUrl, inputAddress, inputOptions, transportOf } from './source-url.ts';
import { startTool } from './tool.ts';

/** How much of the stream is read to measure the distance of its keyframes. */
const MEASURED_S = 5;
const TIMEOUT_MS = 15_000;

export interface ProbeOptions {
  transport: 'tcp' | 'udp';
  allowFile: boolean;
  signal: AbortSignal;
  timeoutMs?: number;
}

/** The facts and what only this module needs to know. */
export interface Source {
  url: URL;
  facts: CameraFacts;
  /** Pictures are sent in another order than they are shown: a decoder must hold some back. */
  reordered: boolean;
  /** It has an end and can be read faster than it was filmed. */
  finite: boolean;
}

/**
 * Connects once and reads about five seconds: codecs, size, rate and the distance of keyframes. Throws `invalid` for an
 * address that isn't allowed, `unauthorized` for wrong credentials, else `unavailable`, saying what to do.
 */
export async function probeSource(url: string, options: ProbeOptions): Promise<CameraFacts> {
  return (await examine(url, options, true)).facts;
}

/** As `probeSource`; without `measure` it returns as soon as the codecs are known. */
export async function examine(address: string, options: ProbeOptions, measure: boolean): Promise<Source> {
  const url = checkSourceUrl(address, options);
  const transport = transportOf(url, options.transport);
  const complaints = new Complaints(url);
  const output = await runProbe(probeArguments(url, transport, measure), complaints, options);
  const report = parseReport(output, complaints);
  const video = report.streams.find((stream) => stream.codec_type === 'video' && stream.width);
  if (!video) throw complaints.faultOf('unavailable', 'has no video stream');
  return {
    url,
    facts: factsOf(video, report, transport),
    reordered: (video.has_b_frames ?? 0) > 0,
    finite: Number(report.format?.duration) > 0 && (transport === 'file' || transport === 'http'),
  };
}

function probeArguments(url: URL, transport: CameraFacts['transport'], measure: boolean): string[] {
  const streams = 'stream=index,codec_type,codec_name,width,height,avg_frame_rate,has_b_frames,sample_rate,channels';
  const packets = measure ? ':packet=stream_index,pts_time,dts_time,flags' : '';
  return [
    ['-hide_banner', '-loglevel', 'level+error', '-of', 'json=compact=1'],
    [...inputOptions(transport), '-analyzeduration', '1000000', '-probesize', '2000000'],
    ['-show_entries', `${streams}:format=duration${packets}`],
    measure ? ['-read_intervals', `%+${MEASURED_S}`] : [],
    ['-i', inputAddress(url)],
  ].flat();
}

/** Runs ffprobe to its end; a second source of ends is the deadline, for servers that accept and then say nothing. */
async function runProbe(args: string[], complaints: Complaints, options: ProbeOptions): Promise<string> {
  const { signal, timeoutMs = 15_000 } = options;
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(timeoutMs);
  await using child = await startTool('ffprobe', args, ['ignore', 'pipe', 'pipe']);
  const { stdout, stderr } = child.process;
  if (!stdout || !stderr) throw new Fault('internal', 'ffprobe was started without pipes');
  stderr.setEncoding('utf8').on('data', (part: string) => complaints.add(part));
  const stop = () => child.kill('SIGKILL');
  const either = AbortSignal.any([signal, deadline]);
  either.addEventListener('abort', stop, { once: true });
  try {
    const [output, end] = await Promise.all([text(stdout), child.ended]);
    signal.throwIfAborted();
    if (deadline.aborted) throw complaints.faultOf('unavailable', `sent no video within ${timeoutMs / 1000} s`);
    if (end.code !== 0) throw complaints.fault("couldn't be read");
    return output;
  } finally {
    either.removeEventListener('abort', stop);
  }
}

interface Report {
  streams: {
    index: number;
    codec_type?: string;
    codec_name?: string;
    width?: number;
    height?: number;
    avg_frame_rate?: string;
    has_b_frames?: number;
    sample_rate?: string;
    channels?: number;
  }[];
  packets?: { stream_index: number; pts_time?: string; dts_time?: string; flags: string }[];
  format?: { duration?: string };
}

function parseReport(output: string, complaints: Complaints): Report {
  try {
    // ffprobe's JSON has this shape for the entries that probeArguments asks for; all but the indexes is optional.
    const report = JSON.parse(output) as Partial<Report>;
    return { ...report, streams: report.streams ?? [] };
  } catch {
    throw complaints.fault("couldn't be read");
  }
}

function factsOf(video: Report['streams'][number], report: Report, transport: CameraFacts['transport']): CameraFacts {
  const audio = report.streams.find((stream) => stream.codec_type === 'audio' && Number(stream.sample_rate) > 0);
  const interval = keyframeInterval(report.packets?.filter((packet) => packet.stream_index === video.index) ?? []);
  return {
    videoCodec: video.codec_name ?? 'unknown',
    width: video.width ?? 0,
    height: video.height ?? 0,
    fps: ratio(video.avg_frame_rate),
    ...(interval === undefined ? {} : { keyframeIntervalS: interval }),
    ...(audio?.codec_name === undefined
      ? {}
      : { audioCodec: audio.codec_name, audioSampleRate: Number(audio.sample_rate), audioChannels: audio.channels ?? 1 }),
    transport,
  };
}

/** The longest distance between neighbouring keyframes in seconds; undefined when fewer than two were seen. */
function keyframeInterval(packets: NonNullable<Report['packets']>): number | undefined {
  const times = packets
    .filter((packet) => packet.flags.includes('K'))
    .map((packet) => Number(packet.pts_time ?? packet.dts_time))
    .filter((time) => Number.isFinite(time));
  const distances = times.slice(1).map((time, i) => time - (times[i] ?? time));
  return distances.length === 0 ? undefined : Math.round(Math.max(...distances) * 1000) / 1000;
}

/** `30000/1001` → 29.97; 0 when unknown. */
function ratio(text = ''): number {
  const [over = 0, under = 0] = text.split('/').map(Number);
  return under > 0 ? Math.round((over / under) * 100) / 100 : 0;
}
