import { readFile, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { type AssetDeps, noRoom, writtenPieces } from '#assets';
import { codecsOf } from '#camera';
import type { Piece } from '#domain';
import { Child, Fault, RecentLines } from '#runtime';
import type { Composition } from './composition.ts';
import { type Graph, graphOf } from './graph.ts';
import { framesOf } from './graph-time.ts';
import { openSources } from './inputs.ts';

/** An ffmpeg without a new frame for so long hangs. */
const SILENCE_MS = 60_000;
/** Pieces begin at keyframes, so far apart. */
const PIECE_S = 2;
const QUALITY = 21;
/** Lines of ffmpeg's that are kept for the log. */
const COMPLAINTS = 20;

/** What was drawn: the pieces in the folder, and what is to be said of them. */
export interface Rendered {
  pieces: Piece[];
  codecs?: string;
}

export interface RenderWork extends Pick<AssetDeps, 'store' | 'assetsDir' | 'log'> {
  /** Where to; paths of pieces begin with `assetId`. */
  into: { dir: string; assetId: string };
  signal: AbortSignal;
  /** 0–100 */
  progress: (percentage: number) => void;
}

/**
 * Draws a composition into a folder, as HLS: one ffmpeg with one filter graph, at the lowest priority and with a core to
 * spare. Throws `refused` with a reason that a person can act on, `unavailable` when ffmpeg hangs.
 */
export async function render(composition: Composition, work: RenderWork): Promise<Rendered> {
  const { into, signal } = work;
  const inputsDir = join(into.dir, 'inputs');
  try {
    const sources = await openSources(composition, work, inputsDir, signal);
    await runFfmpeg(composition, graphOf(composition, sources), inputsDir, work);
  } finally {
    await rm(inputsDir, { recursive: true, force: true });
  }
  const pieces = await writtenPieces(into.dir, into.assetId);
  if (pieces.length === 0) throw new Fault('refused', 'nothing came out: the timeline is shorter than a frame');
  const codecs = codecsOf(await readFile(join(into.dir, 'init-0.mp4')));
  return { pieces, ...(codecs === undefined ? {} : { codecs }) };
}

async function runFfmpeg(composition: Composition, graph: Graph, inputsDir: string, work: RenderWork): Promise<void> {
  const { signal, progress } = work;
  signal.throwIfAborted();
  const args = ['-n', '19', 'ionice', '-c', '3', 'ffmpeg', ...argumentsOf(composition, graph)];
  await using child = await Child.start('nice', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: inputsDir,
    graceMs: 500,
  });
  const { stdout, stderr } = child.process;
  if (!(stdout instanceof Readable) || !(stderr instanceof Readable)) {
    throw new Fault('internal', 'ffmpeg was started without its pipes');
  }
  let hung = false;
  const giveUp = () => {
    hung = true;
    child.kill('SIGKILL');
  };
  const stop = () => child.kill('SIGKILL');
  let timer = setTimeout(giveUp, SILENCE_MS);
  signal.addEventListener('abort', stop, { once: true });
  const frames = Math.max(1, framesOf(composition.durationMs, composition.fps));
  let reached = -1;
  createInterface({ input: stdout }).on('line', (line) => {
    const frame = Number(/^frame=\s*(\d+)/.exec(line)?.[1] ?? -1);
    if (frame <= reached) return;
    reached = frame;
    clearTimeout(timer);
    timer = setTimeout(giveUp, SILENCE_MS);
    progress(Math.min(99, (frame / frames) * 99));
  });
  const complaints = new RecentLines(COMPLAINTS);
  createInterface({ input: stderr }).on('line', (line) => complaints.add(line));
  const { code } = await child.ended;
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (code === 0) return;
  const said = complaints.list();
  work.log.warn({ code, hung, said }, 'a render failed');
  throw faultOf(said.join('\n'), hung);
}

function argumentsOf({ fps, quality = QUALITY }: Composition, { inputs, filters, hasSound }: Graph): string[] {
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
    ['-hls_list_size', '0', '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4'],
    ['-hls_fmp4_init_filename', 'init-0.mp4', '-hls_segment_filename', '../%06d.m4s', '../index.m3u8'],
  ].flat();
}

function faultOf(said: string, hung: boolean): Fault {
  if (hung) return new Fault('unavailable', 'ffmpeg hung while it rendered and was ended: try again');
  if (said.includes('No space left on device')) return noRoom();
  return new Fault('refused', 'ffmpeg could not render it: one of its assets may be damaged (the log says more)');
}
