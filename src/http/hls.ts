import { Hono, type MiddlewareHandler } from 'hono';
import type { Piece } from '#domain';
import { buildCutPlaylist, buildPlaylist, type MediaTicket, nothingRecorded } from '#playback';
import { Fault } from '#runtime';
import type { SegmentRow } from '#store';
import { captionRoutes, masterPlaylist } from './captions.ts';
import type { HttpDeps, HttpEnv, Routes } from './deps.ts';
import { serveFile } from './files.ts';
import { isStream, PLAYLIST, partsOf, playedParts, ticketFor, ticketOf } from './played.ts';

const FOREVER = 'private, max-age=86400, immutable';

/**
 * What signed links lead to. No API key: the token in the path opens its own range and nothing else. Where something is
 * said in the range, the link's own playlist is a master: the media and its captions.
 */
export function hlsRoutes(deps: HttpDeps): Routes {
  const routes = new Hono<HttpEnv>();
  routes.use('/hls/*', openToPlayers);

  for (const list of ['manifests', 'media'] as const) {
    routes.get(`/hls/:token/${list}/:source/:name{[0-9]+-[0-9]+\\.m3u8}`, (c) => {
      const ticket = ticketFor(deps, c.req.param('token'), c.req.param('source'));
      const master = list === 'manifests' ? masterPlaylist(ticket, deps, c.req.param('name')) : undefined;
      const text = master ?? (isStream(ticket) ? streamPlaylist(ticket, deps) : assetPlaylist(ticket, deps));
      return c.body(text, 200, PLAYLIST);
    });
  }

  streamFiles(routes, deps);
  assetFiles(routes, deps);
  captionRoutes(routes, deps);
  return routes;
}

function streamPlaylist(ticket: MediaTicket, { store, clock }: HttpDeps): string {
  const rows = store.segments.inRange(ticket.sourceId, ticket.startMs, ticket.endMs);
  if (rows.length === 0) throw nothingRecorded(ticket);
  return buildPlaylist(
    rows,
    { ...ticket, nowMs: clock.nowMs() },
    {
      init: (row: SegmentRow) => `../../sessions/${row.sessionId}.mp4`,
      piece: (row: SegmentRow) => `../../segments/${row.id}.m4s`,
    },
  );
}

function streamFiles(routes: Routes, deps: HttpDeps): void {
  const { store, mediaDir } = deps;

  routes.get('/hls/:token/segments/:name{[0-9]+\\.m4s}', (c) => {
    const ticket = ticketOf(deps, c.req.param('token'));
    const row = store.segments.get(Number.parseInt(c.req.param('name'), 10));
    const inside = row?.streamId === ticket.sourceId && row.startMs < ticket.endMs && row.endMs > ticket.startMs;
    if (!row || !inside) throw new Fault('not_found', 'the link does not cover such a segment');
    return serveFile(c, mediaDir, row.path, { type: 'video/iso.segment', cacheControl: FOREVER });
  });

  routes.get('/hls/:token/sessions/:name{.+\\.mp4}', (c) => {
    const ticket = ticketOf(deps, c.req.param('token'));
    const sessionId = c.req.param('name').replace(/\.mp4$/, '');
    const rows = store.segments.inRange(ticket.sourceId, ticket.startMs, ticket.endMs);
    const session = rows.find((row) => row.sessionId === sessionId)?.session;
    if (!session) throw new Fault('not_found', 'the link does not cover such a recording session');
    return serveFile(c, mediaDir, session.initPath, { type: 'video/mp4', cacheControl: FOREVER });
  });
}

function assetPlaylist(ticket: MediaTicket, deps: HttpDeps): string {
  const parts = partsOf(ticket, deps);
  const folder = (part: number) => `../../pieces/${parts[part]?.assetId}`;
  return buildCutPlaylist(playedParts(parts, deps), {
    init: ({ n, initPath }: Piece, part) => `${folder(part)}/${initName(initPath, n)}`,
    piece: ({ n }: Piece, _atMs, part) => `${folder(part)}/${n}.m4s`,
  });
}

/** All pieces with the same init file name it alike, so that players load it once. */
function initName(initPath: string, n: number): string {
  const name = /[^/]+$/.exec(initPath)?.[0] ?? '';
  return /^init-\d+\.mp4$/.test(name) ? name : `init-${n}.mp4`;
}

function assetFiles(routes: Routes, deps: HttpDeps): void {
  const { store, assetsDir } = deps;
  /** The piece, when the token covers it. */
  const allowed = (token: string, assetId: string, fits: (piece: Piece) => boolean): Piece => {
    const parts = partsOf(ticketOf(deps, token), deps).filter((part) => part.assetId === assetId);
    const pieces = parts.flatMap(({ startMs, endMs }) =>
      store.assets.pieces(assetId, startMs, Math.max(endMs, startMs + 1)),
    );
    const piece = pieces.find(fits);
    if (!piece) throw new Fault('not_found', 'the link does not cover such a piece');
    return piece;
  };

  routes.get('/hls/:token/pieces/:asset/:name{[0-9]+\\.m4s}', (c) => {
    const n = Number.parseInt(c.req.param('name'), 10);
    const { path } = allowed(c.req.param('token'), c.req.param('asset'), (piece) => piece.n === n);
    return serveFile(c, assetsDir, path, { type: 'video/iso.segment', cacheControl: FOREVER });
  });

  routes.get('/hls/:token/pieces/:asset/:name{init-[0-9]+\\.mp4}', (c) => {
    const name = c.req.param('name');
    const fits = ({ initPath, n }: Piece) => initName(initPath, n) === name;
    const { initPath } = allowed(c.req.param('token'), c.req.param('asset'), fits);
    return serveFile(c, assetsDir, initPath, { type: 'video/mp4', cacheControl: FOREVER });
  });
}

/** Any page may play a signed link, also a public one that reaches into this network. */
const openToPlayers: MiddlewareHandler<HttpEnv> = async (c, next) => {
  c.header('Access-Control-Allow-Origin', '*');
  c.header('Access-Control-Expose-Headers', 'Content-Length, Content-Range');
  if (c.req.method !== 'OPTIONS') return next();
  c.header('Access-Control-Allow-Methods', 'GET, HEAD, OPTIONS');
  c.header('Access-Control-Allow-Headers', 'Range, Content-Type');
  c.header('Access-Control-Allow-Private-Network', 'true');
  c.header('Access-Control-Max-Age', '86400');
  return c.body(null, 204);
};
