import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assetHandlers, cleanAssets, exportableRange } from '#assets';
import { type Asset, type AssetIndex, type Job, type JobKind, newId, RECORD_ALL, type Stream } from '#domain';
import { reframeAsset, renderAsset } from '#editor';
import { Inference } from '#inference';
import type { JobHandler } from '#jobs';
import { ModelLibrary } from '#models';
import { createLog, Lifetime, systemClock } from '#runtime';
import { Store } from '#store';

export const T0 = Date.UTC(2026, 0, 15, 12);

/** The assets module over real directories, the built-in pack and a real store. */
export async function openBox() {
  const life = new Lifetime();
  const dir = mkdtempSync(join(tmpdir(), 'wp-assets-'));
  life.defer(() => rmSync(dir, { recursive: true }));
  const log = createLog('silent');
  const store = life.use(await Store.open(dir, { clock: systemClock, log }));
  const models = await ModelLibrary.open(join(dir, 'models'), log);
  const signal = new AbortController().signal;
  const inference = life.use(await Inference.start({ models, detector: 'none', log, clock: systemClock }, signal));
  const places = { mediaDir: join(dir, 'media'), assetsDir: join(dir, 'assets'), uploadsDir: join(dir, 'uploads') };
  const deps = { store, inference, ...places, reservePercent: 0, clock: systemClock, log };
  mkdirSync(places.mediaDir);
  await cleanAssets(deps);
  const handlers: Record<JobKind, JobHandler> = {
    ...assetHandlers(deps),
    render: (job, context) => renderAsset(job, deps, context),
    reframe: (job, context) => reframeAsset(job, deps, context),
  };
  const progress: number[] = [];

  const stream: Stream = {
    id: newId('stream'),
    collectionId: store.defaultCollection.id,
    name: 'Yard',
    url: 'rtsp://127.0.0.1/yard',
    mediaTypes: ['video'],
    sampleRate: 30,
    store: true,
    transcription: { wanted: false, engine: 'default', changedMs: T0 },
    transport: 'tcp',
    zones: [],
    recording: RECORD_ALL,
    wanted: 'stopped',
    origin: 'api',
    createdMs: T0,
  };
  store.streams.create(stream);

  return {
    deps,
    store,
    dir,
    stream,
    progress,
    /** A job as the runner hands it to its handler. */
    job(kind: JobKind, input: Record<string, unknown>): Job {
      return store.jobs.add({ id: newId('job'), kind, input, createdMs: T0 });
    },
    run(
      job: Job,
      stop: AbortSignal = signal,
      onProgress: (percentage: number) => void = () => undefined,
    ): Promise<NonNullable<Job['result']>> {
      const tell = (percentage: number) => {
        progress.push(percentage);
        onProgress(percentage);
      };
      return handlers[job.kind](job, { signal: stop, progress: tell, detail: () => store.jobs.detail(job.id) });
    },
    /**
     * Records so many seconds of a moving picture with sound from a time on, as one session of two-second segments; a size
     * of `sound` leaves the picture away.
     */
    record(fromMs: number, seconds: number, size = '320x240'): void {
      const id = newId('session', fromMs);
      const path = join(stream.id, id);
      const target = join(places.mediaDir, path);
      mkdirSync(target, { recursive: true });
      const picture = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=10:duration=${seconds}`];
      ffmpeg(
        target,
        [...(size === 'sound' ? [] : picture), '-f', 'lavfi', '-i', `sine=duration=${seconds}`],
        [
          ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '20', '-c:a', 'aac', '-f', 'hls', '-hls_time', '2'],
          ...['-hls_segment_type', 'fmp4', '-hls_list_size', '0', '-hls_fmp4_init_filename', 'init.mp4'],
          ...['-hls_segment_filename', '%d.m4s', 'live.m3u8'],
        ],
      );
      rmSync(join(target, 'live.m3u8'));
      const [width = 0, height = 0] = size === 'sound' ? [] : size.split('x').map(Number);
      const session = { id, streamId: stream.id, startedMs: fromMs, initPath: `${path}/init.mp4`, width, height };
      for (let n = 0; n < seconds / 2; n += 1) {
        const startMs = fromMs + n * 2000;
        const file = `${path}/${n}.m4s`;
        const { size: bytes } = statSync(join(places.mediaDir, file));
        store.segments.add(
          { streamId: stream.id, sessionId: id, startMs, endMs: startMs + 2000, path: file, bytes },
          session,
        );
      }
    },
    /** What was recorded, as a video. */
    async exportAll(assetId: string): Promise<Asset> {
      const range = await exportableRange(deps, stream.id, {});
      await this.run(this.job('export', { assetId, streamId: stream.id, ...range, name: 'Yard' }));
      return this.asset(assetId);
    },
    /** A file that ffmpeg makes, as a video. */
    async upload(input: string[], output: string[] = []): Promise<Asset> {
      ffmpeg(places.uploadsDir, input, [...output, '-f', 'mp4', 'up-box']);
      const about = { collectionId: store.defaultCollection.id, name: 'clip', description: '', filename: 'clip.mp4' };
      const { assetId } = await this.run(this.job('ingest', { uploadId: 'up-box', ...about }));
      return this.asset(assetId ?? '');
    },
    asset(id: string): Asset {
      const asset = store.assets.get(id);
      if (!asset) throw new Error(`no asset ${id}`);
      return asset;
    },
    /** An index that is yet to be filled. */
    index(asset: Asset, type: 'time' | 'shot' | 'transcript', config: Record<string, unknown> = {}): AssetIndex {
      const index: AssetIndex = {
        id: newId('index'),
        assetId: asset.id,
        kind: type === 'transcript' ? 'spoken_word' : 'scene',
        name: 'Index',
        prompt: '',
        extraction: { type },
        extractionConfig: config,
        metadata: { yard: 'north' },
        modelName: 'basic',
        status: 'processing',
        createdMs: T0,
      };
      store.assetIndexes.create(index);
      return index;
    },
    fill: ({ id, extraction }: AssetIndex): Job =>
      store.jobs.add({
        id: newId('job'),
        kind: extraction.type === 'transcript' ? 'index_spoken_words' : 'index_scenes',
        input: { indexId: id },
        createdMs: T0,
      }),
    /** Times in seconds. */
    records: ({ id }: AssetIndex): [startS: number, endS: number, text: string][] =>
      store.assetIndexes.records(id).map(({ startMs, endMs, text }) => [startMs / 1000, endMs / 1000, text]),
    assetFiles: (id: string): string[] => readdirSync(join(places.assetsDir, id)).sort(),
    read: (id: string, name: string): string => readFileSync(join(places.assetsDir, id, name), 'utf8'),
    [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
  };
}

export type Box = Awaited<ReturnType<typeof openBox>>;

export function ffmpeg(cwd: string, input: string[], output: string[]): void {
  execFileSync('ffmpeg', ['-loglevel', 'error', '-y', ...input, ...output], { cwd });
}

/** What ffprobe measures: seconds of the first video (or audio) stream that decode, and its codec. */
export function probe(file: string): { seconds: number; codecs: string[] } {
  const output = execFileSync(
    'ffprobe',
    [
      ...['-loglevel', 'error', '-allowed_extensions', 'ALL', '-show_entries', 'stream=codec_name:format=duration'],
      ...['-of', 'json', file],
    ],
    { encoding: 'utf8' },
  );
  const report: { streams: { codec_name: string }[]; format: { duration: string } } = JSON.parse(output);
  return { seconds: Number(report.format.duration), codecs: report.streams.map(({ codec_name }) => codec_name) };
}
