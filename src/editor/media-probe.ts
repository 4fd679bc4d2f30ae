import { text } from 'node:stream/consumers';
import { Child, deadline, Fault } from '#runtime';

/** What is known of media before it is rendered. */
export interface MediaProbe {
  picture?: { width: number; height: number; matrix?: string };
  sound?: { channels: number };
  /** How long before its first picture its sound begins, in the media's own time. */
  leadS: number;
}

interface Report {
  streams?: {
    codec_type?: string;
    width?: number;
    height?: number;
    start_time?: string;
    channels?: number;
    color_space?: string;
    sample_aspect_ratio?: string;
  }[];
  format?: { start_time?: string };
}

/** An ffprobe without an answer for so long hangs. */
const TIMEOUT_MS = 30_000;
const FIELDS = 'stream=codec_type,width,height,start_time,channels,color_space:format=start_time';

/** Of an init file and a piece after it, named relative to `dir`. Undefined when it can't be read. */
export async function probeMedia(
  [init, piece]: readonly [string, string],
  dir: string,
  parent: AbortSignal,
): Promise<MediaProbe | undefined> {
  using limit = deadline(parent, TIMEOUT_MS);
  const source = ['-protocol_whitelist', 'file,concat', '-f', 'mov', '-i', `concat:${init}|${piece}`];
  const args = [
    '-n',
    '19',
    'ffprobe',
    '-loglevel',
    'quiet',
    '-of',
    'json=compact=1',
    '-show_entries',
    FIELDS,
    ...source,
  ];
  await using child = await Child.start('nice', args, { stdio: ['ignore', 'pipe', 'ignore'], cwd: dir, graceMs: 500 });
  const { stdout } = child.process;
  if (!stdout) throw new Fault('internal', 'ffprobe was started without a pipe');
  child.killOn(limit.signal);
  const output = await text(stdout);
  const { code } = await child.ended;
  parent.throwIfAborted();
  return code === 0 ? probeOf(JSON.parse(output)) : undefined;
}

function probeOf({ streams = [], format }: Report): MediaProbe | undefined {
  const video = streams.find(({ codec_type }) => codec_type === 'video');
  const audio = streams.find(({ codec_type }) => codec_type === 'audio');
  if (!video && !audio) return undefined;
  const startS = Number(format?.start_time ?? 0) || 0;
  const { width = 0, height = 0, color_space: matrix } = video ?? {};
  return {
    ...(width > 0 && height > 0
      ? { picture: { width, height, ...(matrix && matrix !== 'unknown' ? { matrix } : {}) } }
      : {}),
    ...(audio ? { sound: { channels: audio.channels ?? 1 } } : {}),
    leadS: Math.max(0, (Number(video?.start_time ?? startS) || startS) - startS),
  };
}
