import { z } from 'zod';
import type { Backfill, SceneIndex } from '#domain';
import { Fault } from '#runtime';
import type { HttpDeps } from '../deps.ts';
import { time } from '../input.ts';
import { indexBy, ownIndexBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { backfillAnswer, backfillView } from './index-facts.ts';

/** What an index is to describe of what was recorded before. */
export const backfillWish = z
  .object({
    from: time.describe('Unix seconds: recordings from here on are described too'),
    to: time.optional().describe('Unix seconds; until now by itself'),
  })
  .meta({ required: ['from'] });

/**
 * To be put when the index is there. Throws `invalid` when nothing is recorded in the range, or the index doesn't look at
 * pictures.
 */
export function backfillOf(
  index: SceneIndex,
  { from, to }: z.output<typeof backfillWish>,
  { store, clock }: Pick<HttpDeps, 'store' | 'clock'>,
): Backfill {
  if (index.extraction.type === 'transcript') {
    throw new Fault(
      'invalid',
      'backfill: what was said is not written down afterwards: only "time" and "shot" indexes',
    );
  }
  const nowMs = clock.nowMs();
  const untilMs = Math.min(to ?? nowMs, nowMs);
  const recorded = store.segments.bounds(index.streamId);
  const fromMs = Math.max(from, recorded?.startMs ?? Number.POSITIVE_INFINITY);
  if (fromMs >= Math.min(untilMs, recorded?.endMs ?? 0)) {
    throw new Fault(
      'invalid',
      'backfill: nothing is recorded in this range; GET /v1/timeline shows what is, or leave it out',
    );
  }
  return { indexId: index.id, fromMs, toMs: untilMs, reachedMs: fromMs, status: 'waiting', createdMs: nowMs };
}

const PATH = '/v1/streams/:id/indexes/:index/backfill';

export function backfillRoutes(deps: HttpDeps): Api {
  const { backfills } = deps.store;
  const api = new Api('Indexes');

  api.get(
    PATH,
    { summary: 'How far an index has come with what was recorded before', answer: backfillAnswer },
    (_c, { params }) => backfillView(known(indexBy(deps, params.id, params.index), deps)),
  );

  api.put(
    PATH,
    {
      summary:
        'Has an index describe what was recorded before, when the box has time for it; in place of an earlier wish',
      body: backfillWish,
      answer: backfillAnswer,
    },
    (_c, { params, body }) => {
      const wish = backfillOf(ownIndexBy(deps, params.id, params.index), body, deps);
      backfills.put(wish);
      deps.backfiller.wake();
      return backfillView(wish);
    },
  );

  api.delete(PATH, { summary: 'Ends it; what was described stays', answer: backfillAnswer }, (_c, { params }) => {
    const index = ownIndexBy(deps, params.id, params.index);
    known(index, deps);
    backfills.finish(index.id, 'cancelled', deps.clock.nowMs());
    return backfillView(known(index, deps));
  });

  return api;
}

function known(index: SceneIndex, { store }: Pick<HttpDeps, 'store'>): Backfill {
  const backfill = store.backfills.get(index.id);
  if (backfill) return backfill;
  throw new Fault('not_found', 'backfill: none was asked for; PUT {"from": SECONDS} here begins one');
}
