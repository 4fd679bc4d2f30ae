import { z } from 'zod';
import type { Asset, Part } from '#domain';
import { origin } from '../address.ts';
import type { HttpContext, HttpDeps } from '../deps.ts';
import { number } from '../input.ts';
import { playableBy } from '../lookup.ts';
import { playAnswer } from '../playing/media.ts';
import { Api } from '../route.ts';
import { playView } from './asset-views.ts';

const MOST_SHOTS = 1000;
/** A shot of no length is a moment that one wants to see. */
const SHORTEST_MS = 1000;

const seconds = number(0, 1e9, 'must be seconds from the start of the video');
const stretch = z.tuple([seconds, seconds], 'must be [start, end] in seconds');
const stretches = z
  .array(stretch, 'must be a list of [start, end] in seconds, e.g. [[0, 5]]')
  .max(MOST_SHOTS, `must not have more than ${MOST_SHOTS} shots`);
const compilation = z
  .array(
    z.object({ video_id: z.string('must be the id of a video'), shots: stretches.min(1, 'must name a shot') }),
    'the body must be a list such as [{"video_id": "m-…", "shots": [[0, 5]]}]',
  )
  .min(1, 'the body must name at least one video with a shot')
  .max(MOST_SHOTS, `must not have more than ${MOST_SHOTS} members`)
  .meta({ examples: [[{ video_id: 'm-0123', shots: [[0, 5]] }]] });
const streaming = z.object({ timeline: stretches.default([]) }).meta({
  examples: [
    {
      timeline: [
        [0, 5],
        [20, 30],
      ],
    },
  ],
});

/** Several stretches of videos that play as one stream; nothing is encoded. */
export function cutRoutes(deps: HttpDeps): Api {
  const api = new Api('Videos');

  api.post(
    '/compile',
    { summary: 'Links that play shots of videos one after the other', body: compilation, answer: playAnswer },
    (c, { body }) => {
      const parts = body.flatMap(({ video_id: id, shots }) => partsOf(playableBy(deps, id), shots));
      return playParts(c, parts, deps);
    },
  );

  api.post(
    '/video/:id/stream',
    { need: 'read', summary: 'Links that play a video, or some of it', body: streaming, answer: playAnswer },
    (c, { params, body: { timeline } }) => {
      const asset = playableBy(deps, params.id);
      if (timeline.length === 0) return playView(asset, deps, origin(c, deps.config));
      return playParts(c, partsOf(asset, timeline), deps);
    },
  );

  return api;
}

/** Clipped to what there is. */
function partsOf({ id, lengthMs }: Asset, shots: readonly (readonly [number, number])[]): Part[] {
  return shots.map(([start, end]) => shotOf(id, lengthMs, start * 1000, end * 1000));
}

/** At least a second long, and within the asset; ends in either order. */
export function shotOf(assetId: string, lengthMs: number, fromMs: number, toMs: number): Part {
  const [first, last] = fromMs <= toMs ? [fromMs, toMs] : [toMs, fromMs];
  const startMs = Math.round(Math.max(0, Math.min(first, lengthMs - SHORTEST_MS)));
  return { assetId, startMs, endMs: Math.round(Math.min(lengthMs, Math.max(last, startMs + SHORTEST_MS))) };
}

/** Links that play the parts one after the other. */
export function playParts(
  c: HttpContext,
  parts: Part[],
  { store, links, config }: HttpDeps,
): z.input<typeof playAnswer> {
  const { id } = store.cuts.put(parts);
  const lengthMs = parts.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  const base = origin(c, config);
  return {
    stream_url: base + links.manifestPath(id, 0, lengthMs),
    player_url: base + links.watchPath(id, 0, lengthMs),
  };
}
