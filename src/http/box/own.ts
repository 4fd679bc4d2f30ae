import { z } from 'zod';
import type { Frame, Stream, Zone } from '#domain';
import { thumbnail } from '#inference';
import { Fault } from '#runtime';
import { configure } from '../control/cameras.ts';
import type { HttpContext, HttpDeps } from '../deps.ts';
import { firingAnswer, firingView, sceneAnswer, sceneView } from '../indexes/scene-views.ts';
import { number, text, whole } from '../input.ts';
import { boxBy, ownStreamBy, streamBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { demandPictures } from '../streams/sound-only.ts';
import { zoneAnswer, zoneView } from '../streams/views.ts';

const limit = whole(1, 500).default(50);
const stream = z.string().optional();
const box = z.string().optional().describe('The id of a box: only what its cameras tell; of this one its own');
const scenesQuery = z.object({ limit, stream, box, before: whole(1, Number.MAX_SAFE_INTEGER).optional() });
const alertsQuery = z.object({ limit, stream, box });

const outside = 'must be a fraction of the picture between 0 and 1';
const point = z.tuple([number(0, 1, outside), number(0, 1, outside)], 'must be a point [x, y] with fractions 0–1');
const zone = z.object({
  name: text(100, 'loading zone'),
  polygon: z
    .array(point, 'must be a list of points [[x, y], …]')
    .min(3, { error: 'needs at least 3 points', abort: true })
    .max(100, 'must not have more than 100 points')
    .refine((polygon) => area(polygon) > 1e-6, 'encloses no area: its points lie on one line')
    .meta({
      examples: [
        [
          [0.5, 0.6],
          [0.9, 0.6],
          [0.9, 1],
          [0.5, 1],
        ],
      ],
    }),
});
const zonesBody = z.object({
  zones: z
    .array(zone, 'must be a list of {"name", "polygon"}')
    .max(50, 'must not be more than 50')
    .refine(
      (zones) => new Set(zones.map(({ name }) => name.toLowerCase())).size === zones.length,
      'need different names',
    ),
});

/** Our own routes over stored scenes and alerts, the latest picture, and the zones. */
export function ownRoutes(deps: HttpDeps): Api {
  const { store, supervisor } = deps;
  const api = new Api('The box');
  const ofStream = (id: string | undefined) => (id === undefined ? {} : { streamId: streamBy(deps, id).id });

  api.get(
    '/v1/scenes',
    {
      summary: 'The latest scenes of all cameras, newest first; "before" is the id of a scene',
      query: scenesQuery,
      answer: z.object({ scenes: z.array(sceneAnswer) }),
    },
    (_c, { query: { limit, stream, box, before } }) => {
      const where = { limit, ...(before === undefined ? {} : { beforeId: before }) };
      const { scenes } = store;
      const isOfBox = box !== undefined && stream === undefined;
      const found = isOfBox
        ? scenes.recentOfBox(boxBy(deps, box), where)
        : scenes.recent({ ...where, ...ofStream(stream) });
      return { scenes: found.map((scene) => sceneView(scene, deps)) };
    },
  );

  api.get(
    '/v1/alerts',
    {
      summary: 'The latest alerts that fired, newest first',
      query: alertsQuery,
      answer: z.object({ alerts: z.array(firingAnswer) }),
    },
    (_c, { query: { limit, stream, box } }) => {
      const { firings } = store;
      const isOfBox = box !== undefined && stream === undefined;
      const found = isOfBox
        ? firings.recentOfBox(boxBy(deps, box), limit)
        : firings.recent({ limit, ...ofStream(stream) });
      return { alerts: found.map((firing) => firingView(firing, deps)) };
    },
  );

  api.get(
    '/v1/streams/:id/latest.jpg',
    { summary: 'The latest picture of a camera', answer: z.never(), mediaType: 'image/jpeg' },
    latestPicture(deps),
  );

  api.put(
    '/v1/streams/:id/zones',
    {
      summary: "Sets a camera's zones, in fractions 0–1 of the picture",
      body: zonesBody,
      answer: z.object({ zones: z.array(zoneAnswer) }),
    },
    async (c, { params, body: { zones } }) => {
      const stream = ownStreamBy(deps, params.id);
      if (stream.origin === 'config') await configure(c, stream, { zones: zonePatch(stream, zones) }, deps);
      store.streams.update(stream.id, { zones });
      supervisor.reconcile();
      return { zones: zones.map(zoneView) };
    },
  );

  return api;
}

/** Zones go by name in the configuration, and those that are to be no more are taken out of it. */
function zonePatch(stream: Stream, zones: readonly Zone[]): Record<string, object | null> {
  const gone = stream.zones.map(({ name }) => [name, null] as const);
  return Object.fromEntries<object | null>([
    ...gone,
    ...zones.map(({ name, polygon }) => [name, { polygon }] as const),
  ]);
}

/** Each frame is compressed once, however many ask for it. */
function latestPicture(deps: HttpDeps): (c: HttpContext, input: { params: { id: string } }) => Promise<Response> {
  const jpegs = new WeakMap<Frame, Promise<Buffer>>();
  return async (c, { params }) => {
    const stream = streamBy(deps, params.id);
    const { id, name } = stream;
    const frame = deps.supervisor.latestFrame(id);
    if (!frame) demandPictures(stream, deps);
    if (!frame)
      throw new Fault('not_found', `there is no picture of "${name}" yet: see /v1/status for what it is doing`);
    const jpeg = jpegs.get(frame) ?? thumbnail(frame);
    jpegs.set(frame, jpeg);
    return c.body(new Uint8Array(await jpeg), 200, {
      'Content-Type': 'image/jpeg',
      'Cache-Control': 'no-store',
      'Last-Modified': new Date(frame.atMs).toUTCString(),
    });
  };
}

/** Shoelace formula. */
function area(polygon: readonly (readonly [number, number])[]): number {
  let doubled = 0;
  let previous = polygon.at(-1) ?? [0, 0];
  for (const [x, y] of polygon) {
    doubled += previous[0] * y - x * previous[1];
    previous = [x, y];
  }
  return Math.abs(doubled) / 2;
}
