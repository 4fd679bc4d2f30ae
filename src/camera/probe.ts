import { text } from 'node:stream/consumers';
import type { CameraFacts } from '#domain';
import { deadline, Fault } from '#runtime';
import { startReading } from './reading.ts';
import { Complaints } from './reason.ts';
import { checkSourceUrl, inputOptions, type SourceUrl, transportOf } from './source-url.ts';

/** How much of the stream is read to measure the distance of its keyframes. */
const MEASURED_S = 5;
const TIMEOUT_MS = 15_000;
/** Who comes in mid-course may know nothing of the picture before the next keyframe. */
const BEGINNING_S = { usual: 1, longest: 12 };

const NOTHING = 'has neither picture nor sound that can be read: correct the path in url';

export interface ProbeOptions {
  transport: 'tcp' | 'udp';
  allowFile: boolean;
  signal: AbortSignal;
  timeoutMs?: number;
}

/** The facts and what only this module needs to know. */
export interface Source {
  url: SourceUrl;
  facts: CameraFacts;
  /** Pictures are sent in another order than they are shown: a decoder must hold some back. */
  reordered: boolean;
  /** It has an end and can be read faster than it was filmed. */
  finite: boolean;
  /** Whether it has pictures or not: nobody wants them. */
  withoutPictures?: true;
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
  const reportOf = async (beginningS: number) => {
    const argumentsWith = (from: string) => [...probeArguments(transport, measure, beginningS), '-i', from];
    const output = await runProbe(url, argumentsWith, complaints, options);
    const report = parseReport(output, complaints);
    const pictures = report.streams.filter(isPicture);
    return { report, video: pictures.find(({ width }) => width), unclear: pictures.length > 0 };
  };
  const quick = await reportOf(BEGINNING_S.usual);
  const { report, video, unclear } = quick.unclear && !quick.video ? await reportOf(BEGINNING_S.longest) : quick;
  if (!video && unclear) throw complaints.faultOf('unavailable', 'sends a picture of unknown size: no keyframe came');
  const audio = report.streams.find((stream) => stream.codec_type === 'audio' && Number(stream.sample_rate) > 0);
  if (!video && !audio) throw complaints.faultOf('unavailable', NOTHING);
  return {
    url,
    facts: factsOf({ video, audio }, report, transport),
    reordered: (video?.has_b_frames ?? 0) > 0,
    finite: Number(report.format?.duration) > 0 && (transport === 'file' || transport === 'http'),
  };
}

/** What is recorded of a source of which only the sound is wanted. Throws `unavailable` when it has none. */
export function onlySound(source: Source): Source {
  const { audioCodec, audioSampleRate, audioChannels, transport } = source.facts;
  if (audioCodec === undefined) {
    throw new Fault('unavailable', 'the source has no sound, and "media_types" asks for sound only');
  }
  const sound = {
    audioCodec,
    ...(audioSampleRate === undefined ? {} : { audioSampleRate }),
    ...(audioChannels === undefined ? {} : { audioChannels }),
  };
  return {
    ...source,
    facts: { width: 0, height: 0, fps: 0, ...sound, transport },
    reordered: false,
    withoutPictures: true,
  };
}

/** The source with the sound that it has now. Throws as `examine` does. */
export async function examineSound(known: Source, address: string, options: ProbeOptions): Promise<Source> {
  const { audioCodec, audioSampleRate, audioChannels } = (await examine(address, options, false)).facts;
  const sound = {
    ...(audioCodec === undefined ? {} : { audioCodec }),
    ...(audioSampleRate === undefined ? {} : { audioSampleRate }),
    ...(audioChannels === undefined ? {} : { audioChannels }),
  };
  return { ...known, facts: { ...known.facts, ...sound } };
}

function probeArguments(transport: CameraFacts['transport'], measure: boolean, beginningS: number): string[] {
  const packets = measure ? ':packet=stream_index,pts_time,dts_time,flags,size' : '';
  const fields = 'index,codec_type,codec_name,width,height,avg_frame_rate,has_b_frames,sample_rate,channels';
  const cover = 'stream_disposition=attached_pic';
  return [
    ['-hide_banner', '-loglevel', 'level+error', '-of', 'json=compact=1'],
    [...inputOptions(transport), '-analyzeduration', String(beginningS * 1e6)],
    ['-probesize', String(beginningS * 2_000_000)],
    ['-show_entries', `stream=${fields}:${cover}:format=duration${packets}`],
    measure ? ['-read_intervals', `%+${MEASURED_S}`] : [],
  ].flat();
}

