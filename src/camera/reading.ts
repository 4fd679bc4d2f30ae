import type { IOType } from 'node:child_process';
import { Writable } from 'node:stream';
import { Child, Fault, fitToFfmpeg, installedFfmpeg, type SpawnOptions } from '#runtime';
import type { Complaints } from './reason.ts';
import type { SourceUrl } from './source-url.ts';

/** What ffmpeg needs to run. The rest of the environment, secrets included, stays here. */
const ENVIRONMENT = [
  ...['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH'],
  ...['http_proxy', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
];

/** Of libavformat, in FFmpeg 5.0: lists with options. */
const KNOWS_OPTIONS = 59;
const LISTED = ['-rw_timeout', '-analyzeduration', '-probesize'];

export interface ReadingOptions extends Pick<SpawnOptions, 'cwd' | 'ask' | 'graceMs'> {
  stdio: readonly IOType[];
  /** It is also told when the address never reached ffmpeg. */
  complaints: Complaints;
  /** Somebody else asked for the address, and wasn't answered. */
  onStranger?: () => void;
}

/**
 * Starts ffmpeg or ffprobe on a source; `argumentsWith` is given what to write where its address belongs. No address of
 * a camera goes to a process in another way. Throws `unavailable` when the program can't be started, or nothing can lead
 * it to the source.
 */
export async function startReading(
  program: 'ffmpeg' | 'ffprobe',
  source: SourceUrl,
  argumentsWith: (address: string) => readonly string[],
  { complaints, onStranger = () => undefined, ...options }: ReadingOptions,
): Promise<Child> {
  if (source.isRtmp && (await installedFfmpeg()).library[0] >= KNOWS_OPTIONS)
    return readListed(program, source, argumentsWith, options);
  const handover = await source.handOver(onStranger);
  try {
    const args = await fitToFfmpeg(argumentsWith(handover.address));
    const tied = { ...options, stdio: [...options.stdio], env: environment(), tied: true };
    const child = await Child.start(program, args, tied);
    handover.allow(child.pid);
    void child.ended.then(() => {
      if (!handover.isTaken) complaints.notReached();
      return handover[Symbol.asyncDispose]();
    });
    return child;
  } catch (error) {
    await handover[Symbol.asyncDispose]();
    throw error;
  }
}

/** RTMP: what ffmpeg is given is a pipe with a list of which the source is all. */
async function readListed(
  program: 'ffmpeg' | 'ffprobe',
  source: SourceUrl,
  argumentsWith: (address: string) => readonly string[],
  { stdio, ...options }: Omit<ReadingOptions, 'complaints'>,
): Promise<Child> {
  const args = argumentsWith(`pipe:${stdio.length}`);
  const at = args.indexOf('-i');
  const asList = [...args.slice(0, at), '-f', 'concat', '-safe', '0', '-auto_convert', '0', ...args.slice(at)];
  const tied = { ...options, stdio: [...stdio, 'pipe' as const], env: environment(), tied: true };
  const child = await Child.start(program, await fitToFfmpeg(asList), tied);
  const list = child.process.stdio[stdio.length];
  if (!(list instanceof Writable)) throw new Fault('internal', `${program} was started without its pipes`);
  list.on('error', () => undefined); // It ended before it read; its end tells why.
  const inner = LISTED.flatMap((name) => (args.includes(name) ? [[name, args[args.indexOf(name) + 1] ?? '']] : []));
  list.end(source.listed(Object.fromEntries(inner)));
  return child;
}

/** The way to what leads to the source is never by a proxy. */
function environment(): NodeJS.ProcessEnv {
  const { env } = process;
  const needed = Object.fromEntries(ENVIRONMENT.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  return { ...needed, no_proxy: [env['no_proxy'], '127.0.0.1'].filter(Boolean).join(',') };
}
