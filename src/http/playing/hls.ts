import { join } from 'node:path';
import { Hono, type MiddlewareHandler } from 'hono';
import type { Piece } from '#domain';
import {
  buildCutPlaylist,
  buildPlaylist,
  type MediaFiles,
  type MediaTicket,
  needsH264,
  nothingRecorded,
} from '#playback';
import { Fault } from '#runtime';
import type { SegmentRow } from '#store';
import type { HttpContext, HttpDeps, HttpEnv, Routes } from '../deps.ts';
import { serveFile } from '../files.ts';
import { captionRoutes, masterPlaylist } from './captions.ts';
import { lowLatencyFiles } from './low-latency.ts';
import { isStream, PLAYLIST, partsOf, playedParts, ticketFor, ticketOf } from './played.ts';

const FOREVER = 'private, max-age=86400, immutable';
const MEDIA = { type: 'video/iso.segment', cacheControl: FOREVER };
const INIT = { type: 'video/mp4', cacheControl: FOREVER };

/**
 * What signed links lead to. No API key: the token in the path opens its own range and nothing else. Where something is
 * said in the range, the link's own playlist is a master: the media and its captions.
 */
export function hlsRoutes(deps: HttpDeps): Routes {
  const routes = new Hono<HttpEnv>();
  routes.use('/hls/*', openToPlayers);

  for (const list of ['manifests', 'media', 'h264'] as const) {
    routes.get(`/hls/:token/${list}/:source/:name{[0-9]+-[0-9]+\\.m3u8}`, (c) => {
      const ticket = ticketFor(deps, c.req.param('token'), c.req.param('source'));
      const master = list === 'manifests' ? masterPlaylist(ticket, deps, c.req.param('name')) : undefined;
      const media = isStream(ticket) ? streamPlaylist : assetPlaylist;
      return c.body(master ?? media(ticket, list === 'h264', deps), 200, PLAYLIST);
    });
  }

  streamFiles(routes, deps);
  assetFiles(routes, deps);
  captionRoutes(routes, deps);
  lowLatencyFiles(routes, deps);
  return routes;
}

function streamPlaylist(ticket: MediaTicket, isH264: boolean, { store, clock }: HttpDeps): string {
  const rows = store.segments.inRange(ticket.sourceId, ticket.startMs, ticket.endMs);
  if (rows.length === 0) throw nothingRecorded(ticket);
  const home = ({ session }: SegmentRow) => (isH264 && needsH264(session.codecs) ? '../../h264' : '../..');
  return buildPlaylist(
    rows,
    { ...ticket, nowMs: clock.nowMs() },
    {
      init: (row: SegmentRow) => `${home(row)}/sessions/${row.sessionId}.mp4`,
      piece: (row: SegmentRow) => `${home(row)}/segments/${row.id}.m4s`,
    },
  );
}

function streamFiles(routes: Routes, deps: HttpDeps): void {
  const { store, mediaDir, h264 } = deps;
  const segmentOf = (token: string, name: string): SegmentRow => {
    const ticket = ticketOf(deps, token);
    const row = store.segments.get(Number.parseInt(name, 10));
    const inside = row?.streamId === ticket.sourceId && row.startMs < ticket.endMs && row.endMs > ticket.startMs;
    if (!row || !inside) throw new Fault('not_found', 'the link does not cover such a segment');
    return row;
  };
  /** The first segment of the session that the link covers. */
  const firstOf = (token: string, name: string): SegmentRow => {
    const ticket = ticketOf(deps, token);
    const rows = store.segments.inRange(ticket.sourceId, ticket.startMs, ticket.endMs);
    const first = rows.find(({ sessionId }) => `${sessionId}.mp4` === name);
    if (!first) throw new Fault('not_found', 'the link does not cover such a recording session');
    return first;
  };
  const filesOf = ({ session, path }: SegmentRow) => filesIn(mediaDir, session.initPath, path);

  routes.get('/hls/:token/segments/:name{[0-9]+\\.m4s}', (c) =>
    serveFile(c, mediaDir, segmentOf(c.req.param('token'), c.req.param('name')).path, MEDIA),
  );
  routes.get('/hls/:token/sessions/:name{.+\\.mp4}', (c) =>
    serveFile(c, mediaDir, firstOf(c.req.param('token'), c.req.param('name')).session.initPath, INIT),
  );
  routes.get('/hls/:token/h264/segments/:name{[0-9]+\\.m4s}', async (c) =>
    made(c, await h264.media(filesOf(segmentOf(c.req.param('token'), c.req.param('name')))), MEDIA),
  );
  routes.get('/hls/:token/h264/sessions/:name{.+\\.mp4}', async (c) =>
    made(c, await h264.init(filesOf(firstOf(c.req.param('token'), c.req.param('name')))), INIT),
  );
}

function filesIn(root: string, initPath: string, path: string): MediaFiles {
  return { init: join(root, initPath), media: join(root, path) };
}

function made(c: HttpContext, body: Buffer, { type, cacheControl }: typeof MEDIA): Response {
  return c.body(new Uint8Array(body), 200, { 'Content-Type': type, 'Cache-Control': cacheControl });
}

function assetPlaylist(ticket: MediaTicket, isH264: boolean, deps: HttpDeps): string {
  const parts = partsOf(ticket, deps);
  const folder = (part: number) => `../..${isH264 ? '/h264' : ''}/pieces/${parts[part]?.assetId}`;
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
  const { store, assetsDir, h264 } = deps;
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

  const pieceOf = (token: string, assetId: string, name: string) =>
    allowed(token, assetId, ({ n }) => n === Number.parseInt(name, 10));
  const initOf = (token: string, assetId: string, name: string) =>
    allowed(token, assetId, ({ initPath, n }) => initName(initPath, n) === name);
  const filesOf = ({ initPath, path }: Piece) => filesIn(assetsDir, initPath, path);

  routes.get('/hls/:token/pieces/:asset/:name{[0-9]+\\.m4s}', (c) => {
    const { token, asset, name } = c.req.param();
    return serveFile(c, assetsDir, pieceOf(token, asset, name).path, MEDIA);
  });
  routes.get('/hls/:token/pieces/:asset/:name{init-[0-9]+\\.mp4}', (c) => {
    const { token, asset, name } = c.req.param();
    return serveFile(c, assetsDir, initOf(token, asset, name).initPath, INIT);
  });
  routes.get('/hls/:token/h264/pieces/:asset/:name{[0-9]+\\.m4s}', async (c) => {
    const { token, asset, name } = c.req.param();
    return made(c, await h264.media(filesOf(pieceOf(token, asset, name))), MEDIA);
  });
  routes.get('/hls/:token/h264/pieces/:asset/:name{init-[0-9]+\\.mp4}', async (c) => {
    const { token, asset, name } = c.req.param();
    return made(c, await h264.init(filesOf(initOf(token, asset, name))), INIT);
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
