import type { Asset, CutScene, Job, SceneCollection, Window } from '#domain';
import { Fault } from '#runtime';
import { speechSegments } from '#sampling';
import type { AssetDeps, Work } from './deps.ts';
import { framesOf, windowsOf } from './index-scenes.ts';
import { specOf, spokenWords } from './index-spoken-words.ts';
import { wholePieces } from './whole.ts';

/** More scenes than this of one asset are of no use to anybody. */
const MOST_SCENES = 5000;
/** Each is told with a signed link, whenever the collection is. */
const MOST_FRAMES = 10_000;

/** Cuts an asset into scenes: by time, where its picture changes, or by what is said. */
export async function extractScenes(job: Job, deps: AssetDeps, work: Work): Promise<{ indexId: string }> {
  const { sceneCollections, assets } = deps.store;
  const collection = sceneCollections.get(String(job.input['collectionId']));
  const asset = collection && assets.get(collection.assetId);
  if (!collection || !asset) throw new Fault('refused', 'the video or its scene collection was deleted meanwhile');
  const { id } = collection;
  if (collection.status === 'done') return { indexId: id }; // Before a crash.
  const scenes = await scenesOf(collection, asset, deps, work);
  if (scenes.length > MOST_SCENES) {
    throw new Fault('refused', `the video would have more than ${MOST_SCENES} scenes: cut it less finely`);
  }
  if (scenes.reduce((sum, { frames }) => sum + frames.length, 0) > MOST_FRAMES) {
    throw new Fault(
      'refused',
      `the video would have more than ${MOST_FRAMES} frames: cut it less finely, or ask for fewer`,
    );
  }
  if (sceneCollections.get(id)) sceneCollections.update(id, { status: 'done', scenes });
  return { indexId: id };
}

function scenesOf(
  collection: SceneCollection,
  asset: Asset,
  deps: AssetDeps,
  work: Work,
): CutScene[] | Promise<CutScene[]> {
  const { extraction, extractionConfig: config } = collection;
  if (extraction.type === 'shot') return shotsOf(collection, asset, deps, work);
  if (extraction.type === 'time') return byTime(asset.lengthMs, Number(config['time']) * 1000, picks(config));
  const segments = speechSegments(spokenWords(deps.store, asset), specOf(config), true);
  return segments.map(({ startMs, endMs }) => ({
    startMs,
    endMs,
    frames: [{ atMs: Math.round((startMs + endMs) / 2) }],
  }));
}

async function shotsOf(
  { extraction, extractionConfig }: SceneCollection,
  asset: Asset,
  deps: AssetDeps,
  { signal, progress }: Work,
): Promise<CutScene[]> {
  const pieces = await wholePieces(deps.store.assets.pieces(asset.id), deps.assetsDir);
  if (pieces.length === 0) throw new Fault('refused', "the video's files are damaged or missing");
  const how = { extraction, extractionConfig, prompt: '', modelName: 'basic' };
  const scenes: CutScene[] = [];
  for await (const window of windowsOf(framesOf(asset, pieces, how, deps, signal), asset, how)) {
    scenes.push(sceneOf(window, asset));
    progress((window.endMs / Math.max(1, asset.lengthMs)) * 99);
  }
  return scenes;
}

function sceneOf({ startMs, endMs, frames }: Window, { lengthMs }: Asset): CutScene {
  const times = frames.map(({ atMs }) => ({ atMs: Math.round(atMs) }));
  return { startMs: Math.round(startMs), endMs: Math.round(Math.min(endMs, lengthMs)), frames: times };
}

/** Where in a scene its frames are, as shares of it: those that are named, or so many evenly from its start. */
function picks(config: Record<string, unknown>): number[] {
  const named = { first: 0, middle: 0.5, last: 1 };
  const selected = Array.isArray(config['select_frames']) ? config['select_frames'] : [];
  const shares = Object.entries(named).flatMap(([name, share]) => (selected.includes(name) ? [share] : []));
  if (shares.length > 0) return shares;
  const count = Number(config['frame_count'] ?? 1);
  return Array.from({ length: count }, (_, n) => n / count);
}

function byTime(lengthMs: number, everyMs: number, shares: readonly number[]): CutScene[] {
  const count = Math.min(MOST_SCENES + 1, Math.ceil(lengthMs / everyMs));
  return Array.from({ length: count }, (_, n) => {
    const [startMs, endMs] = [n * everyMs, Math.min(lengthMs, (n + 1) * everyMs)];
    // The last frame of a scene is the one before the next begins.
    const at = (share: number) => Math.min(Math.round(startMs + share * (endMs - startMs)), endMs - 1);
    return { startMs, endMs, frames: shares.map((share) => ({ atMs: at(share) })) };
  });
}
