import { join } from 'node:path';
import { recordedFrames } from '#camera';
import type { Asset, AssetIndex, Frame, Job, Piece, SceneFacts, Window } from '#domain';
import { embedText, Observer, TEXT_EMBEDDING } from '#inference';
import { Fault } from '#runtime';
import { shotWindows, timeWindows } from '#sampling';
import type { NewRecord } from '#store';
import type { AssetDeps, Work } from './deps.ts';
import { runsOf } from './folder.ts';

const DEFAULT_SECONDS = 10;
const DEFAULT_THRESHOLD = 20;
const LONGEST_SHOT_MS = 60_000;
const SHOT_FRAME_EVERY_MS = 500;
/** Keyframes this much further apart than wanted still do. */
const TOLERANCE = 1.1;
/** A detector that is busy with live cameras is asked again; they come first. */
const TRIES = 20;
const AGAIN_MS = 1000;
const BATCH = 50;

/** Looks at an asset as a live index looks at a camera, and keeps what it saw. */
export async function indexScenes(job: Job, deps: AssetDeps, { progress, signal }: Work): Promise<{ indexId: string }> {
  const { store } = deps;
  const indexId = String(job.input['indexId']);
  const index = store.assetIndexes.get(indexId);
  const asset = index && store.assets.get(index.assetId);
  if (!index || !asset) throw new Fault('refused', 'the video or its index was deleted meanwhile');
  try {
    store.assetIndexes.clearRecords(indexId); // A run before a crash may have left some.
    let records: NewRecord[] = [];
    for await (const record of recordsOf(asset, index, deps, signal)) {
      records.push(record);
      progress((record.endMs / Math.max(1, asset.lengthMs)) * 99);
      if (records.length < BATCH) continue;
      store.assetIndexes.addRecords(indexId, records);
      records = [];
    }
    store.assetIndexes.addRecords(indexId, records);
    store.assetIndexes.update(indexId, { status: 'done' });
    return { indexId };
  } catch (error) {
    if (!signal.aborted && store.assetIndexes.get(indexId)) {
      store.assetIndexes.update(indexId, {
        status: 'failed',
        ...(error instanceof Fault ? { message: error.message } : {}),
      });
    }
    throw error;
  }
}

async function* recordsOf(
  asset: Asset,
  index: AssetIndex,
  deps: AssetDeps,
  signal: AbortSignal,
): AsyncGenerator<NewRecord, void> {
  if (asset.width === 0) throw new Fault('refused', 'audio has no scenes: index its spoken words');
  const observer = new Observer({ streamId: asset.id }, deps.inference);
  for await (const window of windowsOf(framesOf(asset, index, deps, signal), asset, index)) {
    const observation = await observed(observer, window, deps, signal);
    const endMs = Math.min(window.endMs, asset.lengthMs);
    if (!observation || endMs <= window.startMs) continue;
    const { text, facts } = observation;
    const { startMs } = window;
    yield {
      startMs,
      endMs,
      text,
      metadata: { ...index.metadata, ...metadataOf(facts) },
      vector: embedText(text),
      model: TEXT_EMBEDDING.model,
    };
  }
}

async function observed(observer: Observer, window: Window, { clock }: AssetDeps, signal: AbortSignal) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const observation = await observer.observe(window, 'backfill', signal);
    if (observation !== 'dropped') return observation;
    if (window.frames.length === 0) return undefined;
    await clock.sleep(AGAIN_MS, signal);
  }
  throw new Fault('unavailable', 'the detector was busy with live cameras for too long: index the video again later');
}

/** Frames of the whole asset on its own time; each stretch that was recorded in one go is read by itself. */
async function* framesOf(
  asset: Asset,
  index: AssetIndex,
  deps: AssetDeps,
  signal: AbortSignal,
): AsyncGenerator<Frame, void> {
  for (const run of runsOf(deps.store.assets.pieces(asset.id))) {
    const [first] = run;
    if (!first) continue;
    const files = [first.initPath, ...run.map(({ path }) => path)].map((path) => join(deps.assetsDir, path));
    const { width, height } = asset;
    for await (const frame of recordedFrames({ files, width, height, every: everyFor(index, run) }, signal)) {
      yield { ...frame, atMs: frame.atMs + first.startMs };
    }
  }
}

/** Pieces begin with keyframes: where they are short enough, those suffice, at a tenth of the cost. */
function everyFor({ extraction, extractionConfig }: AssetIndex, run: readonly Piece[]): number | 'keyframes' {
  const { seconds, frameCount } = timeOf(extractionConfig);
  const wantedMs = extraction.type === 'shot' ? SHOT_FRAME_EVERY_MS : (seconds * 1000) / frameCount;
  const longestMs = Math.max(...run.map(({ durationMs }) => durationMs));
  return longestMs <= wantedMs * TOLERANCE ? 'keyframes' : wantedMs;
}

function windowsOf(
  frames: AsyncIterable<Frame>,
  asset: Asset,
  { extraction, extractionConfig }: AssetIndex,
): AsyncIterable<Window> {
  const about = { streamId: asset.id, zones: [] };
  const { seconds, frameCount } = timeOf(extractionConfig);
  if (extraction.type !== 'shot') return timeWindows(frames, { ...about, seconds, frameCount });
  const threshold = Number(extractionConfig['threshold'] ?? DEFAULT_THRESHOLD);
  return shotWindows(frames, { ...about, threshold, frameCount, longestMs: LONGEST_SHOT_MS });
}

function timeOf(config: Record<string, unknown>): { seconds: number; frameCount: number } {
  return { seconds: Number(config['time'] ?? DEFAULT_SECONDS), frameCount: Number(config['frame_count'] ?? 1) };
}

/** Labels as values: VideoDB's Node SDK rewrites keys. */
function metadataOf({ counts, colours, motion, light, packs }: SceneFacts): Record<string, unknown> {
  return {
    counts: Object.entries(counts).map(([label, count]) => ({ label, count })),
    colours,
    motion: { amount: motion.amount },
    light,
    packs,
  };
}
