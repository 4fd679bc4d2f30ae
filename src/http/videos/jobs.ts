import { z } from 'zod';
import type { Asset, Job, JobKind } from '#domain';
import { beginRender, type Composition, type RenderOptions } from '#editor';
import { Fault } from '#runtime';
import { origin } from '../address.ts';
import type { HttpContext, HttpDeps } from '../deps.ts';
import { Api } from '../route.ts';
import { assetAnswer, assetView, playView, type videoAnswer, videoView } from './asset-views.ts';
import { sceneCollectionAnswer, sceneCollectionView } from './scene-collection-views.ts';

/** Short work is answered at once; the clients give up after 30 s. */
const WAIT_MS = 5000;

export const exportAnswer = z.object({
  video_id: z.string(),
  stream_url: z.string(),
  player_url: z.string(),
  name: z.string(),
  duration: z.number().describe('Seconds'),
});
export const indexedAnswer = z.object({ scene_index_id: z.string() });
export const transcribedAnswer = z.object({
  success: z.literal(true),
  message: z.string(),
  scene_index_id: z.string(),
});

export const describedAnswer = z.object({ description: z.string() });

type Result = NonNullable<Job['result']>;
type Rendering = Pick<HttpDeps, 'store' | 'links'>;

/** How a job stands, from one place to ask. */
export function jobRoutes(deps: HttpDeps): Api {
  const api = new Api('Jobs');
  api.get(
    '/async-response/:id',
    {
      summary: 'How a job stands: going on, done with what it made, or failed; for a week after it has finished',
      answer: z.union([
        assetAnswer,
        exportAnswer,
        indexedAnswer,
        transcribedAnswer,
        sceneCollectionAnswer,
        describedAnswer,
      ]),
      job: true,
    },
    (c, { params }) => {
      const job = deps.store.jobs.get(params.id);
      if (job) return jobAnswer(c, deps, job);
      const id = params.id.slice(0, 80);
      throw new Fault('not_found', `there is no job "${id}": jobs are forgotten a week after they have finished`);
    },
  );
  return api;
}

/**
 * Begins a job and answers with what it made, or after a few seconds with where to ask for it. The job goes on when the
 * client has gone.
 */
export async function runJob(
  c: HttpContext,
  deps: HttpDeps,
  kind: JobKind,
  input: Record<string, unknown>,
  options: { callbackUrl?: string | undefined; waitMs?: number | undefined } = {},
): Promise<Response> {
  const { callbackUrl, waitMs } = options;
  const { id } = deps.jobs.submit(kind, input, callbackUrl === undefined ? {} : { callbackUrl });
  return answerOf(c, deps, id, waitMs);
}

/** Answers with the video that was made of the composition before, or as `runJob` does. */
export async function renderJob(
  c: HttpContext,
  deps: HttpDeps,
  composition: Composition,
  options: RenderOptions & { waitMs?: number } = {},
): Promise<z.input<typeof videoAnswer> | Response> {
  const { waitMs, ...rest } = options;
  const begun = await beginRender(deps, composition, rest);
  if ('job' in begun) return answerOf(c, deps, begun.job.id, waitMs);
  return videoView(begun.asset, deps, origin(c, deps.config));
}

/** Waits a few seconds for the job, and answers how it stands. */
export async function answerOf(c: HttpContext, deps: HttpDeps, id: string, waitMs = WAIT_MS): Promise<Response> {
  return jobAnswer(c, deps, await deps.jobs.settled(id, waitMs, c.req.raw.signal));
}

/** The clients' polling loops read `status`; a failed job is no failed request. */
function jobAnswer(c: HttpContext, deps: HttpDeps, job: Job): Response {
  const here = origin(c, deps.config);
  if (job.status === 'processing') {
    const data = { id: job.id, output_url: `${here}/async-response/${job.id}`, percentage: job.percentage };
    return c.json({ success: true, status: 'processing', request_type: 'sync', data });
  }
  const { data, message } = outcome(job, deps, here);
  if (!data) return c.json({ success: false, status: 'failed', message });
  return c.json({ success: true, status: 'done', message, data });
}

/** What a callback address is sent about a finished job. */
export function jobCallback(job: Job, deps: Rendering, base: string): object {
  const { data, message } = outcome(job, deps, base);
  return data ? { success: true, data } : { success: false, message };
}

/** Without data it failed. */
function outcome(job: Job, deps: Rendering, base: string): { data?: object; message: string } {
  if (!job.result) return { message: job.error ?? 'the job failed' };
  const data = VIEWS[job.kind](job.result, deps, base);
  return data ? { data, message: job.result.message ?? '' } : { message: 'what this job made was deleted meanwhile' };
}

/** What each kind of job made, with links for whom asks; undefined when it is gone. */
const VIEWS: Record<JobKind, (result: Result, deps: Rendering, base: string) => object | undefined> = {
  capture: videoMade,
  export: videoMade,
  timelapse: videoMade,
  ingest: ({ assetId = '' }, deps, base) => {
    const asset = deps.store.assets.get(assetId);
    return asset && assetView(asset, deps, base);
  },
  render: rendered,
  reframe: rendered,
  extract_scenes: ({ indexId = '' }, deps, base) => {
    const collection = deps.store.sceneCollections.get(indexId);
    return collection && sceneCollectionView(collection, deps, base);
  },
  describe: ({ text = '' }) => ({ description: text }),
  index_scenes: ({ indexId = '' }) => ({ scene_index_id: indexId }),
  index_spoken_words: ({ indexId = '', message = '' }) => ({ success: true, message, scene_index_id: indexId }),
};

function rendered({ assetId = '' }: Result, deps: Rendering, base: string): object | undefined {
  const asset = deps.store.assets.get(assetId);
  return asset && videoView(asset, deps, base);
}

function videoMade({ assetId = '' }: Result, deps: Rendering, base: string): object | undefined {
  const asset = deps.store.assets.get(assetId);
  return asset && exportView(asset, deps, base);
}

export function exportView(asset: Asset, deps: Rendering, base: string): z.input<typeof exportAnswer> {
  const duration = asset.lengthMs / 1000;
  return { video_id: asset.id, ...playView(asset, deps, base), name: asset.name, duration };
}
