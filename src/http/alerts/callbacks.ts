import { z } from 'zod';
import type { JobCallback } from '#store';
import type { HttpDeps } from '../deps.ts';
import { whole } from '../input.ts';
import { Api } from '../route.ts';
import { bareAddress } from './deliveries.ts';

const states = z.enum(['waiting', 'dead'], 'must be "waiting" or "dead"');

const callbackAnswer = z
  .object({
    job_id: z.string(),
    kind: z.string(),
    job_status: z.enum(['processing', 'done', 'failed']),
    state: states,
    target: z.string().describe('Where it goes, without credentials and query'),
    attempts: z.number(),
    last_error: z.string().optional(),
    next_try: z.string().optional(),
  })
  .meta({ id: 'Callback' });

/** Outcomes of jobs on their way to the addresses that asked for them, and those that were given up. */
export function callbackRoutes(deps: HttpDeps): Api {
  const { store, jobs } = deps;
  const api = new Api('Deliveries');

  api.get(
    '/v1/callbacks',
    {
      summary: 'Outcomes of jobs that nobody took yet (waiting) or at all (dead), the newest first',
      query: z.object({ state: states.default('waiting'), limit: whole(1, 500).default(50) }),
      answer: z.object({ callbacks: z.array(callbackAnswer) }),
    },
    (_c, { query: { state, limit } }) => ({ callbacks: store.jobs.callbacks(state, limit).map(callbackView) }),
  );

  api.post(
    '/v1/callbacks/:job/replay',
    { summary: "Tells a finished job's outcome again, for another day", answer: z.object({ job_id: z.string() }) },
    (_c, { params }) => {
      jobs.tellAgain(params.job);
      return { job_id: params.job };
    },
  );

  return api;
}

function callbackView({ job, url, attempts, lastError, nextTryMs }: JobCallback): z.input<typeof callbackAnswer> {
  return {
    job_id: job.id,
    kind: job.kind,
    job_status: job.status,
    state: nextTryMs === undefined ? 'dead' : 'waiting',
    target: bareAddress(url),
    attempts,
    ...(lastError === undefined ? {} : { last_error: lastError }),
    ...(nextTryMs === undefined || nextTryMs === 0 ? {} : { next_try: new Date(nextTryMs).toISOString() }),
  };
}
