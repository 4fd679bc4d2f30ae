import { z } from 'zod';
import type { HttpDeps } from '../deps.ts';
import { flag } from '../input.ts';
import { Api } from '../route.ts';

const packAnswer = z.object({
  name: z.string(),
  task: z.string(),
  licence: z.string(),
  adds: z.string().optional().describe('What the box can do with it'),
  bytes: z.number().optional(),
  here: z.boolean(),
  problem: z.string().optional().describe('Why it can not be used'),
  pull: z
    .object({ state: z.enum(['fetching', 'done', 'failed']), percentage: z.number(), error: z.string().optional() })
    .optional()
    .describe('The last pull since the start'),
});
const list = z.object({ models: z.array(packAnswer) });

/** Model packs over HTTP: what is here, what could be, fetched and removed. */
export function packRoutes({ packDesk }: Pick<HttpDeps, 'packDesk'>): Api {
  const api = new Api('Control');
  const now = async () => ({ models: await packDesk.list() });

  api.get(
    '/v1/control/models',
    { summary: 'Model packs that are here or can be fetched, and how far a pull is', answer: list },
    now,
  );

  api.post(
    '/v1/control/models/:name/pull',
    {
      summary: 'Begins to fetch a pack; it is used as soon as it is here',
      body: z.object({
        accept_licence: z
          .array(z.string().max(100), 'must be a list of licences')
          .max(20)
          .default([])
          .describe('Licences, beside the open ones, that you agree to'),
        update: flag.default(false).describe('Fetch what there is now, also where an older one is here'),
      }),
      answer: list,
    },
    async (_c, { params, body }) => {
      packDesk.pull(params.name, { acceptedLicences: body.accept_licence, update: body.update });
      return now();
    },
  );

  api.delete('/v1/control/models/:name', { summary: 'Removes a pack', answer: list }, async (_c, { params }) => {
    await packDesk.remove(params.name);
    return now();
  });

  return api;
}
