import { z } from 'zod';
import type { AssetRecord } from '#domain';
import { Fault } from '#runtime';
import type { AssetHit } from '#store';
import { origin } from '../address.ts';
import type { HttpDeps } from '../deps.ts';
import { prompt } from '../input.ts';
import { playableBy, videoIndexBy } from '../lookup.ts';
import { playAnswer } from '../playing/media.ts';
import { Api } from '../route.ts';
import { playParts, shotOf } from './cuts.ts';
import { grouped, videoResult } from './video-results.ts';
import { find, latestRequest } from './video-search.ts';

/** Finds are looked through for the stretches of a clip. */
const FINDS = 100;
const MOST_STRETCHES = 10;
/** What lies this close together is one stretch. */
const SEAM_MS = 2000;
/** Stretches that are half as sure as the surest aren't what was meant. */
const LEAST_SHARE = 0.6;
const UNITS = { s: 1, m: 60 };

const request = z.object({
  prompt: prompt('A 30 second clip of the delivery'),
  content_type: z
    .enum(['spoken', 'visual', 'multimodal'], 'must be "spoken", "visual" or "multimodal"')
    .default('multimodal')
    .describe('By what is said, by what is seen, or by both'),
  scene_index_id: z.string('must be the id of a scene index').optional().describe('Only this index'),
});
const answer = playAnswer.extend({ results: z.array(videoResult) });

/** The best of a video for a prompt, as shots and as one stream. */
export function videoClipRoutes(deps: HttpDeps): Api {
  const api = new Api('Videos');
  api.post(
    '/video/:id/clip',
    {
      need: 'read',
      summary: 'The stretches of a video that a prompt asks for, in order; nothing found is a refusal',
      body: request,
      answer,
    },
    async (c, { params, body: { prompt: asked, content_type, scene_index_id: index } }) => {
      const video = playableBy(deps, params.id);
      if (index) videoIndexBy(deps, video, index);
      const { query, lengthMs } = read(asked);
      const kinds = { spoken: 'spoken_word', visual: 'scene', multimodal: undefined } as const;
      const kind = index ? undefined : kinds[content_type];
      const where = { assetId: video.id, limit: FINDS, ...(kind ? { kind } : {}) };
      const hits = await find(deps, latestRequest.parse({ query, ...(index ? { index_id: index } : {}) }), where);
      const stretches = bestStretches(hits, lengthMs);
      if (stretches.length === 0) throw new Fault('refused', 'No results found');
      const parts = stretches.map(({ record }) => shotOf(video.id, video.lengthMs, record.startMs, record.endMs));
      return { results: grouped(stretches, deps, origin(c, deps.config)), ...playParts(c, parts, deps) };
    },
  );
  return api;
}

/** How long it is to be, where the prompt says so, and what of. */
function read(asked: string): { query: string; lengthMs: number } {
  const [length, count = '', unit = ''] =
    /\b(\d{1,4})[ -]*(s|sec|seconds?|m|min|minutes?)\b(?:[ -](?:long\b))?/i.exec(asked) ?? [];
  const lengthMs = length ? Number(count) * 1000 * (/^m/i.test(unit) ? UNITS.m : UNITS.s) : Infinity;
  const rest = asked
    .replace(length ?? '', ' ')
    .replace(/^\W*(?:please\s+)?(?:create|make|generate|give me|cut|find|show(?: me)?)?\s*(?:an?|the|some)?\s*/i, '')
    .replace(/^(?:clips?|highlights?|reel|summary)\s+(?:of|about|from|with|on|where|when|showing)\s+/i, '');
  return { query: (rest.trim() || asked).slice(0, 2000), lengthMs: lengthMs || Infinity };
}

/** Stretches that overlap or nearly touch become one; the surest of them, in order of time, no longer than was asked for. */
function bestStretches(hits: readonly AssetHit[], lengthMs: number): AssetHit[] {
  const best = Math.max(...hits.map(({ score }) => score));
  const joined = joinedUp(hits.filter(({ score }) => score >= best * LEAST_SHARE));
  const kept: AssetHit[] = [];
  let leftMs = lengthMs;
  for (const hit of joined.sort((a, b) => b.score - a.score).slice(0, MOST_STRETCHES)) {
    if (leftMs <= 0) break;
    const { startMs, endMs } = hit.record;
    kept.push({ ...hit, record: { ...hit.record, endMs: Math.min(endMs, startMs + leftMs) } });
    leftMs -= endMs - startMs;
  }
  return kept.sort((a, b) => a.record.startMs - b.record.startMs);
}

function joinedUp(hits: readonly AssetHit[]): AssetHit[] {
  const stretches: AssetHit[] = [];
  for (const hit of [...hits].sort((a, b) => a.record.startMs - b.record.startMs)) {
    const last = stretches.at(-1);
    if (last && hit.record.startMs - last.record.endMs <= SEAM_MS) stretches[stretches.length - 1] = join(last, hit);
    else stretches.push(hit);
  }
  return stretches;
}

function join(a: AssetHit, b: AssetHit): AssetHit {
  const surer: AssetRecord = a.score >= b.score ? a.record : b.record;
  const endMs = Math.max(a.record.endMs, b.record.endMs);
  const text = a.record.text === b.record.text ? a.record.text : `${a.record.text} ${b.record.text}`;
  return { record: { ...surer, startMs: a.record.startMs, endMs, text }, score: Math.max(a.score, b.score) };
}
