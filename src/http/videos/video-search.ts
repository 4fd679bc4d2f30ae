import { z } from 'zod';
import type { AssetIndex } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { Fault } from '#runtime';
import type { AssetHit } from '#store';
import { origin } from '../address.ts';
import type { HttpDeps } from '../deps.ts';
import { text, whole } from '../input.ts';
import { collectionBy, playableBy, videoIndexBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { inCollection, indexNamed, searchRequest, streamResults } from '../searching/search.ts';
import { picturesBy } from '../searching/stream-search.ts';
import { videoAnswer, videoView } from './asset-views.ts';
import { grouped, videoResult } from './video-results.ts';

const SEMANTIC_SHOTS = 50;

const legacyRequest = searchRequest.extend({
  search_type: z
    .enum(['semantic', 'keyword', 'scene', 'llm', 'custom'], 'must be "semantic" or "keyword"')
    .default('semantic')
    .describe('By words and meaning, or by words only (keyword)'),
  index_type: z
    .enum(['spoken_word', 'scene'], 'must be "spoken_word" or "scene"')
    .default('spoken_word')
    .describe('What is said, or what is seen'),
  result_threshold: whole(1, 1000).default(SEMANTIC_SHOTS).describe('At most so many shots'),
  sort_docs_on: z.enum(['score', 'start', 'rtstream'], 'must be "score" or "start"').default('score'),
});
/** What the newer clients say. */
export const latestRequest = searchRequest.extend({
  top_k: whole(1, 1000).default(10).describe('At most so many shots'),
});
const titleRequest = z.object({ query: text(2000, 'delivery on Monday') });

const shots = z.object({ results: z.array(videoResult) });
const shotsOrScenes = z.union([shots, streamResults]);
/** What the newer clients' searches answer. */
export const searchAnswer = z.object({
  response_type: z.literal('shots'),
  session_id: z.null(),
  waiting_for: z.literal('none'),
  clarification: z.null(),
  trace: z.null(),
  results: z.array(videoResult),
});

/** In one video, or in all of a collection. */
export type Where = { assetId: string } | { collectionId: string };

/** Both generations of VideoDB's search in videos. */
export function videoSearchRoutes(deps: HttpDeps): Api {
  const api = new Api('Search');

  api.post(
    '/video/:id/search',
    { need: 'read', summary: 'Searches a video; nothing found is a refusal', body: legacyRequest, answer: shots },
    async (c, { params, body }) => {
      const video = playableBy(deps, params.id);
      const index = indexNamed(body);
      if (index !== undefined) videoIndexBy(deps, video, index);
      return { results: await found(deps, body, { assetId: video.id }, origin(c, deps.config)) };
    },
  );

  api.post(
    '/collection/:id/search',
    {
      need: 'read',
      summary: "Searches a collection's videos; nothing found is a refusal",
      body: legacyRequest,
      answer: shotsOrScenes,
    },
    async (c, { params, body }) => {
      const base = origin(c, deps.config);
      // Scripts for older Node clients give the namespace in this place.
      if (body.sort_docs_on === 'rtstream') return inCollection(deps, params.id, body, base, c.req.raw.signal);
      return { results: await found(deps, body, { collectionId: collectionBy(deps, params.id).id }, base) };
    },
  );

  latestRoutes(api, deps);
  return api;
}

function latestRoutes(api: Api, deps: HttpDeps): void {
  api.post(
    '/video/:id/search/v2',
    { need: 'read', summary: 'Searches all that is known of a video', body: latestRequest, answer: searchAnswer },
    async (c, { params, body }) => {
      const video = playableBy(deps, params.id);
      const index = indexNamed(body);
      if (index !== undefined) videoIndexBy(deps, video, index);
      return searchView(await find(deps, body, { assetId: video.id, limit: body.top_k }), deps, origin(c, deps.config));
    },
  );

  api.post(
    '/collection/:id/search/v2',
    {
      need: 'read',
      summary: "Searches all that is known of a collection's videos",
      body: latestRequest,
      answer: searchAnswer,
    },
    async (c, { params, body }) => {
      const { id } = collectionBy(deps, params.id);
      return searchView(await find(deps, body, { collectionId: id, limit: body.top_k }), deps, origin(c, deps.config));
    },
  );

  api.post(
    '/collection/:id/search/title',
    {
      need: 'read',
      summary: 'Finds videos by the words of their names',
      body: titleRequest,
      answer: z.array(z.object({ video: videoAnswer })),
    },
    (c, { params, body }) => {
      const words = body.query.toLowerCase().split(/\s+/);
      const videos = deps.store.assets.list({ collectionId: collectionBy(deps, params.id).id, kind: 'video' });
      const base = origin(c, deps.config);
      return videos
        .filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)))
        .map((asset) => ({ video: videoView(asset, deps, base) }));
    },
  );
}

async function found(
  deps: HttpDeps,
  body: z.output<typeof legacyRequest>,
  where: Where,
  base: string,
): Promise<z.input<typeof videoResult>[]> {
  const hits = await find(deps, body, {
    ...where,
    ...kindOf(body),
    limit: body.result_threshold,
    mode: body.search_type === 'keyword' ? 'keyword' : 'hybrid',
  });
  if (hits.length === 0) throw new Fault('refused', 'No results found');
  const groups = grouped(hits, deps, base);
  if (body.sort_docs_on === 'start') for (const { docs } of groups) docs.sort((a, b) => a.start - b.start);
  return groups;
}

/** An index that is named decides, whatever its kind. */
function kindOf(body: z.output<typeof legacyRequest>): { kind?: AssetIndex['kind'] } {
  if (indexNamed(body) !== undefined) return {};
  return { kind: body.search_type === 'scene' ? 'scene' : body.index_type };
}

/** Best first; by meaning too, and by what is seen where a model compares that. */
export async function find(
  deps: HttpDeps,
  body: z.output<typeof searchRequest>,
  narrowing: Where & { limit: number; kind?: AssetIndex['kind']; mode?: 'hybrid' | 'keyword' },
): Promise<AssetHit[]> {
  const { query, score_threshold: least, dynamic_score_percentage: dynamic, filter } = body;
  const index = indexNamed(body);
  const pictures = narrowing.mode === 'keyword' ? undefined : await picturesBy(query, deps.pictureQuery);
  return deps.store.assetIndexes.search({
    text: query,
    vector: embedText(query),
    model: TEXT_EMBEDDING.model,
    mode: 'hybrid',
    ...(pictures ? { pictures } : {}),
    ...narrowing,
    ...(index === undefined ? {} : { indexId: index }),
    ...(least === undefined ? {} : { scoreThreshold: least }),
    ...(dynamic === undefined ? {} : { dynamicPercentage: dynamic }),
    filter,
  });
}

export function searchView(hits: AssetHit[], deps: HttpDeps, base: string): z.input<typeof searchAnswer> {
  const about = { session_id: null, waiting_for: 'none', clarification: null, trace: null } as const;
  return { response_type: 'shots', ...about, results: grouped(hits, deps, base) };
}
