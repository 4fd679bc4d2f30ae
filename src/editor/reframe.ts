import { createHash } from 'node:crypto';
import { type AssetDeps, type Seen, seenIn } from '#assets';
import { type Asset, type Job, newId } from '#domain';
import type { JobContext } from '#jobs';
import { Fault } from '#runtime';
import type { Composition, Layer } from './composition.ts';
import { followOf } from './follow.ts';
import { madeOrBegun, type RenderDeps, type RenderOptions, renderAsset } from './renders.ts';

/** Looking takes about as long as drawing. */
const LOOKING = 0.5;
const NOTHING_SEEN = 'nothing was seen that could be followed: the middle of the picture was taken';

/** A stretch of a video in another shape, whose picture is cut to where something is. */
interface ReframeInput {
  composition: Composition;
  render: { renderKey: string } & Record<string, unknown>;
}

/**
 * What was made of the composition before while its video was followed, or the job that makes it. The composition has one
 * layer, of a video. Throws `unavailable` when too many wait already.
 */
export function beginFollowing(
  deps: RenderDeps,
  composition: Composition,
  { keep, callbackUrl }: RenderOptions & { keep: NonNullable<RenderOptions['keep']> },
): { asset: Asset } | { job: Job } {
  const content = JSON.stringify(['follow', composition, keep.collectionId, keep.name]);
  const renderKey = createHash('sha256').update(content).digest('hex');
  const render = { assetId: newId('video', deps.clock.nowMs()), renderKey, ...keep, keep: true };
  const input: ReframeInput = { composition, render };
  return madeOrBegun(deps, 'reframe', { ...input }, { renderKey, callbackUrl });
}

/** Looks where things are, then draws. */
export async function reframeAsset(
  job: Job,
  deps: AssetDeps,
  context: JobContext,
): Promise<{ assetId: string; message?: string }> {
  const { composition, render } = job.input as unknown as ReframeInput; // Written by `beginFollowing`.
  const before = deps.store.renders.get(render.renderKey);
  if (before) return { assetId: before.id };
  const [layer] = composition.layers;
  if (layer?.content.kind !== 'video') throw new Fault('internal', 'only a video can be followed');
  const look = { ...context, progress: (share: number) => context.progress(share * LOOKING) };
  const follow = await wayThrough(layer, layer.content, deps, look);
  const layers = follow.length > 0 ? [{ ...layer, follow }] : [layer];
  const made = await renderAsset({ ...job, input: render }, deps, {
    ...context,
    detail: () => JSON.stringify({ ...composition, layers }),
    progress: (percentage) => context.progress(100 * LOOKING + percentage * (1 - LOOKING)),
  });
  return { ...made, ...(follow.length > 0 ? {} : { message: NOTHING_SEEN }) };
}

async function wayThrough(
  { durationMs }: Layer,
  { assetId, fromMs }: { assetId: string; fromMs: number },
  deps: AssetDeps,
  work: JobContext,
): Promise<NonNullable<Layer['follow']>> {
  const asset = deps.store.assets.get(assetId);
  if (!asset) throw new Fault('refused', 'the video was deleted before it could be reframed');
  const seen: Seen[] = [];
  const stretch = { startMs: fromMs, endMs: fromMs + durationMs };
  for await (const moment of seenIn(asset, stretch, deps, work)) seen.push(moment);
  return followOf(seen, fromMs);
}
