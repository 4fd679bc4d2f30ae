import { z } from 'zod';
import { PARCEL_KINDS } from '#domain';
import type { BoxState } from '#fleet';
import { Fault } from '#runtime';
import type { HttpDeps } from './deps.ts';
import { Api } from './route.ts';

const boxAnswer = z
  .object({
    id: z.string(),
    name: z.string(),
    version: z.string(),
    online: z.boolean().describe('Whether it was heard of in the last minutes'),
    last_seen: z.number().describe('Unix seconds, by the clock of this box'),
    first_seen: z.number(),
    started: z.number().describe('Since when it runs, by its own clock'),
    clock_ahead_s: z.number().describe("How far its clock is ahead of this box's"),
    lag_s: z.number().describe('How long the oldest has waited that it has yet to send'),
    waiting: z
      .array(z.object({ kind: z.enum(PARCEL_KINDS), items: z.number(), bytes: z.number() }))
      .describe('What it has yet to send'),
    cameras: z.array(
      z.object({
        rtstream_id: z.string(),
        name: z.string(),
        phase: z.enum(['stopped', 'connecting', 'recording', 'stalled', 'waiting']),
        last_error: z.string().optional(),
        last_frame: z.number().optional(),
      }),
    ),
    notes: z.array(z.string()),
  })
  .meta({ id: 'Box' });

/** The boxes that send to this one, as they told last. */
export function boxRoutes({ fleet }: HttpDeps): Api {
  const api = new Api('Boxes');

  api.get(
    '/v1/boxes',
    { summary: 'The boxes that send to this one', answer: z.object({ boxes: z.array(boxAnswer) }) },
    () => ({ boxes: fleet.boxes().map(boxView) }),
  );

  api.get('/v1/boxes/:id', { summary: 'One of them', answer: boxAnswer }, (_c, { params }) => {
    const box = fleet.boxes().find(({ id }) => id === params.id);
    if (box) return boxView(box);
    throw new Fault(
      'not_found',
      `there is no box "${params.id.slice(0, 80)}" that sends here; GET /v1/boxes lists them`,
    );
  });

  return api;
}

function boxView({ id, report, online, seenMs, firstMs, clockAheadMs, lagMs }: BoxState): z.input<typeof boxAnswer> {
  const { name, version, startedMs, waiting, notes } = report;
  return {
    id,
    name,
    version,
    online,
    last_seen: seenMs / 1000,
    first_seen: firstMs / 1000,
    started: startedMs / 1000,
    clock_ahead_s: clockAheadMs / 1000,
    lag_s: lagMs / 1000,
    waiting,
    cameras: report.cameras.map(({ id: streamId, name: camera, phase, lastError, lastFrameMs }) => ({
      rtstream_id: streamId,
      name: camera,
      phase,
      ...(lastError === undefined ? {} : { last_error: lastError }),
      ...(lastFrameMs === undefined ? {} : { last_frame: lastFrameMs / 1000 }),
    })),
    notes,
  };
}
