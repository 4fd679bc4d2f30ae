import { join } from 'node:path';
import { recordedFrames } from '#camera';
import type { Asset, AssetIndex, Frame, Job, Piece, SceneFacts, Window } from '#domain';
import { embedText, needsFineFrames, Observer, patient, TEXT_EMBEDDING, wantedOf } from '#inference';
import { planFor } from '#prompts';
import { Fault, isFault } from '#runtime';
import { shotWindows, timeWindows } from '#sampling';
import type { NewRecord } from '#store';
import type { AssetDeps, Work } from './deps.ts';
import { fillIndex } from './fill-index.ts';
import { runsOf } from './folder.ts';
import { wholePieces } from './whole.ts';

const DEFAULT_SECONDS = 10;
const DEFAULT_THRESHOLD = 20;
const LONGEST_SHOT_MS = 60_000;
const SHOT_FRAME_EVERY_MS = 500;
/** Keyframes this much further apart than wanted still do. */
const TOLERANCE = 1.1;
/** Models that have no time for a frame for so long have none for the others either. */
const PATIENCE_MS = 600_000;

/** How an asset is cut, and what it is looked at for. */
type Cutting = Pick<AssetIndex, 'extraction' | 'extractionConfig' | 'prompt' | 'modelName'>;

/** Looks at an asset as a live index looks at a camera, and keeps what it saw. */
export async function indexScenes(job: Job, deps: AssetDeps, work: Work): Promise<{ indexId: string }> {
  const { indexId } = await fillIndex(job, deps, work, async (index, asset) => {
    if (asset.width === 0) throw new Fault('refused', 'audio has no scenes: index its spoken words');
    const all = deps.store.assets.pieces(asset.id);
    const pieces = await wholePieces(all, deps.assetsDir);
    if (pieces.length === 0) throw new Fault('refused', "the video's files are damaged or missing");
    const lost = all.length - pieces.length;
    return {
      records: recordsOf(asset, pieces, index, deps, work.signal),
      ...(lost > 0 ? { message: `${lost} of ${all.length} pieces of the video are damaged or missing` } : {}),
    };
  });
  return { indexId };
}

async function* recordsOf(
  asset: Asset,
  pieces: readonly Piece[],
  index: AssetIndex,
  deps: AssetDeps,
  signal: AbortSignal,
): AsyncGenerator<NewRecord, void> {
  const observer = new Observer({ ...index, streamId: asset.id }, patient(deps.inference, deps.clock, PATIENCE_MS));
  for await (const window of windowsOf(framesOf(asset, pieces, index, deps, signal), asset, index)) {
    const observation = await observer.observe(window, 'backfill', signal);
    const endMs = Math.min(window.endMs, asset.lengthMs);
    if (observation === 'dropped' || endMs <= window.startMs) continue;
    const { text, facts, picture } = observation;
    const metadata = { ...index.metadata, ...metadataOf(facts) };
    const words = { text, vector: embedText(text), model: TEXT_EMBEDDING.model };
    yield { startMs: window.startMs, endMs, metadata, ...words, ...(picture ? { picture } : {}) };
  }
}

/**
 * Frames of the pieces on the asset's time; each stretch that was recorded in one go is read by itself, and one that
 * can't be decoded is passed over. Throws `refused` when none can.
 */
export async function* framesOf(
  asset: Asset,
  pieces: readonly Piece[],
  index: Cutting,
  deps: AssetDeps,
  signal: AbortSignal,
): AsyncGenerator<Frame, void> {
  const fine = needsFineFrames(wantedOf(planFor(index.prompt), index.modelName), deps.inference);
  let seen = false;
  let unreadable: Fault | undefined;
  for (const run of runsOf(pieces)) {
    const [first] = run;
    if (!first) continue;
    const files = [first.initPath, ...run.map(({ path }) => path)].map((path) => join(deps.assetsDir, path));
    const { width, height } = asset;
    try {
      for await (const frame of recordedFrames({ files, width, height, every: everyFor(index, run), fine }, signal)) {
        seen = true;
        yield { ...frame, atMs: frame.atMs + first.startMs };
      }
    } catch (error) {
      if (!isFault(error, 'refused')) throw error;
      unreadable = error;
      deps.log.warn({ asset: asset.id, error: error.message }, 'a stretch of a video was passed over');
    }
  }
  if (!seen) throw unreadable ?? new Fault('refused', 'no picture of it can be decoded');
}

/** Pieces begin with keyframes: where they are short enough, those suffice, at a tenth of the cost. */
function everyFor({ extraction, extractionConfig }: Cutting, run: readonly Piece[]): number | 'keyframes' {
  const { seconds, frameCount } = timeOf(extractionConfig);
  const wantedMs = extraction.type === 'shot' ? SHOT_FRAME_EVERY_MS : (seconds * 1000) / frameCount;
  const longestMs = Math.max(...run.map(({ durationMs }) => durationMs));
  return longestMs <= wantedMs * TOLERANCE ? 'keyframes' : wantedMs;
}

/** As the extraction says. */
export function windowsOf(
  frames: AsyncIterable<Frame>,
  asset: Asset,
  { extraction, extractionConfig }: Cutting,
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
function metadataOf(facts: SceneFacts): Record<string, unknown> {
  const { counts, colours, motion, light, packs, faces, texts, likenesses, answer } = facts;
  return {
    counts: Object.entries(counts).map(([label, count]) => ({ label, count })),
    colours,
    motion: { amount: motion.amount },
    light,
    packs,
    ...(faces ? { faces: faces.length } : {}),
    ...(texts ? { texts: texts.map(({ text }) => text) } : {}),
    ...(likenesses ? { likenesses } : {}),
    ...(answer ? { json: answer.json, json_by: answer.by } : {}),
    ...(answer?.reason === undefined ? {} : { json_reason: answer.reason }),
  };
}
