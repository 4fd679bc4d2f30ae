import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { configuredOrigin } from './address.ts';
import type { HttpContext, HttpDeps, HttpEnv, Routes } from './deps.ts';
import { serveFile } from './files.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
};

/**
 * Media may also come from the configured public address: links to it are made with that. The player's tracks of captions
 * begin as empty `data:` files.
 */
function policy(framable: boolean, config: HttpDeps['config']): string {
  const media = configuredOrigin(config) ?? '';
  return [
    "default-src 'self'",
    `connect-src 'self' ${media}`,
    "img-src 'self' data: blob:",
    `media-src 'self' blob: data: ${media}`,
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${framable ? '*' : "'none'"}`,
  ]
    .map((directive) => directive.trim())
    .join('; ');
}

/** The built page. It holds no data: everything it shows it fetches with the key that the user gives it. */
export function pageRoutes({ webDir = packagedPage(), config }: Pick<HttpDeps, 'webDir' | 'config'>): Routes {
  const routes = new Hono<HttpEnv>();
  const page =
    (file: string, framable: boolean) =>
    async (c: HttpContext): Promise<Response> => {
      if (!existsSync(join(webDir, file))) return c.text(NOT_BUILT);
      return serveFile(c, webDir, file, {
        type: typeOf(file),
        cacheControl: 'no-cache',
        headers: { 'Content-Security-Policy': policy(framable, config) },
      });
    };
  routes.get('/', page('index.html', false));
  routes.get('/watch', page('watch.html', false));
  routes.get('/embed', page('watch.html', true));
  routes.get('/v1/docs', page('api.html', false));
  // Pages name their parts relative to where they are.
  for (const folder of ['', '/v1']) {
    routes.get(`${folder}/assets/:name{[A-Za-z0-9_-][A-Za-z0-9._-]*}`, (c) => {
      const name = c.req.param('name') ?? '';
      const cacheControl = 'public, max-age=31536000, immutable';
      return serveFile(c, join(webDir, 'assets'), name, { type: typeOf(name), cacheControl });
    });
  }
  routes.get('/:name{[a-z0-9_-]+\\.(?:svg|png|ico|webmanifest)}', (c) => {
    const name = c.req.param('name');
    return serveFile(c, webDir, name, { type: typeOf(name), cacheControl: 'public, max-age=3600' });
  });
  return routes;
}

const NOT_BUILT =
  'Watchpost is running. Its page is not built: run "npm run build". The API is described in docs/api.md.\n';

/** `dist/web` of the package, from the sources as well as from the build. */
function packagedPage(): string {
  return fileURLToPath(new URL('../../dist/web', import.meta.url));
}

function typeOf(name: string): string {
  return TYPES[extname(name)] ?? 'application/octet-stream';
}
