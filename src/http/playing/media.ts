import { z } from 'zod';
import { type MediaTicket, nothingRecorded, playableRange } from '#playback';
import { deadline } from '#runtime';
import { origin } from '../address.ts';
import type { HttpDeps } from '../deps.ts';
import { time } from '../input.ts';
import { streamBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { partsOf, ticketOf } from './played.ts';

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

export const playAnswer = z.object({ stream_url: z.string(), player_url: z.string() });

/** Signed links to a recorded range. */
export function playbackRoutes(deps: HttpDeps): Api {
  const { store, links, clock } = deps;
  const api = new Api('Playback');

  api.get(
    '/rtstream/:id/stream',
    {
      summary: 'Links that play a recorded range; the range is clipped to what is recorded',
      query: request,
      aliases: BRACKET_FORM,
      answer: playAnswer.extend({ start: z.number(), end: z.number() }),
    },
    async (c, { params, query }) => {
      const { id } = streamBy(deps, params.id);
      const wanted = { startMs: query.start, endMs: query.end };
      await untilRecorded(deps, id, wanted, c.req.raw.signal);
      const { startMs, endMs } = playableRange(wanted, store.segments.bounds(id), clock.nowMs());
      if (store.segments.inRange(id, startMs, endMs).length === 0) throw nothingRecorded({ startMs, endMs });
      const base = origin(c, deps.config);
      const player = {
        ...(query.player_title ? { title: query.player_title } : {}),
        ...(query.player_description ? { description: query.player_description } : {}),
        ...(query.player_slug_prefix ? { slugPrefix: query.player_slug_prefix } : {}),
      };
      return {
        stream_url: base + links.manifestPath(id, startMs, endMs),
        player_url: base + links.watchPath(id, startMs, endMs, player),
        start: startMs / 1000,
        end: endMs / 1000,
      };
    },
  );

  return api;
}

/** What the player page shows of a signed link. No API key: the link is the permission. */
export function watchRoutes(deps: HttpDeps): Api {
  const api = new Api('Playback', { open: true });

  api.get(
    '/v1/watch/:slug',
    {
      summary: 'What a player link stands for',
      answer: z.object({
        stream_url: z.string(),
        title: z.string(),
        description: z.string(),
        start: z.number(),
        end: z.number(),
        poster: z.string().optional(),
      }),
    },
    (_c, { params }) => {
      const ticket = ticketOf(deps, params.slug);
      const { sourceId, startMs, endMs, expiresMs, title, description } = ticket;
      const about = sourceId.startsWith('rts-') ? ofStream(ticket, deps) : ofAssets(ticket, deps);
      return {
        stream_url: deps.links.manifestPath(sourceId, startMs, endMs, expiresMs),
        title: title ?? about.title,
        description: description ?? about.description,
        start: startMs / 1000,
        end: endMs / 1000,
        ...(about.poster === undefined ? {} : { poster: about.poster }),
      };
    },
  );

  return api;
}

interface About {
  title: string;
  description: string;
  poster: string | undefined;
}

function ofStream({ sourceId, startMs, endMs }: MediaTicket, { store, links }: HttpDeps): About {
  const scene = store.indexes
    .listByStream(sourceId)
    .flatMap(({ id }) => store.scenes.page(id, { startMs, endMs, page: 1, pageSize: 20 }).scenes)
    .filter(({ thumbPath }) => thumbPath !== undefined)
    .sort((a, b) => Math.abs(a.startMs - startMs) - Math.abs(b.startMs - startMs))[0];
  const title = store.streams.get(sourceId)?.name ?? '';
  return { title, description: '', poster: scene && links.thumbPath(scene.id) };
}

function ofAssets(ticket: MediaTicket, deps: HttpDeps): About {
  const [first] = partsOf(ticket, deps);
  const asset = first && deps.store.assets.get(first.assetId);
  const pictured = asset !== undefined && asset.kind === 'video';
  return {
    title: asset?.name ?? '',
    description: asset?.description ?? '',
    poster: pictured ? deps.links.picturePath(asset.id, first?.startMs || undefined) : undefined,
  };
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
