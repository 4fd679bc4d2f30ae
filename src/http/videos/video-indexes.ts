import { z } from 'zod';
import { type Asset, type AssetIndex, type AssetRecord, newId } from '#domain';
import { Fault } from '#runtime';
import { origin } from '../address.ts';
import type { HttpContext, HttpDeps } from '../deps.ts';
import { EXTRACTION_CONFIG, extractionTypes, oneFrame, readExtraction } from '../indexes/extraction.ts';
import { callbackAddress, flag, opaque, prompt, text } from '../input.ts';
import { playableBy, videoIndexBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { GIVEN_LIMIT, givenScenes, indexGiven, readScenes } from './given-scenes.ts';
import { answerOf, indexedAnswer, transcribedAnswer } from './jobs.ts';

const EXAMPLE_PROMPT = 'Describe who and what is in the picture';
const DEFAULT_PROMPT = 'Describe the scene';

const sceneRequest = z
  .object({
    extraction_type: extractionTypes.default('time'),
    extraction_config: opaque.default({}).describe(EXTRACTION_CONFIG),
    prompt: prompt(EXAMPLE_PROMPT).default(DEFAULT_PROMPT),
    metadata: opaque.default({}).describe('Kept with each record, for filters'),
    model_name: text(100, 'basic').default('basic'),
    name: text(200, 'Who comes and goes').optional(),
    scenes: givenScenes
      .default([])
      .describe('Of these, as they are described; without, the box finds scenes by itself'),
    callback_url: callbackAddress,
  })
  .meta({ examples: [{ prompt: EXAMPLE_PROMPT, extraction_type: 'shot' }] });

const spokenRequest = z.object({
  index_type: z.literal('spoken_word', 'must be "spoken_word"; scenes are indexed by POST /video/{id}/index/scene'),
  segmentation_type: z.enum(['word', 'sentence', 'time'], 'must be "word", "sentence" or "time"').default('sentence'),
  force: flag.default(false).describe('Does it again when it was done before'),
  callback_url: callbackAddress,
});

const recordAnswer = z.object({
  start: z.number().describe('Seconds from the start of the video'),
  end: z.number(),
  description: z.string(),
  text: z.string(),
  metadata: z.record(z.string(), z.unknown()),
});
const recordsAnswer = z.object({ scene_index_records: z.array(recordAnswer) });
const listAnswer = z.object({
  scene_indexes: z.array(
    z.object({ scene_index_id: z.string(), name: z.string(), status: z.enum(['processing', 'done', 'failed']) }),
  ),
});

/** What is seen and said in videos, found out once and kept. */
export function videoIndexRoutes(deps: HttpDeps): Api {
  const api = new Api('Video indexes');
  spokenRoutes(api, deps);
  sceneRoutes(api, deps);
  return api;
}

function spokenRoutes(api: Api, deps: HttpDeps): void {
  const { assetIndexes } = deps.store;

  api.post(
    '/video/:id/index',
    {
      summary: 'Writes down what is said in a video, to be searched; "force" does it again',
      body: spokenRequest,
      answer: transcribedAnswer,
      job: true,
    },
    (c, { params, body }) => {
      const asset = playableBy(deps, params.id);
      const before = assetIndexes.listByAsset(asset.id, 'spoken_word');
      if (!body.force && before.some((index) => statusOf(index, deps) !== 'failed')) {
        throw new Fault('refused', 'Spoken word index for video already exists: "force": true makes it anew');
      }
      for (const { id } of before) assetIndexes.delete(id);
      const index: AssetIndex = {
        ...blankIndex(asset, deps),
        kind: 'spoken_word',
        name: 'Spoken words',
        extraction: { type: 'transcript' },
        extractionConfig: { segmenter: body.segmentation_type, segmentation_value: 1 },
      };
      return answerOf(c, deps, begin(index, body.callback_url, deps));
    },
  );

  api.get(
    '/video/:id/index',
    {
      summary: 'What the newest scene index of a video says',
      query: z.object({ index_type: z.literal('scene', 'must be "scene"').default('scene') }),
      answer: z.array(recordAnswer),
    },
    (_c, { params }) => {
      const newest = assetIndexes.listByAsset(playableBy(deps, params.id).id, 'scene').at(-1);
      return newest ? assetIndexes.records(newest.id).map(recordView) : [];
    },
  );
}

function sceneRoutes(api: Api, deps: HttpDeps): void {
  const { assetIndexes } = deps.store;

  api.post(
    '/video/:id/index/scene',
    {
      summary: 'Begins to index what is seen in a video ("time", "shot") or said ("transcript")',
      body: sceneRequest,
      bodyLimit: GIVEN_LIMIT,
      answer: indexedAnswer,
    },
    async (_c, { params, body }) => {
      const asset = playableBy(deps, params.id);
      const index = sceneIndexOf(asset, body, deps);
      const scenes = await readScenes(body.scenes);
      if (scenes.length === 0) {
        demandNew(index, deps);
        begin(index, body.callback_url, deps);
      } else {
        await indexGiven({ ...index, extractionConfig: { scenes: scenes.length } }, scenes, asset, deps);
      }
      return { scene_index_id: index.id };
    },
  );

  api.get(
    '/video/:id/index/scene',
    { summary: "Lists a video's scene indexes", query: collectionQuery, answer: listAnswer },
    (_c, { params }) => {
      const indexes = assetIndexes.listByAsset(playableBy(deps, params.id).id, 'scene');
      return {
        scene_indexes: indexes.map((index) => ({
          scene_index_id: index.id,
          name: index.name,
          status: statusOf(index, deps),
        })),
      };
    },
  );

  api.get(
    '/video/:id/index/scene/:index',
    {
      summary: 'What a scene index says, by time; while it is being made, how far it is',
      query: collectionQuery,
      answer: recordsAnswer,
      job: true,
    },
    (c, { params }) => recordsOf(c, videoIndexBy(deps, playableBy(deps, params.id), params.index), deps),
  );

  api.delete(
    '/video/:id/index/scene/:index',
    { summary: 'Deletes a scene index', query: collectionQuery, answer: z.object({}) },
    (_c, { params }) => {
      assetIndexes.delete(videoIndexBy(deps, playableBy(deps, params.id), params.index).id);
      return {};
    },
  );
}

/** The Python SDK names the collection; the video's id is enough. */
const collectionQuery = z.object({ collection_id: z.string().optional() });

function blankIndex(asset: Asset, { clock }: HttpDeps) {
  return {
    id: newId('index'),
    assetId: asset.id,
    prompt: '',
    metadata: {},
    modelName: 'basic',
    status: 'processing',
    createdMs: clock.nowMs(),
  } as const;
}

function sceneIndexOf(asset: Asset, body: z.output<typeof sceneRequest>, deps: HttpDeps): AssetIndex {
  const spoken = body.extraction_type === 'transcript';
  const asked = spoken ? body.extraction_config : oneFrame(body.extraction_config);
  const { extraction, config } = readExtraction(body.extraction_type, asked);
  if (asset.width === 0 && !spoken) {
    throw new Fault('refused', 'audio has no scenes: index what is said in it, with extraction_type "transcript"');
  }
  const index = blankIndex(asset, deps);
  return {
    ...index,
    kind: 'scene',
    name: body.name ?? `Scene index ${new Date(index.createdMs).toISOString().slice(0, 16).replace('T', ' ')}`,
    prompt: body.prompt,
    extraction: { type: extraction.type },
    extractionConfig: config,
    metadata: body.metadata,
    modelName: body.model_name,
  };
}

/** The job's id. */
function begin(index: AssetIndex, callbackUrl: string, { store, jobs }: HttpDeps): string {
  store.assetIndexes.create(index);
  const kind = index.extraction.type === 'transcript' ? 'index_spoken_words' : 'index_scenes';
  const { id } = jobs.submit(kind, { indexId: index.id }, callbackUrl === '' ? {} : { callbackUrl });
  store.assetIndexes.update(index.id, { jobId: id });
  return id;
}

/** An index whose job has ended without it has failed. */
function statusOf({ status, jobId }: AssetIndex, { store }: HttpDeps): AssetIndex['status'] {
  if (status !== 'processing') return status;
  return store.jobs.get(jobId ?? '')?.status === 'processing' ? 'processing' : 'failed';
}

/** Consumers read the id out of this very sentence. One that failed makes room. */
function demandNew(index: AssetIndex, deps: HttpDeps): void {
  const { assetIndexes } = deps.store;
  for (const same of assetIndexes.listByAsset(index.assetId, 'scene').filter((other) => asks(other) === asks(index))) {
    if (statusOf(same, deps) !== 'failed') {
      throw new Fault('refused', `Scene index with id ${same.id} already exists for the same prompt and extraction`);
    }
    assetIndexes.delete(same.id);
  }
}

function asks({ extraction, extractionConfig, prompt, metadata, modelName }: AssetIndex): string {
  return JSON.stringify([extraction, extractionConfig, prompt, metadata, modelName]);
}

function recordsOf(c: HttpContext, index: AssetIndex, deps: HttpDeps): Response {
  const { store, config } = deps;
  const job = store.jobs.get(index.jobId ?? '');
  switch (statusOf(index, deps)) {
    case 'failed': {
      const message = index.message ?? job?.error ?? 'the index could not be made: delete it and begin again';
      return c.json({ success: false, status: 'failed', message });
    }
    case 'done': {
      const data = { scene_index_records: store.assetIndexes.records(index.id).map(recordView) };
      return c.json({ success: true, status: 'done', message: index.message ?? '', data });
    }
    case 'processing': {
      const output_url = `${origin(c, config)}/video/${index.assetId}/index/scene/${index.id}`;
      const data = { id: job?.id ?? index.id, output_url, percentage: job?.percentage ?? 0 };
      return c.json({ success: true, status: 'processing', request_type: 'sync', data });
    }
  }
}

function recordView({ startMs, endMs, text, metadata }: AssetRecord): z.input<typeof recordAnswer> {
  return { start: startMs / 1000, end: endMs / 1000, description: text, text, metadata };
}
