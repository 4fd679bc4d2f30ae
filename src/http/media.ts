import { Hono, type MiddlewareHandler } from 'hono';
import { z } from 'zod';
import { buildPlaylist, type MediaTicket, nothingRecorded, playableRange } from '#playback';
import { deadline, Fault } from '#runtime';
import type { SegmentRow } from '#store';
import { origin } from './address.ts';
import type { HttpDeps, HttpEnv, Routes } from './deps.ts';
import { ok } from './envelope.ts';
import { serveFile } from './files.ts';
import { readQuery, time } from './input.ts';
import { streamBy } from './lookup.ts';

/** A segment ends at the first keyframe after its time; then it is finished. */
const OPEN_SEGMENT_MS = 15_000;

const words = z.string().optional();
const request = z.object({
  start: time.optional(),
  end: time.optional(),
  player_title: words,
  player_description: words,
  player_slug_prefix: words,
});

/** The document's Node sample passes one object, which its SDK writes with brackets. */
const BRACKET_FORM: Readonly<Record<string, string>> = {
  'start[start]': 'start',
  'start[end]': 'end',
  'start[playerConfig][title]': 'player_title',
  'start[playerConfig][description]': 'player_description',
  'start[playerConfig][slug]': 'player_slug_prefix',
};

/** GET rtstream/{id}/stream: signed links to a recorded range. */
export function playbackRoutes(deps: HttpDeps): Routes {
  const { store, links, clock } = deps;
  const routes = new Hono<HttpEnv>();

  routes.get('/rtstream/:id/stream', async (c) => {
    const { id } = streamBy(deps, c.req.param('id'));
    const asked = readQuery(c, request, BRACKET_FORM);
    const wanted = { startMs: asked.start, endMs: asked.end };
    await untilRecorded(deps, id, wanted, c.req.raw.signal);
    const { startMs, endMs } = playableRange(wanted, store.segments.bounds(id), clock.nowMs());
    if (store.segments.inRange(id, startMs, endMs).length === 0) throw nothingRecorded({ startMs, endMs });
    const base = origin(c, deps.config);
    const player = {
      ...(asked.player_title ? { title: asked.player_title } : {}),
      ...(asked.player_description ? { description: asked.player_description } : {}),
      ...(asked.player_slug_prefix ? { slugPrefix: asked.player_slug_prefix } : {}),
    };
    return ok(c, {
      stream_url: base + links.manifestPath(id, startMs, endMs),
      player_url: base + links.watchPath(id, startMs, endMs, player),
      start: startMs / 1000,
      end: endMs / 1000,
    });
  });

  return routes;
}

/**
 * What has just happened is still in the segment that ffmpeg writes: waits until it is finished, so that a shot from a
 * moment ago plays. Not for a camera that isn't recording, and not for what lies longer ago or in the future.
 */
async function untilRecorded(
  { store, clock, supervisor }: HttpDeps,
  id: string,
  { startMs, endMs }: { startMs: number | undefined; endMs: number | undefined },
  closed: AbortSignal,
): Promise<void> {
  const nowMs = clock.nowMs();
  if (startMs === undefined || startMs > nowMs || nowMs - (endMs ?? nowMs) > OPEN_SEGMENT_MS) return;
  const untilMs = endMs === undefined || endMs > nowMs ? startMs : Math.max(endMs, startMs + 1);
  using limit = deadline(closed, OPEN_SEGMENT_MS);
  const { signal } = limit;
  const recording = () => supervisor.status().some(({ streamId, phase }) => streamId === id && phase === 'recording');
  while (!signal.aborted && recording() && (store.segments.bounds(id)?.endMs ?? 0) < untilMs) {
    await nextAppend(store, signal);
  }
}

/** Resolves when the journal grows, or on abort. */
function nextAppend({ journal }: HttpDeps['store'], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const listening = journal.onAppend(done);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      listening[Symbol.dispose]();
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}

/** What signed links lead to. No API key: the token in the path opens its own range and nothing else. */
export function signedMediaRoutes(deps: HttpDeps): Routes {
  const { store, links, clock, mediaDir } = deps;
  const routes = new Hono<HttpEnv>();
  routes.use('/hls/*', openToPlayers);

  routes.get('/hls/:token/manifests/:stream/:name{[0-9]+-[0-9]+\\.m3u8}', (c) => {
    const ticket = ticketOf(links.verify(c.req.param('token')));
    if (ticket.streamId !== c.req.param('stream')) throw wrongLink();
    const rows = store.segments.inRange(ticket.streamId, ticket.startMs, ticket.endMs);
    if (rows.length === 0) throw nothingRecorded(ticket);
    const uri = {
      init: (row: SegmentRow) => `../../sessions/${row.sessionId}.mp4`,
      segment: (row: SegmentRow) => `../../segments/${row.id}.m4s`,
    };
    const playlist = buildPlaylist(rows, { ...ticket, nowMs: clock.nowMs() }, uri);
    return c.body(playlist, 200, { 'Content-Type': 'application/vnd.apple.mpegurl', 'Cache-Control': 'no-cache' });
  });

  routes.get('/hls/:token/segments/:name{[0-9]+\\.m4s}', (c) => {
    const ticket = ticketOf(links.verify(c.req.param('token')));
    const row = store.segments.get(Number.parseInt(c.req.param('name'), 10));
    const inside = row?.streamId === ticket.streamId && row.startMs < ticket.endMs && row.endMs > ticket.startMs;
    if (!row || !inside) throw new Fault('not_found', 'the link does not cover such a segment');
    return serveFile(c, mediaDir, row.path, { type: 'video/iso.segment', cacheControl: FOREVER });
  });

  routes.get('/hls/:token/sessions/:name{.+\\.mp4}', (c) => {
    const ticket = ticketOf(links.verify(c.req.param('token')));
    const sessionId = c.req.param('name').replace(/\.mp4$/, '');
    const rows = store.segments.inRange(ticket.streamId, ticket.startMs, ticket.endMs);
    const session = rows.find((row) => row.sessionId === sessionId)?.session;
    if (!session) throw new Fault('not_found', 'the link does not cover such a recording session');
    return serveFile(c, mediaDir, session.initPath, { type: 'video/mp4', cacheControl: FOREVER });
  });

  routes.get('/v1/watch/:slug', (c) => {
    const { streamId, startMs, endMs, expiresMs, title, description } = ticketOf(links.verify(c.req.param('slug')));
    return ok(c, {
      stream_url: links.manifestPath(streamId, startMs, endMs, expiresMs),
      title: title ?? store.streams.get(streamId)?.name ?? '',
      description: description ?? '',
      start: startMs / 1000,
      end: endMs / 1000,
    });
  });

  return routes;
}

const FOREVER = 'private, max-age=86400, immutable';

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

function ticketOf(ticket: MediaTicket | undefined): MediaTicket {
  if (!ticket) throw wrongLink();
  return ticket;
}

function wrongLink(): Fault {
  return new Fault('forbidden', 'this link is not valid or has expired: ask the appliance for a new one');
}
