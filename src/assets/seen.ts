import type { Asset, Box, SceneFacts } from '#domain';
import { Observer, patient } from '#inference';
import { Fault } from '#runtime';
import type { AssetDeps, Work } from './deps.ts';
import { framesOf, windowsOf } from './index-scenes.ts';
import { wholePieces } from './whole.ts';

/** Models that have no time for a picture for so long have none for the others either. */
const PATIENCE_MS = 600_000;

/** What was seen in an asset at a time from its start. */
export interface Seen {
  atMs: number;
  objects: SceneFacts['objects'];
  /** Where something moved. */
  moving: readonly Box[];
}

/**
 * What is in an asset's picture, once a second of the stretch. Throws `refused` when it has no picture that can be
 * decoded; moments for which the models have no time are left out.
 */
export async function* seenIn(
  asset: Asset,
  { startMs, endMs }: { startMs: number; endMs: number },
  deps: AssetDeps,
  { signal, progress }: Work,
): AsyncGenerator<Seen, void> {
  const pieces = await wholePieces(deps.store.assets.pieces(asset.id, startMs, endMs), deps.assetsDir);
  if (pieces.length === 0) throw new Fault('refused', "the video's files are damaged or missing");
  const extractionConfig = { time: 1, frame_count: 1 };
  const how = { extraction: { type: 'time' }, extractionConfig, prompt: '', modelName: 'basic' } as const;
  const observer = new Observer({ streamId: asset.id }, patient(deps.inference, deps.clock, PATIENCE_MS));
  for await (const window of windowsOf(framesOf(asset, pieces, how, deps, signal), asset, how)) {
    const atMs = window.frames[0]?.atMs ?? window.startMs;
    if (atMs >= endMs) return;
    const observation = await observer.observe(window, 'backfill', signal);
    progress(((atMs - startMs) / Math.max(1, endMs - startMs)) * 100);
    if (observation === 'dropped') continue;
    const { objects, motion } = observation.facts;
    yield { atMs, objects, moving: motion.regions };
  }
}
