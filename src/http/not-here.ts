import { Hono } from 'hono';
import { Fault } from '#runtime';
import type { HttpEnv, Routes } from './deps.ts';

/** What VideoDB's clients can ask for and this version doesn't do; each with what to do instead. */
const REFUSALS: readonly (readonly [paths: readonly string[], message: string])[] = [
  [
    ['/transcode', '/transcode/:id', '/video/:id/reframe', '/video/:id/workflow'],
    'the box does not render files: its stream_url is HLS, which ffmpeg and players open ("ffmpeg -i URL -c copy out.mp4")',
  ],
  [['/video/:id/storage'], 'a video and its storage are one on the box: DELETE /video/{id} takes both'],
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
      '/collection/:id/generate/*',
      '/collection/:id/video/:video/translate',
      '/collection/:id/search/web',
      '/collection/:id/meeting/*',
      '/video/:id/meeting',
      '/sandbox',
      '/sandbox/*',
      '/voice_clone',
      '/voice_clone/*',
      '/billing/*',
      '/job/:id',
    ],
    'this is a service of the cloud; the box works with its own cameras and videos only',
  ],
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