interface Report {
  streams: ReportedStream[];
  packets: { stream_index?: number; pts_time?: string; dts_time?: string; flags?: string; size?: string }[];
  format?: { duration?: string };
}

interface ReportedStream {
  index?: number;
  codec_type?: string;
  codec_name?: string;
  width?: number;
  height?: number;
  avg_frame_rate?: string;
  has_b_frames?: number;
  sample_rate?: string;
  channels?: number;
  disposition?: { attached_pic?: number };
}

/** A cover in a file of music is none. */
function isPicture({ codec_type: type, disposition }: ReportedStream): boolean {
  return type === 'video' && disposition?.attached_pic !== 1;
}

async function runProbe(
  url: SourceUrl,
  argumentsWith: (address: string) => string[],
  complaints: Complaints,
  options: ProbeOptions,
): Promise<string> {
  using limit = deadline(options.signal, options.timeoutMs ?? TIMEOUT_MS);
  const { signal } = limit;
  await using child = await startReading('ffprobe', url, argumentsWith, {
    stdio: ['ignore', 'pipe', 'pipe'],
    graceMs: 500,
    complaints,
  });
  const { stdout, stderr } = child.process;
  if (!stdout || !stderr) throw new Fault('internal', 'ffprobe was started without pipes');
  stderr.setEncoding('utf8').on('data', (lines: string) => complaints.add(lines));
  child.killOn(signal);
  const output = await text(stdout);
  const { code } = await child.ended;
  options.signal.throwIfAborted();
  if (signal.aborted) throw complaints.faultOf('unavailable', 'sent nothing in time: check its power and network');
  if (code !== 0) throw complaints.fault("can't be read");
  return output;
}

function parseReport(output: string, complaints: Complaints): Report {
  try {
    // ffprobe's own JSON; every field is optional and checked where it is used.
    const { streams = [], packets = [], format = {} } = JSON.parse(output) as Partial<Report>;
    return { streams, packets, format };
  } catch {
    throw complaints.fault('gave a report that makes no sense');
  }
}

function factsOf(
  { video, audio }: Record<'video' | 'audio', ReportedStream | undefined>,
  report: Report,
  transport: CameraFacts['transport'],
): CameraFacts {
  const interval = video && keyframeInterval(report.packets.filter((packet) => packet.stream_index === video.index));
  return {
    ...(video ? { videoCodec: video.codec_name ?? 'unknown' } : {}),
    width: video?.width ?? 0,
    height: video?.height ?? 0,
    fps: fraction(video?.avg_frame_rate),
    ...(interval === undefined ? {} : { keyframeIntervalS: interval }),
    ...bitrate(report.packets),
    ...(audio?.codec_name ? { audioCodec: audio.codec_name } : {}),
    ...(audio?.sample_rate ? { audioSampleRate: Number(audio.sample_rate) } : {}),
    ...(audio?.channels ? { audioChannels: audio.channels } : {}),
    transport,
  };
}

/** The longest distance seen between two keyframes, in seconds; undefined when fewer than two came. */
function keyframeInterval(packets: Report['packets']): number | undefined {
  const times = packets
    .filter(({ flags }) => flags?.startsWith('K'))
    .map((packet) => Number(packet.pts_time ?? packet.dts_time ?? 0)); // RTSP's first packet has no time: it is 0.
  const gaps = times.slice(1).map((seconds, i) => seconds - (times[i] ?? seconds));
  return gaps.length > 0 ? Math.round(Math.max(...gaps) * 1000) / 1000 : undefined;
}

/** Of pictures and sound together; of a stretch of less than a second nothing is said. */
function bitrate(packets: Report['packets']): Pick<CameraFacts, 'bitsPerSecond'> {
  const times = packets.map((packet) => Number(packet.pts_time ?? packet.dts_time ?? 0));
  const seconds = Math.max(...times) - Math.min(...times);
  const bytes = packets.reduce((sum, { size }) => sum + Number(size ?? 0), 0);
  return seconds >= 1 && bytes > 0 ? { bitsPerSecond: Math.round((bytes * 8) / seconds) } : {};
}

function fraction(text = ''): number {
  const [over, under = 1] = text.split('/').map(Number);
  const value = Number(over) / Number(under);
  return Number.isFinite(value) ? Math.round(value * 1000) / 1000 : 0;
}
