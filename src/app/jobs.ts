import { type AssetDeps, assetHandlers, cleanAssets } from '#assets';
import type { Config } from '#config';
import type { Delivery } from '#delivery';
import { reframeAsset, renderAsset } from '#editor';
import { jobCallback } from '#http';
import { JobRunner } from '#jobs';
import type { Tellers } from '#pipeline';
import type { MediaLinks } from '#playback';

export interface JobDeps extends Omit<AssetDeps, 'reservePercent' | 'tell'> {
  tellers: Pick<Tellers, 'tell'>;
  config: Pick<Config, 'recording'>;
  links: MediaLinks;
  delivery: Pick<Delivery, 'post'>;
  /** Before the paths of links in callbacks. */
  origin: () => string;
}

/** Removes what a crash left of assets and uploads, then begins with the jobs that it left. */
export async function startJobs(
  { config, links, delivery, origin, tellers, ...deps }: JobDeps,
  signal: AbortSignal,
): Promise<JobRunner> {
  await cleanAssets(deps);
  const { store, clock, log } = deps;
  const assets = {
    ...deps,
    tell: tellers.tell.bind(tellers),
    get reservePercent() {
      return config.recording.reservePercent;
    },
  };
  return JobRunner.start(
    {
      store,
      handlers: {
        ...assetHandlers(assets),
        render: (job, context) => renderAsset(job, assets, context),
        reframe: (job, context) => reframeAsset(job, assets, context),
      },
      payload: (job) => jobCallback(job, { store, links }, origin()),
      post: delivery.post.bind(delivery),
      clock,
      log,
    },
    signal,
  );
}
