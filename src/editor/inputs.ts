import { link, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runsOf, wholePieces } from '#assets';
import type { Asset, Piece } from '#domain';
import { Fault } from '#runtime';
import type { Store } from '#store';
import { type Fonts, installedFonts } from './fonts.ts';
import type { Size } from './graph-place.ts';
import type { Window, WindowLayer } from './graph-windows.ts';
import { type MediaProbe, probeMedia } from './media-probe.ts';
import { assOf } from './text-layer.ts';

export interface AssetPlaces {
  store: Pick<Store, 'assets'>;
  assetsDir: string;
}

/** What a layer is made of, as the filter graph needs it. Files are named relative to the folder of the inputs. */
export type Source =
  | { kind: 'media'; file: string; fromS: number; picture?: Picture; sound?: { channels: number } }
  | { kind: 'image'; file: string; picture: Picture }
  | { kind: 'ass'; file: string; still: boolean };

export interface Picture extends Size {
  /** The colours' meaning where the picture doesn't say. */
  matrix?: 'bt709' | 'smpte170m';
  /** It changes on the way: everything is scaled to the first size. */
  changes?: true;
}

/** More different recording sessions than this in one clip are taken to be as the one before. */
const PROBED = 16;
/** A piece is cut where its pictures are; some of the sound that belongs to it is in the one before or after. */
const SPILL_MS = 300;
/** Where a small picture ends, whose colours are those of SD if it doesn't say. */
const HD_LINES = 720;

/**
 * Gives what the layers read second names in a folder of the render's own, so that deleting an asset doesn't disturb it,
 * and looks at each. A source is undefined where nothing of a layer is left. Throws `refused` when an asset is gone.
 */
export async function openSources(
  composition: Window,
  places: AssetPlaces,
  dir: string,
  signal: AbortSignal,
): Promise<(Source | undefined)[]> {
  await mkdir(dir, { recursive: true });
  let looking: Promise<Fonts> | undefined;
  const fonts = () => (looking ??= installedFonts());
  const context = { ...places, dir, signal, fonts, probes: new Map<string, Promise<MediaProbe | undefined>>() };
  const sources: (Source | undefined)[] = [];
  for (const [n, layer] of composition.layers.entries()) {
    signal.throwIfAborted();
    sources.push(await openSource(layer, n, composition, context));
  }
  return sources;
}

interface Context extends AssetPlaces {
  dir: string;
  signal: AbortSignal;
  /** Of the box, looked at once. */
  fonts: () => Promise<Fonts>;
  /** By init file. */
  probes: Map<string, Promise<MediaProbe | undefined>>;
}

async function openSource(layer: WindowLayer, n: number, canvas: Size, context: Context): Promise<Source | undefined> {
  const { content } = layer;
  if (content.kind === 'text' || content.kind === 'captions') {
    const file = `layer-${n}.ass`;
    await writeFile(
      join(context.dir, file),
      await assOf({ ...layer, durationMs: layer.durationMs + (layer.skippedMs ?? 0) }, canvas, context.fonts()),
    );
    return { kind: 'ass', file, still: content.kind === 'text' };
  }
  const asset = context.store.assets.get(content.assetId);
  if (!asset) throw gone(content.assetId);
  if (content.kind === 'image') return openImage(asset, context);
  return openMedia(asset, { fromMs: content.fromMs, durationMs: layer.durationMs, n }, context);
}

async function openImage({ id, width, height, thumbPath }: Asset, { assetsDir, dir }: Context): Promise<Source> {
  const file = `${id}-${basename(thumbPath ?? '')}`;
  if (!thumbPath || !(await keep(join(assetsDir, thumbPath), join(dir, file)))) {
    throw new Fault('refused', `${id}: its picture is missing on disk`);
  }
  return { kind: 'image', file, picture: { width, height } };
}

