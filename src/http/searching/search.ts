import { z } from 'zod';
import type { Transcript } from '#domain';
import { origin } from '../address.ts';
import type { HttpDeps } from '../deps.ts';
import { recordAnswer, recordView, sceneAnswer, sceneView } from '../indexes/scene-views.ts';
import { number, text, whole } from '../input.ts';
import { boxBy, collectionBy, indexBy, streamBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { findOnStreams, type StreamHit } from './stream-search.ts';

const EXAMPLE = 'a person at the gate';

/** What all searches by VideoDB's clients may say. */
export const searchRequest = z.object({
  query: text(2000, EXAMPLE),
  scene_index_id: z.string('must be the id of a scene index').optional().describe('Only this index'),
  index_id: z.string('must be the id of a scene index').optional().describe('The same as scene_index_id'),
  score_threshold: number(0, 1).optional().describe('What scores less is left out; 0.15 by itself'),
  dynamic_score_percentage: number(0, 100)
    .optional()
    .describe('Keeps what lies in this upper part between the lowest score and the highest'),
  filter: z
    .array(
      z.record(z.string(), z.union([z.string().max(500), z.number(), z.boolean()]), 'must be {"key": "value"}'),
      'must be a list such as [{"label": "person"}]',
    )
    .max(20, 'must not have more than 20 members')
    .default([])
    .describe('Each must be in the metadata: equal, in a list, or a label of what was counted')
    .meta({ examples: [[{ label: 'person' }]] }),
});
const request = searchRequest.extend({ result_threshold: whole(1, 1000).default(10).describe('At most so many') });
const ownRequest = z.object({
  q: text(2000, EXAMPLE),
  limit: whole(1, 100).default(20),
  stream: z.string().optional(),
  box: z.string().optional().describe('The id of a box: only its cameras; of this one its own'),
});

const result = recordAnswer.extend({
  scene_id: recordAnswer.shape.scene_id.optional().describe('Absent for what was said'),
  score: z.number().describe('0 to 1: how sure the box is; the same score means the same for every query'),
  search_score: z.number().describe('The same'),
  id: z.string().describe("The stream's"),
  rtstream_id: z.string(),
  rtstream_name: z.string(),
  scene_index_id: z.string().describe('Empty for what was said'),
  scene_index_name: z.string().describe('"transcript" for what was said'),
});
export const streamResults = z.object({ results: z.array(result) });

/** Must be registered before the routes of one stream, which would take `collection` for its id. */
export function searchRoutes(deps: HttpDeps): Api {
  const api = new Api('Search');

  api.post(
    '/rtstream/collection/:id/search',
    { need: 'read', summary: 'Searches all streams of a collection', body: request, answer: streamResults },
    (c, { params, body }) => inCollection(deps, params.id, body, origin(c, deps.config), c.req.raw.signal),
  );

  api.post(
    '/rtstream/:id/search',
    {
      need: 'read',
      summary: 'Searches what was seen and heard on a stream, by words and by meaning',
      body: request,
      answer: streamResults,
    },
    async (c, { params, body }) => {
      const { id } = streamBy(deps, params.id);
      const index = indexNamed(body);
      const where = { streamId: id, ...(index === undefined ? {} : { indexId: indexBy(deps, id, index).id }) };
      const query = { ...narrowed(body), ...where, signal: c.req.raw.signal };
      return viewed(await findOnStreams(deps, query), deps, origin(c, deps.config));
    },
  );

  api.get(
    '/v1/search',
    {
      summary: 'Searches what was seen and heard on all streams, on those of a box, or on one',
      query: ownRequest,
      answer: z.object({ results: z.array(ownResult) }),
    },
    async (c, { query: { q, limit, stream, box } }) => {
      const where = {
        ...(stream === undefined ? {} : { streamId: streamBy(deps, stream).id }),
        ...(box === undefined ? {} : { boxId: boxBy(deps, box) }),
      };
      const hits = await findOnStreams(deps, { text: q, limit, ...where, signal: c.req.raw.signal });
      return { results: hits.map((hit) => ownView(hit, deps)) };
    },
  );

  return api;
}

const ownResult = sceneAnswer
  .extend({
    kind: z.enum(['scene', 'transcript']),
    id: z.number().describe('Of the scene or the transcript'),
    index_id: z.string().describe('Empty for a transcript'),
    score: z.number(),
  })
  .meta({ id: 'SceneHit' });

/** Over all streams of a collection. */
export async function inCollection(
  deps: HttpDeps,
  collectionId: string,
  body: z.output<typeof request>,
  base: string,
  signal: AbortSignal,
): Promise<z.input<typeof streamResults>> {
  const { id } = collectionBy(deps, collectionId);
  const index = indexNamed(body);
  const where = { collectionId: id, ...(index === undefined ? {} : { indexId: index }) };
  return viewed(await findOnStreams(deps, { ...narrowed(body), ...where, signal }), deps, base);
}

/** Clients write it either way; empty is none. */
export function indexNamed(body: { scene_index_id?: string | undefined; index_id?: string | undefined }) {
  return body.scene_index_id || body.index_id || undefined;
}

function narrowed(body: z.output<typeof request>) {
  const { query, score_threshold: least, dynamic_score_percentage: dynamic, filter, result_threshold: limit } = body;
  return {
    text: query,
    limit,
    ...(least === undefined ? {} : { scoreThreshold: least }),
    ...(dynamic === undefined ? {} : { dynamicPercentage: dynamic }),
    filter,
  };
}

function viewed(hits: StreamHit[], deps: HttpDeps, base: string): z.input<typeof streamResults> {
  return { results: hits.map((hit) => resultView(hit, deps, base)) };
}

function resultView(hit: StreamHit, deps: HttpDeps, base: string): z.input<typeof result> {
  const { streams, indexes } = deps.store;
  const { score } = hit;
  const { streamId, indexId } = 'scene' in hit ? hit.scene : { ...hit.transcript, indexId: '' };
  return {
    ...('scene' in hit ? recordView(hit.scene, deps, base) : saidView(hit.transcript)),
    score,
    search_score: score,
    id: streamId,
    rtstream_id: streamId,
    rtstream_name: streams.get(streamId)?.name ?? '',
    scene_index_id: indexId,
    scene_index_name: 'scene' in hit ? (indexes.get(indexId)?.name ?? '') : 'transcript',
  };
}

function saidView({ startMs, endMs, text, language, confidence }: Transcript) {
  const metadata = {
    ...(language === undefined ? {} : { language }),
    ...(confidence === undefined ? {} : { confidence }),
  };
  return { start: startMs / 1000, end: endMs / 1000, text, description: text, metadata };
}

function ownView(hit: StreamHit, deps: HttpDeps): z.input<typeof ownResult> {
  const { score } = hit;
  if ('scene' in hit) return { ...sceneView(hit.scene, deps), kind: 'scene', score };
  const { id, streamId, startMs, endMs, text } = hit.transcript;
  return { ...sceneView({ id, streamId, indexId: '', startMs, endMs, text }, deps), kind: 'transcript', score };
}
