import { z } from 'zod';
import { assetThumbnail } from '#assets';
import { Fault } from '#runtime';
import { demandKeyOrLink } from '../auth.ts';
import type { HttpDeps } from '../deps.ts';
import { serveFile } from '../files.ts';
import { whole } from '../input.ts';
import { Api } from '../route.ts';

const FOREVER = 'private, max-age=86400, immutable';
/** Pictures of videos that are made at once, each by an ffmpeg of its own. */
const MOST_AT_ONCE = 2;
const signature = z.string().optional();
const picture = { answer: z.never(), mediaType: 'image/jpeg' };

/** Pictures of scenes and assets: with an API key, or with the signature that is part of their links. */
export function pictureRoutes(deps: HttpDeps): Api {
  const { store, links, thumbsDir } = deps;
  const api = new Api('Pictures', { open: true });
  let making = 0;

  api.get(
    '/v1/thumbs/:name{[0-9]+\\.jpg}',
    {
      summary: 'The picture of a scene, named by its id and ".jpg"; with a key, or the "t" of its link',
      query: z.object({ t: signature }),
      ...picture,
    },
    (c, { params, query }) => {
      const id = Number.parseInt(params.name, 10);
      demandKeyOrLink(c, deps, query.t, (t) => links.verifyThumb(id, t));
      const path = store.scenes.get(id)?.thumbPath;
      if (path === undefined) throw new Fault('not_found', `scene_id: there is no picture of scene ${id}`);
      return serveFile(c, thumbsDir, path, { type: 'image/jpeg', cacheControl: FOREVER });
    },
  );

  api.get(
    '/v1/pictures/:name{[A-Za-z0-9-]+\\.jpg}',
    {
      summary: 'The picture of a video "at" so many ms, or an image; with a key, or the "t" of its link',
      query: z.object({ t: signature, at: whole(0, 1_000_000_000_000).optional() }),
      ...picture,
    },
    async (c, { params, query: { t, at } }) => {
      const id = params.name.slice(0, -'.jpg'.length);
      demandKeyOrLink(c, deps, t, (signed) => links.verifyPicture(id, at, signed));
      const asset = store.assets.get(id);
      if (!asset) throw new Fault('not_found', 'video_id: there is no such video, audio or image');
      if (at === undefined && asset.thumbPath !== undefined) {
        return serveFile(c, deps.assetsDir, asset.thumbPath, { type: typeOf(asset.thumbPath), cacheControl: FOREVER });
      }
      if (making >= MOST_AT_ONCE) throw new Fault('unavailable', 'too many pictures are being made: try again');
      making += 1;
      try {
        const jpeg = await assetThumbnail(deps, asset, at ?? 0, c.req.raw.signal);
        return c.body(new Uint8Array(jpeg), 200, { 'Content-Type': 'image/jpeg', 'Cache-Control': FOREVER });
      } finally {
        making -= 1;
      }
    },
  );

  return api;
}

function typeOf(path: string): string {
  const types: Readonly<Record<string, string>> = {
    png: 'image/png',
    webp: 'image/webp',
    gif: 'image/gif',
    bmp: 'image/bmp',
    tiff: 'image/tiff',
    jp2: 'image/jp2',
    img: 'application/octet-stream',
  };
  return types[path.slice(path.lastIndexOf('.') + 1)] ?? 'image/jpeg';
}
