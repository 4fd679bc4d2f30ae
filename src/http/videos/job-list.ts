import { z } from 'zod';
import type { Job } from '#domain';
import type { HttpDeps } from '../deps.ts';
import { whole } from '../input.ts';
import { Api } from '../route.ts';

const jobView = z
  .object({
    id: z.string(),
    kind: z.string(),
    name: z.string().optional().describe('Of what it makes'),
    status: z.enum(['processing', 'done', 'failed']),
    percentage: z.number(),
    error: z.string().optional().describe('Why it failed'),
    video_id: z.string().optional().describe('What it made'),
    created_at: z.string(),
    finished_at: z.string().optional(),
  })
  .meta({ id: 'Job' });

/** Work that goes on, and what came of the last: for people. */
export function jobListRoutes(deps: HttpDeps): Api {
  const { store, jobs } = deps;
  const api = new Api('Jobs');

  api.get(
    '/v1/jobs',
    {
      summary: 'Jobs under way, then the others of the last week; the newest first',
      query: z.object({ limit: whole(1, 500).default(50) }),
      answer: z.object({ jobs: z.array(jobView) }),
    },
    (_c, { query: { limit } }) => ({ jobs: store.jobs.latest(limit).map(viewOf) }),
  );

  api.delete(
    '/v1/jobs/:id',
    { summary: 'Cancels a job: its work ends at once, and nothing of it stays', answer: jobView },
    async (_c, { params }) => viewOf(await jobs.cancel(params.id)),
  );

  return api;
}

function viewOf(job: Job): z.input<typeof jobView> {
  const { name } = job.input;
  return {
    id: job.id,
    kind: job.kind,
    ...(typeof name === 'string' ? { name } : {}),
    status: job.status,
    percentage: job.percentage,
    ...(job.error === undefined ? {} : { error: job.error }),
    ...(job.result?.assetId === undefined ? {} : { video_id: job.result.assetId }),
    created_at: new Date(job.createdMs).toISOString(),
    ...(job.finishedMs === undefined ? {} : { finished_at: new Date(job.finishedMs).toISOString() }),
  };
}
