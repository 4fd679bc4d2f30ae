import { z } from 'zod';
import { targetAnswer } from '../box/sync-status.ts';
import type { HttpDeps } from '../deps.ts';
import { snake } from '../indexes/scene-views.ts';
import { text, time } from '../input.ts';
import { Api } from '../route.ts';

const target = text(60, 'office').optional().describe('Its name in the configuration; all when left out');
const state = z.object({ targets: z.array(targetAnswer) });
const link = z.object({ hub: z.string(), connected: z.boolean(), last_error: z.string().optional() });

/** What goes elsewhere: held up, let go, hurried, and asked for. */
export function syncRoutes({ sync, commandLinks }: Pick<HttpDeps, 'sync' | 'commandLinks'>): Api {
  const api = new Api('Control');
  // `snake` renames keys, and changes nothing else.
  const now = () => ({ targets: sync.status().map((one) => snake(one) as z.input<typeof targetAnswer>) });

  api.get(
    '/v1/control/sync',
    {
      summary: 'What waits to be sent to each target, how long that will take, and what went wrong',
      answer: state.extend({ commands: z.array(link).describe('The connections by which hubs command this box') }),
    },
    // As above.
    () => ({ ...now(), commands: commandLinks().map((one) => snake(one) as z.input<typeof link>) }),
  );

  api.post(
    '/v1/control/sync/pause',
    { summary: 'Sends nothing until it is resumed, over restarts, too', body: z.object({ target }), answer: state },
    (c, { body }) => {
      sync.pause(body.target, c.get('caller').name);
      return now();
    },
  );

  api.post(
    '/v1/control/sync/resume',
    { summary: 'Goes on with what was paused', body: z.object({ target }), answer: state },
    (_c, { body }) => {
      sync.resume(body.target);
      return now();
    },
  );

  api.post(
    '/v1/control/sync/now',
    {
      summary: 'Tries what failed at once, and sends what waits for its hours',
      body: z.object({ target }),
      answer: state,
    },
    (_c, { body }) => {
      sync.now(body.target);
      return now();
    },
  );

  api.post(
    '/v1/control/sync/request',
    {
      summary: 'Sends a stretch of a recording, at most a day, before all that nobody asked for',
      body: z
        .object({ target, stream: text(200, 'rts-1'), start: time, end: time })
        .meta({ required: ['stream', 'start', 'end'] }),
      answer: z.object({ targets: z.array(z.string()).describe('Those that will get it') }),
    },
    async (c, { body: { target: name, stream, start, end } }) => {
      const asked = { streamId: stream, fromMs: start, toMs: end, by: c.get('caller').name };
      const targets = await sync.request(name === undefined ? asked : { ...asked, target: name });
      c.set('detail', `${stream} ${new Date(start).toISOString()} to ${new Date(end).toISOString()}`);
      return { targets };
    },
  );

  return api;
}
