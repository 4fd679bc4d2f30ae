import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Piece } from '#domain';
import { noRoom } from './space.ts';
import { isWhole } from './whole.ts';

/**
 * What the playlist that ffmpeg wrote into the directory names. Paths of pieces begin with `assetId`. Throws `refused` when
 * not all of it was written: on a full disk ffmpeg goes on, and ends as if nothing were wrong.
 */
export async function writtenPieces(
  dir: string,
  assetId: string,
  { playlist = 'index.m3u8', init = 'init-0.mp4' } = {},
): Promise<Piece[]> {
  const listed = await readFile(join(dir, playlist), 'utf8');
  if (!listed.includes('#EXT-X-ENDLIST')) throw noRoom();
  const pieces = piecesOf(listed, assetId, init);
  if (pieces.length > 0 && !(await isWhole(join(dir, init), 'moov'))) throw noRoom();
  for (const piece of pieces) {
    const file = join(dir, basename(piece.path));
    if (!(await isWhole(file, 'mdat'))) throw noRoom();
    piece.bytes = (await stat(file)).size;
  }
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
