import { z } from 'zod';
import { PARCEL_KINDS } from '#domain';
import type { BoxState } from '#fleet';
import { Fault } from '#runtime';
import type { Metric, Sample } from '../box/sync-status.ts';
import type { HttpDeps } from '../deps.ts';
import { Api } from '../route.ts';

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
    throw unknownBox(params.id);
  });

  api.delete(
    '/v1/boxes/:id',
    {
      summary:
        'Forgets a box: its key ends, its cameras go with all that came from them; the box itself is not touched',
      answer: z.object({}),
    },
    (_c, { params }) => {
      if (!fleet.forget(params.id)) throw unknownBox(params.id);
      return {};
    },
  );

  return api;
}

function unknownBox(id: string): Fault {
  return new Fault('not_found', `there is no box "${id.slice(0, 80)}" that sends here; GET /v1/boxes lists them`);
}

/** Of each box, by its name, and of what came in. */
export function fleetMetrics({ fleet }: Pick<HttpDeps, 'fleet'>, metric: Metric): string[] {
  const boxes = fleet.boxes();
  if (boxes.length === 0) return [];
  const { taken, bytes } = fleet.status();
  const of = (read: (box: BoxState) => number) =>
    boxes.map((box): Sample => [{ box: box.id, name: box.report.name }, read(box)]);
  const kinds = Object.entries(taken).map(([kind, n]): Sample => [{ kind }, n]);
  const lag = ({ lagMs }: BoxState) => lagMs / 1000;
  const seen = ({ seenMs }: BoxState) => seenMs / 1000;
  return [
    ...metric(
      'box_online',
      'gauge',
      '1 while the box is heard of',
      of(({ online }) => Number(online)),
    ),
    ...metric('box_lag_seconds', 'gauge', 'How long the oldest has waited that the box has yet to send', of(lag)),
    ...metric('box_seen_seconds', 'gauge', 'When it was heard of last, Unix seconds', of(seen)),
    ...metric('fleet_parcels_total', 'counter', 'What boxes have sent', kinds),
    ...metric('fleet_bytes_total', 'counter', 'Bytes of pictures and recordings among it', [[{}, bytes]]),
  ];
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
