import { z } from 'zod';
import type { BoxState } from '#fleet';
import { Fault } from '#runtime';
import type { BoxCamera } from '#store';
import type { Metric, Sample } from '../box/sync-status.ts';
import type { HttpDeps } from '../deps.ts';
import { Api } from '../route.ts';
import { boxAnswer, boxView } from './box-view.ts';

/** The boxes that send to this one, as they told last. */
export function boxRoutes({ fleet, store, links }: HttpDeps): Api {
  const api = new Api('Boxes');

  api.get(
    '/v1/boxes',
    { summary: 'The boxes that send to this one', answer: z.object({ boxes: z.array(boxAnswer) }) },
    () => {
      const cameras = byBox(store.boxes.cameras.list());
      return { boxes: fleet.boxes().map((box) => boxView(box, cameras.get(box.id) ?? [], links)) };
    },
  );

  api.get('/v1/boxes/:id', { summary: 'One of them', answer: boxAnswer }, (_c, { params }) => {
    const box = fleet.boxes().find(({ id }) => id === params.id);
    if (box) return boxView(box, store.boxes.cameras.list(box.id), links);
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

function byBox(cameras: readonly BoxCamera[]): Map<string, BoxCamera[]> {
  const found = new Map<string, BoxCamera[]>();
  for (const camera of cameras) found.set(camera.boxId, [...(found.get(camera.boxId) ?? []), camera]);
  return found;
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
