import { z } from 'zod';
import type { Asset } from '#domain';
import type { AssetHit } from '#store';
import type { HttpDeps } from '../deps.ts';
import { playView } from './asset-views.ts';
import { shotOf } from './cuts.ts';

const shot = z.object({
  start: z.number().describe('Seconds from the start of the video'),
  end: z.number(),
  text: z.string(),
  score: z.number().describe('0 to 1: how sure the box is; the same score means the same for every query'),
  stream_link: z.string(),
  stream_url: z.string(),
  player_url: z.string(),
  scene_index_id: z.string(),
  scene_index_name: z.string(),
  metadata: z.record(z.string(), z.unknown()),
});

/** What is found in one video, as all searches of VideoDB's clients read it. */
export const videoResult = z
  .object({
    video_id: z.string(),
    collection_id: z.string(),
    title: z.string(),
    length: z.number().describe('Seconds'),
    max_score: z.number(),
    stream_url: z.string(),
    thumbnail: z.string().optional(),
    docs: z.array(shot),
  })
  .meta({ id: 'VideoSearchResult' });

/** By video, in the order of the best hit of each. */
export function grouped(hits: AssetHit[], deps: HttpDeps, base: string): z.input<typeof videoResult>[] {
  const ids = [...new Set(hits.map(({ record }) => record.assetId))];
  return ids.flatMap((id) => {
    const asset = deps.store.assets.get(id);
    const ofVideo = hits.filter(({ record }) => record.assetId === id);
    return asset ? [resultView(asset, ofVideo, deps, base)] : [];
  });
}

function resultView(asset: Asset, hits: AssetHit[], deps: HttpDeps, base: string): z.input<typeof videoResult> {
  const picture = asset.thumbPath === undefined ? undefined : base + deps.links.picturePath(asset.id);
  return {
    video_id: asset.id,
    collection_id: asset.collectionId,
    title: asset.name,
    length: asset.lengthMs / 1000,
    max_score: Math.max(...hits.map(({ score }) => score)),
    stream_url: playView(asset, deps, base).stream_url,
    ...(picture === undefined ? {} : { thumbnail: picture }),
    docs: hits.map((hit) => shotView(asset, hit, deps, base)),
  };
}

function shotView(asset: Asset, { record, score }: AssetHit, deps: HttpDeps, base: string): z.input<typeof shot> {
  const { startMs, endMs } = shotOf(asset.id, asset.lengthMs, record.startMs, record.endMs);
  const stream_url = base + deps.links.manifestPath(asset.id, startMs, endMs);
  return {
    start: record.startMs / 1000,
    end: record.endMs / 1000,
    text: record.text,
    score,
    stream_link: stream_url,
    stream_url,
    player_url: base + deps.links.watchPath(asset.id, startMs, endMs, { title: asset.name }),
    scene_index_id: record.indexId,
    scene_index_name: deps.store.assetIndexes.get(record.indexId)?.name ?? '',
    metadata: record.metadata,
  };
}
