import { Child, fitToFfmpeg, type SpawnOptions } from '#runtime';
import type { Complaints } from './reason.ts';
import type { SourceUrl } from './source-url.ts';

/** What ffmpeg needs to run. The rest of the environment, secrets included, stays here. */
const ENVIRONMENT = [
  ...['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH'],
  ...['http_proxy', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
];

export interface ReadingOptions extends Pick<SpawnOptions, 'stdio' | 'cwd' | 'ask' | 'graceMs'> {
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
  const handover = await source.handOver(onStranger);
  try {
    const args = await fitToFfmpeg(argumentsWith(handover.address));
    const child = await Child.start(program, args, { ...options, env: environment(), tied: true });
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

/** The way to what leads to the source is never by a proxy. */
function environment(): NodeJS.ProcessEnv {
  const { env } = process;
  const needed = Object.fromEntries(ENVIRONMENT.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  return { ...needed, no_proxy: [env['no_proxy'], '127.0.0.1'].filter(Boolean).join(',') };
}
