import { z } from 'zod';
import type { Asset, AssetKind } from '#domain';
import { Fault } from '#runtime';
import { origin } from '../address.ts';
import type { HttpDeps } from '../deps.ts';
import { text } from '../input.ts';
import { collectionBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { audioAnswer, audioView, imageAnswer, imageView, playView } from './asset-views.ts';
import { transcriptAnswer, transcriptOf, transcriptQuery, transcriptRequest } from './video-transcription.ts';

const listing = z.object({ collection_id: z.string().optional() });
const change = z.object({
  name: text(200, 'Delivery on Monday').optional(),
  description: z.string('must be text').max(2000, 'must not be longer than 2000 characters').optional(),
});
/** What formats and sizes a client asks for is not looked at: there is the one that was sent. */
const link = z.object({ signed_url: z.string() });

/** Audio that was exported or uploaded. */
export function audioRoutes(deps: HttpDeps): Api {
  const { assets } = deps.store;
  const api = new Api('Audio and images');

  api.get(
    '/audio',
    { summary: 'Lists audio, newest first', query: listing, answer: z.object({ audios: z.array(audioAnswer) }) },
    (c, { query }) => {
      const base = origin(c, deps.config);
      return { audios: listed(deps, 'audio', query.collection_id).map((audio) => audioView(audio, deps, base)) };
    },
  );

  api.get('/audio/:id', { summary: 'One audio', query: listing, answer: audioAnswer }, (c, { params, query }) =>
    audioView(mediaBy(deps, 'audio', params.id, query.collection_id), deps, origin(c, deps.config)),
  );

  api.patch(
    '/audio/:id',
    { summary: 'Renames audio', query: listing, body: change, answer: audioAnswer },
    (c, { params, query, body }) => {
      const { id } = mediaBy(deps, 'audio', params.id, query.collection_id);
      return audioView(assets.update(id, given(body)), deps, origin(c, deps.config));
    },
  );

  api.delete(
    '/audio/:id',
    { summary: 'Deletes audio; links to it end', query: listing, answer: z.object({}) },
    (_c, { params, query }) => {
      assets.delete(mediaBy(deps, 'audio', params.id, query.collection_id).id);
      return {};
    },
  );

  api.post(
    '/audio/:id/generate_url',
    {
      need: 'read',
      summary: 'A link that plays the audio without a key',
      query: listing,
      answer: link.extend({ stream_url: z.string(), player_url: z.string() }),
    },
    (c, { params, query }) => {
      const audio = mediaBy(deps, 'audio', params.id, query.collection_id);
      const play = playView(audio, deps, origin(c, deps.config));
      return { signed_url: play.stream_url, ...play };
    },
  );

  transcriptRoutes(api, deps);
  return api;
}

function transcriptRoutes(api: Api, deps: HttpDeps): void {
  api.get(
    '/audio/:id/transcription',
    {
      summary: 'What is said in audio: by words, sentences or seconds',
      query: transcriptQuery,
      answer: transcriptAnswer,
    },
    (_c, { params, query }) => transcriptOf(mediaBy(deps, 'audio', params.id), query, deps),
  );

  api.post(
    '/audio/:id/transcription',
    { summary: 'Writes down what is said in audio', body: transcriptRequest, answer: transcriptAnswer },
    (_c, { params }) => transcriptOf(mediaBy(deps, 'audio', params.id), transcriptQuery.parse({}), deps),
  );
}

/** Images that were uploaded, or kept of videos. */
export function imageRoutes(deps: HttpDeps): Api {
  const { assets } = deps.store;
  const api = new Api('Audio and images');

  api.get(
    '/image',
    { summary: 'Lists images, newest first', query: listing, answer: z.object({ images: z.array(imageAnswer) }) },
    (c, { query }) => {
      const base = origin(c, deps.config);
      return { images: listed(deps, 'image', query.collection_id).map((image) => imageView(image, deps, base)) };
    },
  );

  api.get('/image/:id', { summary: 'One image', query: listing, answer: imageAnswer }, (c, { params, query }) =>
    imageView(mediaBy(deps, 'image', params.id, query.collection_id), deps, origin(c, deps.config)),
  );

  api.patch(
    '/image/:id',
    { summary: 'Renames an image', query: listing, body: change, answer: imageAnswer },
    (c, { params, query, body }) => {
      const { id } = mediaBy(deps, 'image', params.id, query.collection_id);
      return imageView(assets.update(id, given(body)), deps, origin(c, deps.config));
    },
  );

  api.delete(
    '/image/:id',
    { summary: 'Deletes an image; links to it end', query: listing, answer: z.object({}) },
    (_c, { params, query }) => {
      assets.delete(mediaBy(deps, 'image', params.id, query.collection_id).id);
      return {};
    },
  );

  api.post(
    '/image/:id/generate_url',
    {
      need: 'read',
      summary: 'A link that shows the image without a key',
      query: listing,
      answer: link.extend({ image_url: z.string() }),
    },
    (c, { params, query }) => {
      const { url } = imageView(mediaBy(deps, 'image', params.id, query.collection_id), deps, origin(c, deps.config));
      return { signed_url: url, image_url: url };
    },
  );

  return api;
}

type Kind = Exclude<AssetKind, 'video'>;

/** Of one collection, or of all. */
function listed(deps: HttpDeps, kind: Kind, collection: string | undefined): Asset[] {
  const where = collection === undefined ? {} : { collectionId: collectionBy(deps, collection).id };
  return deps.store.assets.list({ ...where, kind });
}

/** Throws `not_found` for what is of another kind or lies in another collection than the one named. */
function mediaBy(deps: HttpDeps, kind: Kind, id: string, collection?: string): Asset {
  const asset = deps.store.assets.get(id);
  const right = collection === undefined || asset?.collectionId === collectionBy(deps, collection).id;
  if (asset?.kind === kind && right) return asset;
  throw new Fault('not_found', `${kind}_id: there is no ${kind} "${id.slice(0, 80)}"; GET /${kind} lists them`);
}

function given({ name, description }: z.output<typeof change>): Partial<Pick<Asset, 'name' | 'description'>> {
  return { ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description }) };
}
