import { z } from 'zod';
import type { DescribeInput } from '#assets';
import { type Asset, newId, type SceneCollection } from '#domain';
import { Fault } from '#runtime';
import { origin } from '../address.ts';
import type { HttpDeps } from '../deps.ts';
import { EXTRACTION_CONFIG, extractionTypes, oneFrame, readExtraction } from '../indexes/extraction.ts';
import { callbackAddress, flag, opaque, prompt } from '../input.ts';
import { playableBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { answerOf, describedAnswer, runJob } from './jobs.ts';
import { configView, sceneCollectionAnswer, sceneCollectionView } from './scene-collection-views.ts';

const request = z.object({
  extraction_type: extractionTypes.default('shot'),
  extraction_config: opaque.default({}).describe(EXTRACTION_CONFIG),
  force: flag.default(false).describe('Cuts again what was cut in the same way before'),
  callback_url: callbackAddress,
});
const describeRequest = z.object({
  prompt: prompt('What is the person doing?').default('Describe the scene'),
});
const listAnswer = z.object({
  scene_collections: z.array(
    z.object({
      scene_collection_id: z.string(),
      config: z.record(z.string(), z.unknown()),
      status: z.enum(['processing', 'done', 'failed']),
    }),
  ),
});
const collectionQuery = z.object({ collection_id: z.string().optional() });

/** Videos cut into scenes, whose frames are pictures; described one by one. */
export function sceneCollectionRoutes(deps: HttpDeps): Api {
  const { sceneCollections } = deps.store;
  const api = new Api('Video indexes');

  api.post(
    '/video/:id/scenes',
    {
      summary: 'Cuts a video into scenes, by time, shots or speech',
      body: request,
      answer: sceneCollectionAnswer,
      job: true,
    },
    async (c, { params, body }) => {
      const collection = draftOf(playableBy(deps, params.id), body, deps);
      const same = cutAlike(collection, deps);
      if (same && !body.force) {
        return same.status === 'done'
          ? sceneCollectionView(same, deps, origin(c, deps.config))
          : answerOf(c, deps, same.jobId ?? '');
      }
      if (same) sceneCollections.delete(same.id);
      sceneCollections.create(collection);
      const callback = body.callback_url === '' ? {} : { callbackUrl: body.callback_url };
      const job = deps.jobs.submit('extract_scenes', { collectionId: collection.id }, callback);
      sceneCollections.update(collection.id, { jobId: job.id });
      return answerOf(c, deps, job.id);
    },
  );

  api.get(
    '/video/:id/scenes',
    { summary: "Lists a video's scene collections", query: collectionQuery, answer: listAnswer },
    (_c, { params }) => ({
      scene_collections: sceneCollections.listByAsset(playableBy(deps, params.id).id).map((collection) => ({
        scene_collection_id: collection.id,
        config: configView(collection),
        status: statusOf(collection, deps),
      })),
    }),
  );

  api.get(
    '/video/:id/scenes/:collection',
    {
      summary: 'The scenes of a collection; while they are being cut, how far that is',
      query: collectionQuery,
      answer: sceneCollectionAnswer,
      job: true,
    },
    async (c, { params }) => {
      const collection = collectionOf(deps, params.id, params.collection);
      if (collection.status !== 'done') return answerOf(c, deps, collection.jobId ?? '');
      return sceneCollectionView(collection, deps, origin(c, deps.config));
    },
  );

  api.delete(
    '/video/:id/scenes/:collection',
    { summary: 'Deletes a scene collection', query: collectionQuery, answer: z.object({}) },
    (_c, { params }) => {
      sceneCollections.delete(collectionOf(deps, params.id, params.collection).id);
      return {};
    },
  );

  describeRoutes(api, deps);
  return api;
}

function describeRoutes(api: Api, deps: HttpDeps): void {
  const described = { body: describeRequest, answer: describedAnswer, job: true } as const;

  api.post(
    '/video/:id/scene/:scene/describe',
    { summary: 'Describes a scene of a collection by a prompt, and keeps what was said', ...described },
    (c, { params, body }) => runJob(c, deps, 'describe', { ...sceneBy(deps, params.id, params.scene), ...body }),
  );

  api.post(
    '/video/:id/frame/:frame/describe',
    { summary: 'Describes a frame of a scene by a prompt, and keeps what was said', ...described },
    (c, { params, body }) => runJob(c, deps, 'describe', { ...frameBy(deps, params.id, params.frame), ...body }),
  );
}

function draftOf(asset: Asset, body: z.output<typeof request>, { clock }: HttpDeps): SceneCollection {
  const spoken = body.extraction_type === 'transcript';
  if (asset.width === 0) throw new Fault('refused', 'audio has no scenes: it has a transcript');
  const asked = spoken ? body.extraction_config : oneFrame(body.extraction_config);
  const { extraction, config } = readExtraction(body.extraction_type, asked);
  return {
    id: newId('scenes'),
    assetId: asset.id,
    extraction: { type: extraction.type },
    extractionConfig: config,
    status: 'processing',
    scenes: [],
    createdMs: clock.nowMs(),
  };
}

/** One whose job failed makes room. */
function cutAlike(wanted: SceneCollection, deps: HttpDeps): SceneCollection | undefined {
  const asks = (collection: SceneCollection) => JSON.stringify(configView(collection));
  const all = deps.store.sceneCollections.listByAsset(wanted.assetId).filter((other) => asks(other) === asks(wanted));
  for (const { id } of all.filter((other) => statusOf(other, deps) === 'failed'))
    deps.store.sceneCollections.delete(id);
  return all.find((other) => statusOf(other, deps) !== 'failed');
}

function statusOf({ status, jobId = '' }: SceneCollection, { store }: HttpDeps): 'processing' | 'done' | 'failed' {
  if (status === 'done') return status;
  return store.jobs.get(jobId)?.status === 'processing' ? 'processing' : 'failed';
}

/** The collection, when it is of the video. Throws `refused` where cutting failed and nobody knows why any more. */
function collectionOf(deps: HttpDeps, videoId: string, id: string): SceneCollection {
  const video = playableBy(deps, videoId);
  const collection = deps.store.sceneCollections.get(id);
  if (collection?.assetId !== video.id) throw unknown('scene_collection_id', 'scene collection', id, video.id);
  if (collection.status !== 'done' && !deps.store.jobs.get(collection.jobId ?? '')) {
    throw new Fault('refused', 'the video could not be cut into scenes: delete the collection and begin again');
  }
  return collection;
}

function sceneBy(deps: HttpDeps, videoId: string, id: string): Pick<DescribeInput, 'collectionId' | 'scene'> {
  const [, collectionId = '', n = ''] = /^(sc-[0-9a-f]+)-(\d+)$/.exec(id) ?? [];
  const video = playableBy(deps, videoId);
  const collection = deps.store.sceneCollections.get(collectionId);
  const scene = Number(n);
  if (collection?.assetId === video.id && collection.scenes[scene]) return { collectionId, scene };
  throw unknown('scene_id', 'scene', id, video.id);
}

function frameBy(deps: HttpDeps, videoId: string, id: string): Omit<DescribeInput, 'prompt'> {
  const [, sceneId = '', n = ''] = /^(.+)-(\d+)$/.exec(id) ?? [];
  const found = sceneBy(deps, videoId, sceneId);
  const frame = Number(n);
  if (deps.store.sceneCollections.get(found.collectionId)?.scenes[found.scene]?.frames[frame])
    return { ...found, frame };
  throw unknown('frame_id', 'frame', id, videoId);
}

function unknown(field: string, kind: string, id: string, videoId: string): Fault {
  const list = `GET /video/${videoId.slice(0, 80)}/scenes lists them`;
  return new Fault('not_found', `${field}: there is no ${kind} "${id.slice(0, 80)}" of this video; ${list}`);
}
