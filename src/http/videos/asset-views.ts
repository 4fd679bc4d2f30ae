import { z } from 'zod';
import type { Asset } from '#domain';
import type { HttpDeps } from '../deps.ts';
import { naiveTime } from '../streams/views.ts';

const common = { id: z.string(), collection_id: z.string(), name: z.string(), created_at: z.string() };

export const videoAnswer = z.object({
  ...common,
  description: z.string(),
  length: z.number().describe('Seconds'),
  size: z.string().describe('Bytes, as text'),
  extension: z.string(),
  user_id: z.string(),
  stream_url: z.string(),
  player_url: z.string(),
  thumbnail: z.string().optional(),
  thumbnail_url: z.string().optional(),
});

export const audioAnswer = z.object({
  ...common,
  description: z.string(),
  length: z.number(),
  size: z.string(),
  extension: z.string(),
  user_id: z.string(),
  stream_url: z.string(),
  player_url: z.string(),
});

export const imageAnswer = z.object({ ...common, url: z.string(), size: z.string(), user_id: z.string() });

/** Any asset, as its kind is written. Images first: they lack what the others have. */
export const assetAnswer = z.union([videoAnswer, audioAnswer, imageAnswer]);

type Links = Pick<HttpDeps, 'links' | 'store'>;

export function videoView(asset: Asset, deps: Links, base: string): z.input<typeof videoAnswer> {
  const picture = asset.thumbPath === undefined ? undefined : base + deps.links.picturePath(asset.id);
  return { ...audioView(asset, deps, base), ...(picture ? { thumbnail: picture, thumbnail_url: picture } : {}) };
}

export function audioView(asset: Asset, deps: Links, base: string): z.input<typeof audioAnswer> {
  return {
    ...commonView(asset, deps),
    description: asset.description,
    length: asset.lengthMs / 1000,
    extension: asset.kind === 'audio' ? 'm4a' : 'mp4',
    ...playView(asset, deps, base),
  };
}

export function imageView(asset: Asset, deps: Links, base: string): z.input<typeof imageAnswer> {
  return { ...commonView(asset, deps), url: base + deps.links.picturePath(asset.id) };
}

export function assetView(asset: Asset, deps: Links, base: string): z.input<typeof assetAnswer> {
  if (asset.kind === 'image') return imageView(asset, deps, base);
  return asset.kind === 'audio' ? audioView(asset, deps, base) : videoView(asset, deps, base);
}

/** Links that play all of it. */
export function playView(asset: Asset, { links }: Pick<HttpDeps, 'links'>, base: string) {
  const whole = [asset.id, 0, asset.lengthMs] as const;
  return {
    stream_url: base + links.manifestPath(...whole),
    player_url: base + links.watchPath(...whole, { title: asset.name, description: asset.description }),
  };
}

function commonView({ id, collectionId, name, bytes, createdMs }: Asset, { store }: Pick<HttpDeps, 'store'>) {
  return {
    id,
    collection_id: collectionId,
    name,
    created_at: naiveTime(createdMs),
    size: String(bytes),
    user_id: store.boxId,
  };
}
