import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { noRoom } from '#assets';
import { Child, Fault, fitToFfmpeg, type Log, RecentLines } from '#runtime';
import type { Graph } from './graph.ts';

/** An ffmpeg without a new frame for so long hangs: at the lowest priority of a busy box, the first may take minutes. */
const SILENCE_MS = 300_000;
/** Pieces begin at keyframes, so far apart. */
const PIECE_S = 2;
const QUALITY = 21;
/** By so many frames pictures are decoded before they are shown: with them, times of stretches follow on each other. */
const REORDERED = 2;
/** Lines of ffmpeg's that are kept for the log. */
const COMPLAINTS = 20;
/** What would take more memory fails by itself, before it takes that of the recorder. */
const MOST_MEMORY = 2 * 1024 ** 3;
/** Behind `nice`. */
const MODESTLY = ['-n', '19', 'ionice', '-c', '3', 'prlimit', `--data=${MOST_MEMORY}`];

export interface Encoding {
  graph: Graph;
  fps: number;
  quality?: number | undefined;
  /** Where it begins on the clock of all that comes out. */
  fromMs: number;
  /** The folder of what is read; what comes out is named relative to it. */
  cwd: string;
  playlist: string;
  /** The number of the first piece. */
  firstPiece: number;
}

export interface EncodingWork {
  signal: AbortSignal;
  log: Log;
  onFrame: (frame: number) => void;
  silenceMs?: number;
}

/**
 * Runs one ffmpeg at the lowest priority, with a core to spare. `onFrame` is told how many frames are done. Throws
 * `refused` when ffmpeg can't, `unavailable` when it hangs.
 */
export async function encode(
  encoding: Encoding,
  { signal, log, onFrame, silenceMs = SILENCE_MS }: EncodingWork,
): Promise<void> {
  const args = await fitToFfmpeg(argumentsOf(encoding));
  await using child = await Child.start('nice', [...MODESTLY, 'ffmpeg', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: encoding.cwd,
    graceMs: 500,
    tied: true,
  });
  const { stdout, stderr } = child.process;
  if (!stdout || !stderr) throw new Fault('internal', 'ffmpeg was started without its pipes');
  child.killOn(signal);
  using watch = new Watchdog(child, silenceMs);
  let reached = 0;
  createInterface({ input: stdout }).on('line', (line) => {
    const frame = Number(/^frame=\s*(\d+)/.exec(line)?.[1] ?? 0);
    if (frame <= reached) return;
    reached = frame;
    watch.feed();
    onFrame(frame);
  });
  const complaints = new RecentLines(COMPLAINTS);
  createInterface({ input: stderr }).on('line', (line) => complaints.add(line));
  const { code } = await child.ended;
  const { hung } = watch;
  signal.throwIfAborted();
  if (code === 0) return;
  log.warn({ code, hung, said: complaints.list() }, 'a render failed');
  throw faultOf(complaints.list().join('\n'), hung);
}

/** Ends ffmpeg when it is silent for too long. */
class Watchdog implements Disposable {
  hung = false;
  readonly #timer: NodeJS.Timeout;

  constructor(child: Child, silenceMs: number) {
    this.#timer = setTimeout(() => {
      this.hung = true;
      child.kill('SIGKILL');
    }, silenceMs);
  }

  feed(): void {
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** Of ffmpeg alone. */
export function argumentsOf({ graph, fps, quality = QUALITY, fromMs, playlist, firstPiece }: Encoding): string[] {
  const { inputs, filters, hasSound } = graph;
  const threads = String(Math.max(1, availableParallelism() - 1));
  return [
    ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error', '-progress', 'pipe:1', '-y'],
    ['-filter_complex_threads', threads],
    inputs.flat(),
    ['-filter_complex', filters, '-map', '[video]', ...(hasSound ? ['-map', '[audio]'] : [])],
    ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', String(quality), '-profile:v', 'high', '-threads', threads],
    ['-force_key_frames', `expr:gte(t,n_forced*${PIECE_S})`, '-r', String(fps)],
    ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'],
    ['-c:a', 'aac', '-b:a', '160k', '-map_metadata', '-1', '-f', 'hls', '-hls_time', String(PIECE_S)],
    ['-output_ts_offset', String(fromMs / 1000 + REORDERED / fps), '-hls_segment_options', 'movflags=+frag_discont'],
    ['-hls_list_size', '0', '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4'],
    ['-hls_fmp4_init_filename', 'init-0.mp4', '-start_number', String(firstPiece)],
    ['-hls_segment_filename', '../%06d.m4s', `../${playlist}`],
  ].flat();
}

function faultOf(said: string, hung: boolean): Fault {
  if (hung) return new Fault('unavailable', 'ffmpeg hung while it rendered and was ended: try again');
  if (said.includes('No space left on device')) return noRoom();
  if (said.includes('Cannot allocate memory')) {
    return new Fault('refused', 'it takes too much memory: use a smaller resolution, or fewer clips at once');
  }
  return new Fault('refused', 'ffmpeg could not render it: one of its assets may be damaged (the log says more)');
}
