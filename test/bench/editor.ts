import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writtenPieces } from '#assets';
import { type Asset, newId } from '#domain';
import { createLog, Lifetime, systemClock } from '#runtime';
import { Store } from '#store';
import type { Composition, Layer } from '../../src/editor/composition.ts';
import { argumentsOf } from '../../src/editor/encoder.ts';
import { graphOf } from '../../src/editor/graph.ts';
import { windowsOf } from '../../src/editor/graph-windows.ts';
import { openSources } from '../../src/editor/inputs.ts';
import { render } from '../../src/editor/render.ts';
import type { Figures } from './main.ts';

const SECONDS = 20;
const RUNS = 3;
const CANVAS = { width: 1280, height: 720, fps: 25 };

/**
 * A timeline of eight layers as the appliance renders it, and the same graph as a bare ffmpeg of the same priority does,
 * one after the other; the medians of both.
 */
export async function editor(): Promise<Figures> {
  await using life = new Lifetime();
  const dir = mkdtempSync(join(tmpdir(), 'wp-bench-editor-'));
  life.defer(() => rmSync(dir, { recursive: true }));
  const log = createLog('silent');
  const store = life.use(await Store.open(dir, { clock: systemClock, log }));
  const assetsDir = join(dir, 'assets');
  const composition = await compose(store, assetsDir);
  const signal = new AbortController().signal;
  const [window] = windowsOf(composition);
  if (!window) throw new Error('a composition without a window');
  const inputs = join(dir, 'bare', 'inputs');
  const graph = graphOf(window, await openSources(window, { store, assetsDir }, inputs, signal));
  const bare = argumentsOf({
    graph,
    fps: composition.fps,
    fromMs: 0,
    cwd: inputs,
    playlist: 'index.m3u8',
    firstPiece: 0,
  });
  const [renders, bares]: [number[], number[]] = [[], []];
  for (let run = 0; run < RUNS; run++) {
    bares.push(
      await seconds(() => execFileSync('nice', ['-n', '19', 'ffmpeg', ...bare], { cwd: inputs, stdio: 'ignore' })),
    );
    const into = { dir: join(dir, `render-${run}`), assetId: 'm-bench' };
    mkdirSync(into.dir);
    renders.push(
      await seconds(() => render(composition, { store, assetsDir, log, into, signal, progress: () => undefined })),
    );
  }
  const [renderS, bareS] = [median(renders), median(bares)];
  return {
    timeline: `${SECONDS} s of 1280x720 at 25/s, ${composition.layers.length} layers`,
    render_s: round(renderS),
    bare_ffmpeg_s: round(bareS),
    render_ratio: round(renderS / bareS),
    times_real_time: round(SECONDS / renderS),
  };
}

async function compose(store: Store, assetsDir: string): Promise<Composition> {
  const source = (size: string) => ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=${SECONDS}`];
  const tone = ['-f', 'lavfi', '-i', `sine=duration=${SECONDS}`];
  const add = async (prefix: 'video' | 'image', size: string) => {
    const id = newId(prefix);
    const dir = join(assetsDir, id);
    mkdirSync(dir, { recursive: true });
    const output = prefix === 'video' ? [...tone, ...PIECES] : ['-frames:v', '1', 'image.png'];
    execFileSync('ffmpeg', ['-loglevel', 'error', ...source(size), ...output], { cwd: dir });
    const [width = 0, height = 0] = size.split('x').map(Number);
    const pieces = prefix === 'video' ? await writtenPieces(dir, id) : [];
    const about = { collectionId: store.defaultCollection.id, name: id, description: '', bytes: 1, createdMs: 1 };
    const asset: Asset = {
      ...{ id, kind: prefix, ...about, width, height, lengthMs: SECONDS * 1000 },
      ...(prefix === 'image' ? { thumbPath: `${id}/image.png` } : {}),
      origin: { kind: 'upload', filename: id },
    };
    store.assets.create(asset, pieces);
    return id;
  };
  const [large, small, logo] = [
    await add('video', '1920x1080'),
    await add('video', '640x360'),
    await add('image', '200x200'),
  ];
  const layer = (content: Layer['content'], some: Partial<Layer> = {}): Layer => ({
    ...{ startMs: 0, durationMs: SECONDS * 1000, scale: 1, opacity: 1, fit: 'crop', position: 'center', content },
    offset: { x: 0, y: 0 },
    ...some,
  });
  const video = (assetId: string) => ({ kind: 'video', assetId, fromMs: 0, volume: 1 }) as const;
  const font = { family: 'DejaVu Sans', size: 40, color: '#ffffff', opacity: 1 };
  const text = { kind: 'text', text: 'Watchpost', font, tabSize: 4, lineSpacing: 0 } as const;
  const corner = { scale: 0.3, durationMs: 15_000 };
  return {
    ...CANVAS,
    background: '#000000',
    durationMs: SECONDS * 1000,
    layers: [
      layer(video(large)),
      layer(video(small), {
        ...corner,
        position: 'top_left',
        transition: { in: 'fade', out: 'fade', durationMs: 1000 },
      }),
      layer(video(small), { ...corner, position: 'top_right', filter: 'greyscale' }),
      layer(video(small), { ...corner, position: 'bottom_left', opacity: 0.5, startMs: 5000 }),
      layer(video(small), { ...corner, position: 'bottom_right', startMs: 5000 }),
      layer({ kind: 'audio', assetId: small, fromMs: 0, volume: 0.2 }),
      layer({ kind: 'image', assetId: logo }, { fit: 'none', opacity: 0.7 }),
      layer({ ...text, alignment: { horizontal: 'center', vertical: 'bottom' } }),
    ],
  };
}

const PIECES = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-force_key_frames', 'expr:gte(t,n_forced*4)', '-c:a', 'aac'],
  ...['-f', 'hls', '-hls_time', '4', '-hls_list_size', '0', '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4'],
  ...['-hls_fmp4_init_filename', 'init-0.mp4', '-hls_segment_filename', '%06d.m4s', 'index.m3u8'],
];

async function seconds(work: () => unknown): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1000;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
