import { Fault } from './errors.ts';
import { feed } from './process.ts';

/** An ffmpeg that doesn't say its version in that time hangs. */
const ANSWER_MS = 20_000;
/** FFmpeg's own name for a release may be anything; the versions of its libraries grow with every change. */
type LibraryVersion = readonly [major: number, minor: number];
/** Of FFmpeg 4.4, which Ubuntu 22.04 and JetPack 6 have. */
const OLDEST: LibraryVersion = [58, 76];
/** Of FFmpeg 5.0 and 5.1. */
const V5_0: LibraryVersion = [59, 0];
const V5_1: LibraryVersion = [59, 27];

const CALLED_BEFORE_5_1: Readonly<Record<string, string>> = {
  '-fps_mode': '-vsync',
  '-hls_segment_options': '-hls_ts_options',
};
/** There `-timeout` waits for a camera to call. */
const CALLED_BEFORE_5_0: Readonly<Record<string, string>> = { '-timeout': '-stimeout' };

/** The ffmpeg of this box. */
export interface InstalledFfmpeg {
  /** As it calls itself: `4.4.2-0ubuntu0.22.04.1`. */
  name: string;
  /** Of libavformat. */
  library: LibraryVersion;
}

let installed: Promise<InstalledFfmpeg> | undefined;

/** Asked once; throws `unavailable` when there is none, when it hangs, and when it is older than 4.4. */
export async function installedFfmpeg(): Promise<InstalledFfmpeg> {
  installed ??= ask();
  try {
    return await installed;
  } catch (error) {
    installed = undefined; // It may be installed, or upgraded, meanwhile.
    throw error;
  }
}

/**
 * Arguments of ffmpeg or ffprobe, written for 5.1 and newer, as the one of this box takes them. Throws as
 * `installedFfmpeg` does.
 */
export async function fitToFfmpeg(args: readonly string[]): Promise<string[]> {
  return fitted(args, (await installedFfmpeg()).library);
}

async function ask(): Promise<InstalledFfmpeg> {
  const { output, code } = await feed('ffmpeg', ['-version'], Buffer.alloc(0), AbortSignal.timeout(ANSWER_MS));
  if (code === null)
    throw new Fault('unavailable', 'ffmpeg does not even tell its version in time: is the box overloaded?');
  return parseVersion(output.toString());
}

/** What `ffmpeg -version` prints. Throws `unavailable` when it is too old, or no ffmpeg. */
export function parseVersion(printed: string): InstalledFfmpeg {
  const name = /^ffmpeg version (\S+)/m.exec(printed)?.[1];
  const [, major, minor] = /^libavformat +\d+\. *\d+\. *\d+ *\/ *(\d+)\. *(\d+)\./m.exec(printed) ?? [];
  if (name === undefined || major === undefined || minor === undefined) {
    throw new Fault('unavailable', 'the program ffmpeg on the PATH is not FFmpeg, or is broken: run `ffmpeg -version`');
  }
  const library: LibraryVersion = [Number(major), Number(minor)];
  if (isBefore(library, OLDEST)) {
    throw new Fault('unavailable', `ffmpeg ${name} is too old: install 4.4 or newer`);
  }
  return { name, library };
}

/** What of the arguments is called otherwise, or isn't known, in an older one. */
export function fitted(args: readonly string[], library: LibraryVersion): string[] {
  if (!isBefore(library, V5_1)) return [...args];
  const isRtsp = isBefore(library, V5_0) && args.includes('-rtsp_transport');
  const names = isRtsp ? { ...CALLED_BEFORE_5_1, ...CALLED_BEFORE_5_0 } : CALLED_BEFORE_5_1;
  return args.map((arg) => names[arg] ?? arg.replaceAll(/(alimiter=[^,;[]*):latency=1/g, '$1'));
}

function isBefore([major, minor]: LibraryVersion, than: LibraryVersion): boolean {
  return major < than[0] || (major === than[0] && minor < than[1]);
}
