import { statfs } from 'node:fs/promises';
import { z } from 'zod';
import { type Hold, newId } from '#domain';
import { Fault } from '#runtime';
import { holdableBytes, recordingBudget } from '#store';
import type { HttpDeps } from '../deps.ts';
import { text, time } from '../input.ts';
import { streamBy } from '../lookup.ts';
import { Api } from '../route.ts';

const LONGEST_MS = 7 * 86_400_000;

const wish = z
  .object({
    stream: text(100, 'rts-018f3c9a-7c1e-7000-8000-0123456789ab').describe('The stream whose recording is to stay'),
    from: time,
    to: time.describe('Unix seconds; may lie in the future, at most seven days after "from"'),
    reason: text(200, 'Break-in, case 4711'),
    until: time.optional().describe('Unix seconds: when it ends by itself; without it, when it is deleted'),
  })
  .meta({ required: ['stream', 'from', 'to', 'reason'] });
const holdAnswer = z
  .object({
    id: z.string(),
    stream: z.string(),
    from: z.number(),
    to: z.number(),
    reason: z.string(),
    who: z.string(),
    until: z.number().optional(),
    created: z.number(),
  })
  .meta({ id: 'Hold' });
const listAnswer = z.object({
  holds: z.array(holdAnswer).describe('Those that people made, newest first'),
  held_bytes: z.number().describe('What all recordings take that are held, those of alerts included'),
  holdable_bytes: z.number().describe('What they may take: half of what recordings may'),
  alerts: z.number().describe('Alerts that hold what was recorded around them'),
  alerts_gave_way: z.number().describe('Alerts whose recordings were let go for lack of room'),
});

/** What of the recordings is to stay, whatever their age and however little room there is. */
export function holdRoutes(deps: HttpDeps): Api {
  const { store, clock } = deps;
  const api = new Api('Playback');

  api.get(
    '/v1/holds',
    {
      summary: 'Stretches of recordings that are kept until somebody lets them go',
      query: z.object({ stream: z.string().optional() }),
      answer: listAnswer,
    },
    async (_c, { query }) => ({
      holds: store.holds.list(query.stream === undefined ? undefined : streamBy(deps, query.stream).id).map(holdView),
      held_bytes: store.holds.bytes(),
      holdable_bytes: await mostHeld(deps),
      alerts: store.holds.count().alerts,
      alerts_gave_way: store.holds.gaveWay(),
    }),
  );

  api.post(
    '/v1/holds',
    { summary: 'Keeps a stretch of a recording', body: wish, answer: holdAnswer, status: 201 },
    async (c, { body: { stream, from, to, reason, until } }) => {
      if (to <= from) throw new Fault('invalid', 'to: must be later than "from" (both are Unix seconds)');
      if (to - from > LONGEST_MS) throw new Fault('invalid', 'to: must be at most seven days after "from"');
      const nowMs = clock.nowMs();
      if (until !== undefined && until <= nowMs) throw new Fault('invalid', 'until: must lie in the future');
      const hold: Hold = {
        id: newId('hold'),
        streamId: streamBy(deps, stream).id,
        fromMs: from,
        toMs: to,
        reason,
        who: c.get('caller').name,
        ...(until === undefined ? {} : { untilMs: until }),
        createdMs: nowMs,
      };
      await store.holds.add(hold, await mostHeld(deps));
      return holdView(hold);
    },
  );

  api.delete(
    '/v1/holds/:id',
    { summary: 'Lets it go: retention treats it as any recording then', answer: z.object({ id: z.string() }) },
    async (_c, { params: { id } }) => {
      if (!(await store.holds.delete(id))) {
        throw new Fault('not_found', `id: there is no hold "${id.slice(0, 80)}"; GET /v1/holds lists them`);
      }
      return { id };
    },
  );

  return api;
}

async function mostHeld({ config, mediaDir }: Pick<HttpDeps, 'config' | 'mediaDir'>): Promise<number> {
  const { budgetGb } = config.recording;
  return holdableBytes(recordingBudget(await statfs(mediaDir), budgetGb === undefined ? undefined : budgetGb * 1e9));
}

function holdView({ id, streamId, fromMs, toMs, reason, who, untilMs, createdMs }: Hold): z.input<typeof holdAnswer> {
  return {
    id,
    stream: streamId,
    from: fromMs / 1000,
    to: toMs / 1000,
    reason,
    who,
    ...(untilMs === undefined ? {} : { until: untilMs / 1000 }),
    created: createdMs / 1000,
  };
}
