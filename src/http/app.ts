import { Hono } from 'hono';
import { z } from 'zod';
import { Fault } from '#runtime';
import { routePath } from './address.ts';
import { hasKey, requireKey } from './auth.ts';
import { collectionRoutes } from './collections.ts';
import type { HttpDeps, HttpEnv, Routes } from './deps.ts';
import { failure } from './envelope.ts';
import { alertRoutes, eventRoutes } from './events.ts';
import { serveFile } from './files.ts';
import { indexRoutes } from './indexes.ts';
import { liveRoutes } from './live.ts';
import { playbackRoutes, signedMediaRoutes } from './media.ts';
import { openapiRoutes } from './openapi.ts';
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

  const open = [pageRoutes, signedMediaRoutes, healthRoutes, pictureRoutes, websocketNote].map((group) => group(deps));
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
  ].map((group) => group(deps));
  const documented = [...closed, ...open].flatMap((group) => (group instanceof Api ? group.documented : []));

  for (const group of [...open, openapiRoutes(documented, deps)]) app.route('/', honoOf(group));
  app.use(requireKey(deps));
  for (const group of closed) app.route('/', honoOf(group));
  return app;
}

function honoOf(group: Api | Routes): Routes {
  return group instanceof Api ? group.hono : group;
}

function noRoute({ method, path }: { method: string; path: string }): Fault {
  return new Fault('not_found', `this version has no route ${method} ${path}; docs/api.md lists what it has`);
}

function healthRoutes({ store, version }: HttpDeps): Api {
  const api = new Api('The box', { open: true });
  const answer = z.object({ status: z.string(), version: z.string(), uptime_s: z.number() });
  api.get('/v1/health', { summary: '200 while the box works', answer }, () => {
    store.journal.head(); // Throws when the database can't be read.
    return { status: 'ok', version, uptime_s: Math.round(process.uptime()) };
  });
  return api;
}

/** Pictures of scenes: with an API key, or with the signature that is part of their links. */
function pictureRoutes(deps: HttpDeps): Api {
  const { store, links, thumbsDir } = deps;
  const api = new Api('The box', { open: true });
  api.get(
    '/v1/thumbs/:name{[0-9]+\\.jpg}',
    {
      summary: 'The picture of a scene, named by its id and ".jpg"; with a key, or the "t" of its link',
      query: z.object({ t: z.string().optional() }),
      answer: z.never(),
      mediaType: 'image/jpeg',
    },
    (c, { params, query: { t: signature } }) => {
      const id = Number.parseInt(params.name, 10);
      const allowed = signature === undefined ? hasKey(c, store) : links.verifyThumb(id, signature);
      if (!allowed) throw new Fault('unauthorized', 'the picture needs an API key or a link that is still valid');
      const path = store.scenes.get(id)?.thumbPath;
      if (path === undefined) throw new Fault('not_found', `scene_id: there is no picture of scene ${id}`);
      return serveFile(c, thumbsDir, path, { type: 'image/jpeg', cacheControl: 'private, max-age=86400, immutable' });
    },
  );
  return api;
}
