import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Piece } from '#domain';

/** What the playlist that ffmpeg wrote into the directory names. Paths of pieces begin with `assetId`. */
export async function writtenPieces(
  dir: string,
  assetId: string,
  { playlist = 'index.m3u8', init = 'init-0.mp4' } = {},
): Promise<Piece[]> {
  const pieces = piecesOf(await readFile(join(dir, playlist), 'utf8'), assetId, init);
  for (const piece of pieces) piece.bytes = (await stat(join(dir, basename(piece.path)))).size;
  return pieces;
}

function piecesOf(playlist: string, assetId: string, init: string): Piece[] {
  const pieces: Piece[] = [];
  let exactMs = 0;
  for (const [, seconds = '0', name = ''] of playlist.matchAll(/^#EXTINF:([\d.]+),.*\n(?:#.*\n)*([^#\n]+)$/gm)) {
    const startMs = Math.round(exactMs);
    exactMs += Number(seconds) * 1000;
    pieces.push({
      n: pieces.length,
      startMs,
      durationMs: Math.max(1, Math.round(exactMs) - startMs),
      path: `${assetId}/${basename(name)}`,
      bytes: 0,
      initPath: `${assetId}/${init}`,
      discontinuity: false,
    });
  }
  return pieces;
}
