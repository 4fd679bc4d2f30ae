import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AssetDeps, playlistOf, writtenPieces } from '#assets';
import { codecsOf } from '#camera';
import type { Piece } from '#domain';
import { Fault } from '#runtime';
import type { Composition } from './composition.ts';
import { encode } from './encoder.ts';
import { graphOf } from './graph.ts';
import { framesOf } from './graph-time.ts';
import { type Window, windowsOf } from './graph-windows.ts';
import { openSources } from './inputs.ts';

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
 * Draws a composition into a folder, as HLS: one ffmpeg with one filter graph, or several one after the other where there
 * are too many clips for one. Throws `refused` with a reason that a person can act on, `unavailable` when ffmpeg hangs.
 */
export async function render(composition: Composition, work: RenderWork): Promise<Rendered> {
  const { dir } = work.into;
  const pieces: Piece[] = [];
  for (const [n, window] of windowsOf(composition).entries()) {
    const drawn = await drawWindow(window, n, pieces.length, composition, work);
    pieces.push(
      ...drawn.map((piece, i) => ({
        ...piece,
        n: pieces.length + i,
        startMs: Math.round(window.fromMs) + piece.startMs,
        discontinuity: n > 0 && i === 0,
      })),
    );
  }
  if (pieces.length === 0) throw new Fault('refused', 'nothing came out: the timeline is shorter than a frame');
  await writeFile(join(dir, 'index.m3u8'), playlistOf(pieces));
  const codecs = codecsOf(await readFile(join(dir, 'init-0.mp4')));
  return { pieces, ...(codecs === undefined ? {} : { codecs }) };
}

async function drawWindow(
  window: Window,
  n: number,
  firstPiece: number,
  composition: Composition,
  work: RenderWork,
): Promise<Piece[]> {
  const { into, signal, log, progress } = work;
  const { fps, quality } = composition;
  const [all, before] = [framesOf(composition.durationMs, fps), framesOf(window.fromMs, fps)];
  const cwd = join(into.dir, 'inputs');
  const playlist = `window-${n}.m3u8`;
  await mkdir(cwd, { recursive: true });
  try {
    const sources = await openSources(window, work, cwd, signal);
    const onFrame = (frame: number) => progress(Math.min(99, ((before + frame) / Math.max(1, all)) * 99));
    const graph = graphOf(window, sources);
    await encode({ graph, fps, quality, fromMs: window.fromMs, cwd, playlist, firstPiece }, { signal, log, onFrame });
    const pieces = await writtenPieces(into.dir, into.assetId, { playlist });
    await rm(join(into.dir, playlist));
    return pieces;
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}
