import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { writtenPieces } from '#assets';
import { type AssetKind, newId, type Piece } from '#domain';
import { createLog, Lifetime, systemClock } from '#runtime';
import { Store } from '#store';
import type { Composition, Content, Layer } from '../../src/editor/composition.ts';
import { render } from '../../src/editor/render.ts';

const CANVAS = { width: 320, height: 180 };
const FPS = 25;
const RATE = 48_000;

/** A real store and real assets, small ones; renders into a folder of its own. */
export async function openStudio() {
  const life = new Lifetime();
  const dir = mkdtempSync(join(tmpdir(), 'wp-studio-'));
  life.defer(() => rmSync(dir, { recursive: true }));
  const log = createLog('silent');
  const store = life.use(await Store.open(dir, { clock: systemClock, log }));
  const assetsDir = join(dir, 'assets');
  const folder = (id: string) => {
    mkdirSync(join(assetsDir, id), { recursive: true });
    return join(assetsDir, id);
  };
  const enter = (id: string, kind: AssetKind, size: { width: number; height: number }, pieces: readonly Piece[]) => {
    const lengthMs = pieces.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const about = { collectionId: store.defaultCollection.id, name: id, description: '', bytes: 1, createdMs: 1 };
    const thumb = kind === 'image' ? { thumbPath: `${id}/image.png` } : {};
    store.assets.create(
      { id, kind, ...about, ...size, lengthMs, ...thumb, origin: { kind: 'upload', filename: id } },
      pieces,
    );
    return id;
  };
  let renders = 0;
  return {
    store,
    assetsDir,
    dir,
    enter,
    /** Media that ffmpeg makes, as an asset in pieces of about a second; a size of 0 × 0 for sound. */
    async media(input: string[], size = { width: 0, height: 0 }): Promise<string> {
      const kind = size.width > 0 ? 'video' : 'audio';
      const id = newId(kind);
      ffmpeg(folder(id), [...input, ...ENCODED, ...PIECES]);
      return enter(id, kind, size, await writtenPieces(join(assetsDir, id), id));
    },
    image(input: string[], size: { width: number; height: number }): string {
      const id = newId('image');
      ffmpeg(folder(id), [...input, '-frames:v', '1', 'image.png']);
      return enter(id, 'image', size, []);
    },
    /** Renders almost without loss, and decodes what came out. */
    async render(
      composition: Partial<Composition> & { layers: Layer[] },
      work: { signal?: AbortSignal; onInputs?: () => void } = {},
    ) {
      const whole: Composition = {
        ...{ ...CANVAS, fps: FPS, background: '#000000', quality: 1, durationMs: 1000 },
        ...composition,
      };
      const assetId = `m-render-${renders++}`;
      const into = { dir: folder(assetId), assetId };
      const progress: number[] = [];
      const { signal = new AbortController().signal, onInputs } = work;
      if (onInputs) void whenListed(into.dir).then(onInputs);
      const tell = (percentage: number) => progress.push(percentage);
      const rendered = await render(whole, { store, assetsDir, log, into, signal, progress: tell });
      return {
        ...rendered,
        progress,
        files: (await readdir(into.dir)).sort(),
        ...decode(into.dir, whole, rendered.codecs?.includes('mp4a') ?? false),
      };
    },
    /** What is in the folder of the last render. */
    lastFolder: () => readdirSync(join(assetsDir, `m-render-${renders - 1}`)),
    [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
  };
}

export type Studio = Awaited<ReturnType<typeof openStudio>>;

const ENCODED = [
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '1', '-pix_fmt', 'yuv420p', '-bf', '2', '-c:a', 'aac'],
  ...['-b:a', '192k', '-force_key_frames', 'expr:gte(t,n_forced*1)'],
];
const PIECES = [
  ...['-f', 'hls', '-hls_time', '1', '-hls_list_size', '0', '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4'],
  ...['-hls_fmp4_init_filename', 'init-0.mp4', '-hls_segment_filename', '%06d.m4s', 'index.m3u8'],
];

function ffmpeg(cwd: string, args: string[]): void {
  execFileSync('ffmpeg', ['-loglevel', 'error', '-y', ...args], { cwd });
}

/** What an AAC encoder puts before what it is given; it lies before the first picture. */
const PRIMING = 1024;

/** Everything that is in an HLS folder, as pixels and samples. */
function decode(dir: string, { width, height, fps }: Composition, hasSound: boolean) {
  const pixels = ['-map', '0:v', '-vf', 'scale=in_color_matrix=bt709,format=rgb24', '-fps_mode', 'passthrough'];
  const sound = ['-map', '0:a', '-ac', '2', '-ar', String(RATE), '-f', 'f32le', 'pipe:3'];
  const { output, status } = spawnSync(
    'ffmpeg',
    [
      '-nostdin',
      '-loglevel',
      'error',
      '-i',
      'index.m3u8',
      ...pixels,
      '-f',
      'rawvideo',
      'pipe:1',
      ...(hasSound ? sound : []),
    ],
    { cwd: dir, maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'inherit', 'pipe'] },
  );
  if (status !== 0) throw new Error('what was rendered can not be decoded');
  const [rgb, heard] = [bytesOf(output[1]), bytesOf(output[3])];
  const pcm = heard.subarray(hasSound ? PRIMING * 8 : 0);
  const samples = new Float32Array(pcm.buffer, pcm.byteOffset, pcm.byteLength / 4);
  const frames = rgb.byteLength / (width * height * 3);
  return {
    frames,
    soundS: samples.length / 2 / RATE,
    /** [red, green, blue] at a time and a place, as shares of the canvas. */
    pixel(atS: number, x: number, y: number): number[] {
      const frame = Math.min(frames - 1, Math.floor(atS * fps + 0.001));
      const at = (frame * height + Math.round(y * (height - 1))) * width + Math.round(x * (width - 1));
      return [...rgb.subarray(at * 3, at * 3 + 3)];
    },
    peak: samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0),
    /** Root of the mean square from a time to another, of both channels. */
    rms(fromS: number, toS: number): number {
      const part = samples.subarray(Math.round(fromS * RATE) * 2, Math.round(toS * RATE) * 2);
      return Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, part.length));
    },
  };
}

/** What is read has been linked: the playlist of the first layer is there. */
async function whenListed(dir: string): Promise<void> {
  const listed = () => existsSync(join(dir, 'inputs', 'layer-0.ffconcat'));
  await expect.poll(listed, { interval: 5, timeout: 60_000 }).toBe(true);
}

function bytesOf(output: unknown): Buffer {
  return Buffer.isBuffer(output) ? output : Buffer.alloc(0);
}

/** A clip with everything at its default. */
export function layer(content: Content, settings: Partial<Layer> = {}): Layer {
  const about = { startMs: 0, durationMs: 1000, scale: 1, opacity: 1, fit: 'crop', position: 'center' } as const;
  return { ...about, offset: { x: 0, y: 0 }, content, ...settings };
}

/** What encoding and mixing in limited range may change. */
const NEAR = 6;

export function expectColour(pixel: number[], colour: number[], near = NEAR): void {
  const far = colour.some((value, i) => Math.abs(value - (pixel[i] ?? -1)) > near);
  if (far) expect(pixel).toEqual(colour);
}