async function openMedia(
  asset: Asset,
  { fromMs, durationMs, n }: { fromMs: number; durationMs: number; n: number },
  context: Context,
): Promise<Source | undefined> {
  const wanted = context.store.assets.pieces(asset.id, fromMs - SPILL_MS, fromMs + durationMs + SPILL_MS);
  const pieces = await keepPieces(await wholePieces(wanted, context.assetsDir), context);
  if (pieces.length < wanted.length && !context.store.assets.get(asset.id)) throw gone(asset.id);
  const runs = runsOf(pieces);
  const first = runs[0]?.[0];
  if (!first) return undefined;
  const looks = await lookAt(runs, context);
  const [look] = looks;
  if (!look) throw new Fault('refused', `${asset.id}: it can not be read; it may be damaged`);
  const file = `layer-${n}.ffconcat`;
  await writeFile(join(context.dir, file), await listOf(runs, looks, { n, dir: context.dir }));
  const { picture, sound, leadS } = look;
  const changes = looks.some(
    (other) => other.picture?.width !== picture?.width || other.picture?.height !== picture?.height,
  );
  return {
    kind: 'media',
    file,
    fromS: leadS + (fromMs - first.startMs) / 1000,
    ...(picture ? { picture: { ...pictureOf(picture), ...(changes ? { changes: true } : {}) } } : {}),
    ...(sound ? { sound } : {}),
  };
}

function gone(id: string): Fault {
  return new Fault('refused', `${id}: was deleted before it could be rendered`);
}

function pictureOf({ width, height, matrix }: NonNullable<MediaProbe['picture']>): Picture {
  if (matrix) return { width, height };
  return { width, height, matrix: height >= HD_LINES ? 'bt709' : 'smpte170m' };
}

/** What each run is, by its init file; runs of which that can't be told are taken to be as the one before. */
async function lookAt(runs: readonly Piece[][], { dir, signal, probes }: Context): Promise<MediaProbe[]> {
  const looks: MediaProbe[] = [];
  for (const [first] of runs) {
    if (!first) continue;
    const files = [keptName(first.initPath), keptName(first.path)] as const;
    if (!probes.has(first.initPath) && probes.size < PROBED) probes.set(first.initPath, probeMedia(files, dir, signal));
    const look = (await probes.get(first.initPath)) ?? looks.at(-1);
    if (look) looks.push(look);
  }
  return looks;
}

/**
 * The runs as ffmpeg's concat demuxer reads them, one playlist after the other, each placed by where its first picture
 * belongs: before it there may be sound.
 */
async function listOf(
  runs: readonly Piece[][],
  looks: readonly MediaProbe[],
  { n, dir }: { n: number; dir: string },
): Promise<string> {
  const [base, lead] = [runs[0]?.[0]?.startMs ?? 0, looks[0]?.leadS ?? 0];
  const startS = (run: Piece[], i: number) =>
    lead + ((run[0]?.startMs ?? base) - base) / 1000 - (looks[i]?.leadS ?? lead);
  const lines = ['ffconcat version 1.0'];
  for (const [i, run] of runs.entries()) {
    const [name, next] = [`layer-${n}-${i}.m3u8`, runs[i + 1]];
    await writeFile(join(dir, name), playlistOf(run));
    const last = run.at(-1);
    const lengthS = last ? (last.startMs + last.durationMs - (run[0]?.startMs ?? 0)) / 1000 : 0;
    const durationS = next ? startS(next, i + 1) - startS(run, i) : lengthS + 1;
    lines.push(`file ${name}`, `duration ${Math.max(0.001, durationS).toFixed(6)}`);
  }
  return `${lines.join('\n')}\n`;
}

function playlistOf(run: readonly Piece[]): string {
  const longest = Math.max(1, ...run.map(({ durationMs }) => Math.ceil(durationMs / 1000)));
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${longest}`,
    '#EXT-X-PLAYLIST-TYPE:VOD',
    `#EXT-X-MAP:URI="${keptName(run[0]?.initPath ?? '')}"`,
    ...run.flatMap(({ durationMs, path }) => [`#EXTINF:${(durationMs / 1000).toFixed(3)},`, keptName(path)]),
    '#EXT-X-ENDLIST\n',
  ].join('\n');
}

/** Those that could be kept: what goes meanwhile is left out, as a gap is. */
async function keepPieces(pieces: readonly Piece[], { assetsDir, dir }: Context): Promise<Piece[]> {
  const kept: Piece[] = [];
  for (const piece of pieces) {
    const both = [piece.initPath, piece.path].map((path) => keep(join(assetsDir, path), join(dir, keptName(path))));
    if ((await Promise.all(both)).every(Boolean)) kept.push(piece);
  }
  return kept;
}

function keptName(path: string): string {
  return path.replaceAll('/', '-');
}

/** A second name for the file. False when it has gone. */
async function keep(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'EEXIST') return true;
    if (code === 'ENOENT') return false;
    throw error;
  }
}
