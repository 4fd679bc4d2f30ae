import { Hono } from 'hono';
import { Fault } from '#runtime';
import type { HttpEnv, Routes } from './deps.ts';

/** What VideoDB's clients can ask for and this version doesn't do; each with what to do instead. */
const REFUSALS: readonly (readonly [paths: readonly string[], message: string])[] = [
  [
    [
      '/video/:id/understand',
      '/video/:id/understand/:part',
      '/rtstream/:id/:verb{understand|indexes}',
      '/rtstream/:id/:verb{understand|indexes}/*',
    ],
    'indexes are made by POST …/index/scene, and asked by …/search, …/query, …/aggregate and …/ask',
  ],
  [
    [
      '/collection/:id/generate/:what{image|video|audio}',
      '/collection/:id/generate/video/dub',
      '/collection/:id/video/:video/translate',
      '/voice_clone',
      '/voice_clone/*',
    ],
    'pictures, videos, voices and translations are made by models in the cloud: the box has none (it writes texts, POST …/generate/text)',
  ],
  [
    ['/collection/:id/meeting/*', '/video/:id/meeting'],
    'no bot joins meetings from here: record a screen and its sound with "watchpost capture"',
  ],
  [
    ['/collection/:id/search/web', '/sandbox', '/sandbox/*', '/job/:id'],
    'this is a service of the cloud; the box works with its own cameras and videos only',
  ],
  [['/billing/*'], 'the box costs nothing to use: there are no invoices; GET /v1/status says what it has stored'],
];

/** Refuses kindly what clients know from the cloud, so that they show why. */
export function notHereRoutes(): Routes {
  const routes = new Hono<HttpEnv>();
  for (const [paths, message] of REFUSALS) {
    for (const path of paths) {
      routes.all(path, () => {
        throw new Fault('refused', message);
      });
    }
  }
  return routes;
}
