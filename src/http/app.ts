import { Hono } from 'hono';
import { Fault } from '#runtime';
import { routePath } from './address.ts';
import { hasKey, requireKey } from './auth.ts';
import { collectionRoutes } from './collections.ts';
import type { HttpDeps, HttpEnv, Routes } from './deps.ts';
import { failure, ok } from './envelope.ts';
import { alertRoutes, eventRoutes } from './events.ts';
import { serveFile } from './files.ts';
import { indexRoutes } from './indexes.ts';
import { liveRoutes } from './live.ts';
import { playbackRoutes, signedMediaRoutes } from './media.ts';
import { ownRoutes } from './own.ts';
import { pageRoutes } from './page.ts';
import { Api } from './route.ts';
import { searchRoutes } from './search.ts';
import { statusRoutes } from './status.ts';
import { streamRoutes } from './streams.ts';
import { timelineRoutes } from './timeline.ts';
import { tokenRoutes } from './tokens.ts';
import { transcriptionRoutes } from './transcription.ts';
import { websocketNote, websocketRoutes } from './websocket.ts';

export type HttpApp = Routes;

/** All routes; what is registered before `requireKey` is open. Listens nowhere yet. */
export function createHttpApp(deps: HttpDeps): HttpApp {
  const app = new Hono<HttpEnv>({ getPath: routePath });
  app.onError((error, c) => failure(c, error, deps.log));
  app.notFound((c) => failure(c, noRoute(c.req), deps.log));
  app.use(async (c, next) => {
    await next();
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Referrer-Policy', 'no-referrer');
  });

  for (const open of [pageRoutes, signedMediaRoutes, healthRoutes, pictureRoutes, websocketNote])
    app.route('/', open(deps));
  app.use(requireKey(deps));
  const closed = [
    collectionRoutes,
    websocketRoutes,
    tokenRoutes,
    eventRoutes,
    searchRoutes,
    playbackRoutes,
    alertRoutes,
    transcriptionRoutes,
    indexRoutes,
    streamRoutes,
    statusRoutes,
    ownRoutes,
    timelineRoutes,
    liveRoutes,
  ];
  for (const group of closed) {
    const routes = group(deps);
    app.route('/', routes instanceof Api ? routes.hono : routes);
  }
  return app;
}

function noRoute({ method, path }: { method: string; path: string }): Fault {
  return new Fault('not_found', `this version has no route ${method} ${path}; docs/api.md lists what it has`);
}

function healthRoutes({ store, version }: HttpDeps): Routes {
  const routes = new Hono<HttpEnv>();
  routes.get('/v1/health', (c) => {
    store.journal.head(); // Throws when the database can't be read.
    return ok(c, { status: 'ok', version, uptime_s: Math.round(process.uptime()) });
  });
  return routes;
}

/** Pictures of scenes: with an API key, or with the signature that is part of their links. */
function pictureRoutes(deps: HttpDeps): Routes {
  const { store, links, thumbsDir } = deps;
  const routes = new Hono<HttpEnv>();
  routes.get('/v1/thumbs/:name{[0-9]+\\.jpg}', (c) => {
    const id = Number.parseInt(c.req.param('name'), 10);
    const signature = c.req.query('t');
    const allowed = signature === undefined ? hasKey(c, store) : links.verifyThumb(id, signature);
    if (!allowed) throw new Fault('unauthorized', 'the picture needs an API key or a link that is still valid');
    const path = store.scenes.get(id)?.thumbPath;
    if (path === undefined) throw new Fault('not_found', `scene_id: there is no picture of scene ${id}`);
    return serveFile(c, thumbsDir, path, { type: 'image/jpeg', cacheControl: 'private, max-age=86400, immutable' });
  });
  return routes;
}
