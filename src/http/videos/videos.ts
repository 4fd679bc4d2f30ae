import { z } from 'zod';
import { keepThumbnail } from '#assets';
import { Fault } from '#runtime';
import { origin } from '../address.ts';
import type { HttpDeps } from '../deps.ts';
import { number, text, whole } from '../input.ts';
import { collectionBy, playableBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { imageAnswer, imageView, videoAnswer, videoView } from './asset-views.ts';

const listing = z.object({ collection_id: z.string().optional() });
const page = listing.extend({
  page_index: whole(0, 1_000_000).optional().describe('Which page of `count`, from 0'),
  count: whole(1, 5000).optional().describe('At most so many; all when left out'),
});
const change = z.object({
  name: text(200, 'Delivery on Monday').optional(),
  description: z.string('must be text').max(2000, 'must not be longer than 2000 characters').optional(),
});
const moment = z.object({
  time: number(0, 1e9, 'must be seconds from the start of the video').default(0).describe('Seconds from the start'),
});
const picture = z.object({ thumbnail: z.string(), thumbnail_url: z.string() });

/** What exports and uploads made. */
export function videoRoutes(deps: HttpDeps): Api {
  const { assets } = deps.store;
  const api = new Api('Videos');

  api.get(
    '/video',
    {
      summary: 'Lists videos, newest first',
      query: page,
      answer: z.object({ videos: z.array(videoAnswer) }),
    },
    (c, { query: { collection_id: id, page_index: n = 0, count = Number.POSITIVE_INFINITY } }) => {
      const where = id === undefined ? {} : { collectionId: collectionBy(deps, id).id };
      const base = origin(c, deps.config);
      const from = n === 0 ? 0 : n * count;
      const wanted = assets.list({ ...where, kind: 'video' }).slice(from, from + count);
      return { videos: wanted.map((asset) => videoView(asset, deps, base)) };
    },
  );

  api.get('/video/:id', { summary: 'One video', query: listing, answer: videoAnswer }, (c, { params, query }) => {
    const asset = playableBy(deps, params.id);
    demandCollection(deps, asset.collectionId, query.collection_id);
    return videoView(asset, deps, origin(c, deps.config));
  });

  api.patch(
    '/video/:id',
    { summary: 'Renames a video', body: change, answer: videoAnswer },
    (c, { params, body: { name, description } }) => {
      const { id } = playableBy(deps, params.id);
      const patch = { ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description }) };
      return videoView(assets.update(id, patch), deps, origin(c, deps.config));
    },
  );

  api.delete(
    '/video/:id',
    { summary: 'Deletes a video with its indexes; links to it end', query: listing, answer: z.object({}) },
    (_c, { params, query }) => {
      const asset = playableBy(deps, params.id);
      demandCollection(deps, asset.collectionId, query.collection_id);
      assets.delete(asset.id);
      return {};
    },
  );

  api.delete(
    '/video/:id/storage',
    { summary: "Deletes a video's media; what is known of it stays, and is found", answer: z.object({}) },
    (_c, { params }) => {
      assets.removeMedia(playableBy(deps, params.id).id);
      return {};
    },
  );

  pictureRoutes(api, deps);
  return api;
}

function pictureRoutes(api: Api, deps: HttpDeps): void {
  const { assets } = deps.store;

  api.get('/video/:id/thumbnail', { summary: "A link to the video's picture", answer: picture }, (c, { params }) => {
    const url = origin(c, deps.config) + deps.links.picturePath(seenBy(deps, params.id).id);
    return { thumbnail: url, thumbnail_url: url };
  });

  api.post(
    '/video/:id/thumbnail',
    { summary: 'Keeps the picture at a time of the video as an image', body: moment, answer: imageAnswer },
    async (c, { params, body: { time } }) => {
      const video = seenBy(deps, params.id);
      const image = await keepThumbnail(deps, video, time * 1000, c.req.raw.signal);
      return imageView(image, deps, origin(c, deps.config));
    },
  );

  api.get(
    '/video/:id/thumbnails',
    { summary: 'The pictures that were kept of a video', answer: z.array(imageAnswer) },
    (c, { params }) => {
      const video = seenBy(deps, params.id);
      const base = origin(c, deps.config);
      return assets
        .list({ collectionId: video.collectionId, kind: 'image' })
        .filter((image) => image.origin.kind === 'thumbnail' && image.origin.videoId === video.id)
        .map((image) => imageView(image, deps, base));
    },
  );
}

function seenBy(deps: HttpDeps, id: string) {
  const asset = playableBy(deps, id);
  if (asset.width === 0) throw new Fault('refused', 'audio has no pictures');
  return asset;
}

/** A video is found in its own collection only. */
function demandCollection(deps: HttpDeps, actual: string, asked: string | undefined): void {
  if (asked === undefined) return;
  const { id, name } = collectionBy(deps, asked);
  if (id !== actual) throw new Fault('not_found', `video_id: the collection "${name}" has no such video`);
}
