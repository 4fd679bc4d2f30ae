import { Hono } from 'hono';
import { z } from 'zod';
import type { Frame } from '#domain';
import { thumbnail } from '#inference';
import { Fault } from '#runtime';
import type { HttpDeps, HttpEnv, Routes } from './deps.ts';
import { ok } from './envelope.ts';
import { number, readBody, readQuery, text, whole } from './input.ts';
import { streamBy } from './lookup.ts';
import { firingView, sceneView } from './scene-views.ts';

const limit = whole(1, 500).default(50);
const stream = z.string().optional();
const scenesQuery = z.object({ limit, stream, before: whole(1, Number.MAX_SAFE_INTEGER).optional() });
const alertsQuery = z.object({ limit, stream });

const outside = 'must be a fraction of the picture between 0 and 1';
const point = z.tuple([number(0, 1, outside), number(0, 1, outside)], 'must be a point [x, y] with fractions 0–1');
const zone = z.object({
  name: text(100, 'loading zone'),
  polygon: z
    .array(point, 'must be a list of points [[x, y], …]')
    .min(3, { error: 'needs at least 3 points', abort: true })
    .max(100, 'must not have more than 100 points')
    .refine((polygon) => area(polygon) > 1e-6, 'encloses no area: its points lie on one line'),
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
export function ownRoutes(deps: HttpDeps): Routes {
  const { store, supervisor } = deps;
  const routes = new Hono<HttpEnv>();
  const jpegs = new WeakMap<Frame, Promise<Buffer>>();

  routes.get('/v1/scenes', (c) => {
    const { limit, stream, before } = readQuery(c, scenesQuery);
    const scenes = store.scenes.recent({
      limit,
      ...(stream === undefined ? {} : { streamId: streamBy(deps, stream).id }),
      ...(before === undefined ? {} : { beforeId: before }),
    });
    return ok(c, { scenes: scenes.map((scene) => sceneView(scene, deps)) });
  });

  routes.get('/v1/alerts', (c) => {
    const { limit, stream } = readQuery(c, alertsQuery);
    const firings = store.firings.recent({
      limit,
      ...(stream === undefined ? {} : { streamId: streamBy(deps, stream).id }),
    });
    return ok(c, { alerts: firings.map((firing) => firingView(firing, deps)) });
  });

  routes.get('/v1/streams/:id/latest.jpg', async (c) => {
    const { id, name } = streamBy(deps, c.req.param('id'));
    const frame = supervisor.latestFrame(id);
    if (!frame)
      throw new Fault('not_found', `there is no picture of "${name}" yet: see /v1/status for what it is doing`);
    const jpeg = jpegs.get(frame) ?? thumbnail(frame);
    jpegs.set(frame, jpeg);
    return c.body(new Uint8Array(await jpeg), 200, {
      'Content-Type': 'image/jpeg',
      'Cache-Control': 'no-store',
      'Last-Modified': new Date(frame.atMs).toUTCString(),
    });
  });

  routes.put('/v1/streams/:id/zones', async (c) => {
    const { id, origin } = streamBy(deps, c.req.param('id'));
    const { zones } = await readBody(c, zonesBody);
    const updated = store.streams.update(id, { zones });
    supervisor.reconcile();
    const note = 'this camera comes from the configuration file: its zones there come back at the next start';
    return ok(c, { zones: updated.zones }, { message: origin === 'config' ? note : '' });
  });

  return routes;
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
