import { Hono } from 'hono';
import { z } from 'zod';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { Fault } from '#runtime';
import type { SceneHit } from '#store';
import { origin } from './address.ts';
import type { HttpContext, HttpDeps, HttpEnv, Routes } from './deps.ts';
import { ok } from './envelope.ts';
import { number, readBody, readQuery, text, whole } from './input.ts';
import { collectionBy, indexBy, streamBy } from './lookup.ts';
import { recordView, sceneView } from './scene-views.ts';

const EXAMPLE = 'a person at the gate';
const request = z
  .object({
    query: text(2000, EXAMPLE),
    scene_index_id: z.string('must be the id of a scene index').optional(),
    index_id: z.string('must be the id of a scene index').optional(),
    result_threshold: whole(1, 100).default(10),
    score_threshold: number(0, 1).optional(),
    filter: z.array(z.unknown(), 'must be a list').default([]),
  })
  .transform(({ index_id, ...rest }) => ({ ...rest, scene_index_id: rest.scene_index_id || index_id }));
const ownRequest = z.object({
  q: text(2000, EXAMPLE),
  limit: whole(1, 100).default(20),
  stream: z.string().optional(),
});

interface Where {
  streamId?: string;
  collectionId?: string;
  indexId?: string;
}

/** Must be registered before the routes of one stream, which would take `collection` for its id. */
export function searchRoutes(deps: HttpDeps): Routes {
  const routes = new Hono<HttpEnv>();

  routes.post('/rtstream/collection/:id/search', async (c) => {
    const { id } = collectionBy(deps, c.req.param('id'));
    return answer(c, await readBody(c, request), { collectionId: id }, deps);
  });

  routes.post('/rtstream/:id/search', async (c) => {
    const { id } = streamBy(deps, c.req.param('id'));
    const body = await readBody(c, request);
    if (body.scene_index_id) indexBy(deps, id, body.scene_index_id);
    return answer(c, body, { streamId: id }, deps);
  });

  routes.get('/v1/search', (c) => {
    const { q, limit, stream } = readQuery(c, ownRequest);
    const where = stream === undefined ? {} : { streamId: streamBy(deps, stream).id };
    const hits = find(deps, q, { ...where, limit });
    return ok(c, { results: hits.map(({ scene, score }) => ({ ...sceneView(scene, deps), score })) });
  });

  return routes;
}

function answer(c: HttpContext, body: z.output<typeof request>, where: Where, deps: HttpDeps): Response {
  if (body.filter.length > 0) throw new Fault('refused', 'filter: not supported for streams; leave it out or empty');
  const hits = find(deps, body.query, {
    ...where,
    ...(body.scene_index_id ? { indexId: body.scene_index_id } : {}),
    ...(body.score_threshold === undefined ? {} : { scoreThreshold: body.score_threshold }),
    limit: body.result_threshold,
  });
  const base = origin(c, deps.config);
  return ok(c, { results: hits.map((hit) => resultView(hit, deps, base)) });
}

function find(deps: HttpDeps, query: string, where: Where & { limit: number; scoreThreshold?: number }): SceneHit[] {
  return deps.store.scenes.search({
    text: query,
    vector: embedText(query),
    model: TEXT_EMBEDDING.model,
    ...where,
  });
}

function resultView({ scene, score }: SceneHit, deps: HttpDeps, base: string): object {
  const { store } = deps;
  return {
    ...recordView(scene, deps, base),
    score,
    search_score: score,
    id: scene.streamId,
    rtstream_id: scene.streamId,
    rtstream_name: store.streams.get(scene.streamId)?.name ?? '',
    scene_index_id: scene.indexId,
    scene_index_name: store.indexes.get(scene.indexId)?.name ?? '',
  };
}
