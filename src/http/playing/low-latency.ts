import { z } from 'zod';
import { codecsOf } from '#camera';
import { type CameraFacts, Signer, type Stream } from '#domain';
import type { LiveWindow, ViewSize } from '#pipeline';
import { buildLowLatencyPlaylist } from '#playback';
import { Fault } from '#runtime';
import { origin } from '../address.ts';
import type { HttpContext, HttpDeps, Routes } from '../deps.ts';
import { check, whole } from '../input.ts';
import { Api } from '../route.ts';
import { watchable } from '../streams/live-views.ts';

const PURPOSE = 'live';
/** A wall stays on for days: it asks for another then. */
const LASTS_MS = 86_400_000;
const PLAYLIST = { 'Content-Type': 'application/vnd.apple.mpegurl', 'Cache-Control': 'no-store' };
const MEDIA = { 'Content-Type': 'video/iso.segment', 'Cache-Control': 'private, max-age=60' };
const INIT = { ...MEDIA, 'Content-Type': 'video/mp4' };

const size = z.enum(['whole', 'small']).default('whole');
const directives = z.object({
  _HLS_msn: whole(0, Number.MAX_SAFE_INTEGER).optional(),
  _HLS_part: whole(0, 10_000).optional(),
  wait: z.literal('no', 'must be "no", or left out').optional(),
});

/** What a ticket stands for. */
interface View {
  stream: Stream;
  facts: CameraFacts;
  size: ViewSize;
}

/** Where a camera plays as it is now. The route connects to it, so that it tells what fails. */
export function lowLatencyRoutes(deps: HttpDeps): Api {
  const api = new Api('Streams');

  api.get(
    '/v1/streams/:id/live',
    {
      summary:
        'A link to the camera as it is now, a second or two behind: low-latency HLS, by a second connection to it',
      query: z.object({ size }),
      answer: z.object({ stream_url: z.string(), codecs: z.string() }),
    },
    async (c, { params, query }) => {
      const view = { ...watchable(params.id, deps), size: query.size };
      const init = await watch(c, view, deps, (window) => window.init);
      const codecs = codecsOf(init);
      if (codecs === undefined) throw new Fault('refused', 'players can not show what this camera sends as it is');
      const facts = [params.id, query.size, c.get('caller').keyId, deps.clock.nowMs() + LASTS_MS];
      const ticket = new Signer(deps.store.signingKey).sign(PURPOSE, facts);
      return { stream_url: `${origin(c, deps.config)}/hls/${ticket}/live/stream.m3u8`, codecs };
    },
  );

  return api;
}

/** What such a link leads to; no API key, but it ends with the key that asked for it. */
export function lowLatencyFiles(routes: Routes, deps: HttpDeps): void {
  const find = (ticket: string): LiveWindow => {
    const { stream, size } = openTicket(ticket, deps);
    const window = deps.liveCopies.find(stream, size);
    if (!window) throw new Fault('not_found', 'nobody watches this camera now: ask for the playlist');
    return window;
  };

  routes.get('/hls/:ticket/live/stream.m3u8', async (c) => {
    const view = openTicket(c.req.param('ticket'), deps);
    const { _HLS_msn: msn, _HLS_part: part, wait } = check(directives, c.req.query());
    if (msn === undefined && part !== undefined) throw new Fault('invalid', '_HLS_part: give _HLS_msn, too');
    const text = await watch(c, view, deps, async (window) => {
      // Who goes on from an earlier run can't: what it has doesn't lead to what comes.
      if (msn !== undefined && msn < window.run) throw gone();
      if (msn !== undefined) await window.until(msn, part, c.req.raw.signal);
      return buildLowLatencyPlaylist(window, wait !== 'no');
    });
    return c.body(text, 200, PLAYLIST);
  });

  routes.get('/hls/:ticket/live/:name{[0-9]+-init\\.mp4}', (c) => {
    const window = find(c.req.param('ticket'));
    if (Number.parseInt(c.req.param('name'), 10) !== window.run) throw gone();
    return c.body(bytes(window.init), 200, INIT);
  });

  routes.get('/hls/:ticket/live/:name{[0-9]+\\.m4s}', (c) => {
    const msn = Number.parseInt(c.req.param('name'), 10);
    const data = find(c.req.param('ticket')).segments.find((segment) => segment.msn === msn)?.data;
    if (!data) throw gone();
    return c.body(bytes(data), 200, MEDIA);
  });

  routes.get('/hls/:ticket/live/:name{[0-9]+-[0-9]+\\.m4s}', async (c) => {
    const [msn = 0, part = 0] = c.req.param('name').split(/[-.]/).map(Number);
    const window = find(c.req.param('ticket'));
    const { next } = window;
    // What the playlist hints at is waited for.
    if (msn === next.msn && part === next.part) await window.until(msn, part, c.req.raw.signal);
    const data = window.segments.find((segment) => segment.msn === msn)?.parts[part]?.data;
    if (!data) throw gone();
    return c.body(bytes(data), 200, MEDIA);
  });
}

function watch<T>(c: HttpContext, view: View, { liveCopies }: HttpDeps, use: (window: LiveWindow) => T | Promise<T>) {
  return liveCopies.watch(view.stream, view.size, view.facts, c.req.raw.signal, use);
}

/** Throws `forbidden` when the ticket is not ours, has expired, or the key that asked for it is gone; as `watchable` does. */
function openTicket(ticket: string, deps: HttpDeps): View {
  const { store, clock } = deps;
  const [streamId, asked, keyId, expiresMs] = new Signer(store.signingKey).open(PURPOSE, ticket) ?? [];
  const ours = typeof streamId === 'string' && typeof keyId === 'number' && typeof expiresMs === 'number';
  if (!ours || expiresMs <= clock.nowMs() || !store.keys.get(keyId)) {
    throw new Fault('forbidden', 'this link is not valid or has expired: GET /v1/streams/ID/live for one');
  }
  return { ...watchable(streamId, deps), size: asked === 'small' ? 'small' : 'whole' };
}

function gone(): Fault {
  return new Fault('not_found', 'this part is not there any more, or not yet: ask for the playlist');
}

/** The same bytes, not copied. */
function bytes({ buffer, byteOffset, length }: Buffer): Uint8Array<ArrayBuffer> {
  // Never shared memory: it came from a pipe.
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
}
