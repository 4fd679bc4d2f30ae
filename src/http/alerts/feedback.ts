import { z } from 'zod';
import type { Alert } from '#domain';
import { suggestThreshold } from '#events';
import type { HttpDeps } from '../deps.ts';
import { firingAnswer, firingView } from '../indexes/scene-views.ts';
import { text, whole } from '../input.ts';
import { alertBy, firingBy, indexBy } from '../lookup.ts';
import { Api, Reply } from '../route.ts';

/** Of one alert, the newest. */
const MOST_LOOKED_AT = 10_000;

const mark = z.object({
  verdict: z.enum(['right', 'wrong'], 'must be "right" or "wrong"'),
  note: text(500, 'a coat on the rack').optional(),
});
const listing = z.object({ limit: whole(1, 500).default(50) });

const feedbackAnswer = z
  .object({
    threshold: z.number().describe('That of the alert now; 0: none'),
    right: z.number(),
    wrong: z.number(),
    suggestion: z
      .object({
        threshold: z.number(),
        wrong_left_out: z.number().describe('Of those that are marked'),
        right_left_out: z.number(),
        fired: z.number().describe('All of the alert that are kept'),
        would_have_fired: z.number().describe('Of those, with this threshold'),
      })
      .optional()
      .describe('Only where the marks speak for one; PATCH the alert to apply it, or to take it back'),
    marked: z.array(firingAnswer).describe('Last marked first'),
  })
  .meta({ id: 'Feedback' });

/** What people say of alerts that fired, and what follows from it: a suggestion, which is applied by nobody but them. */
export function feedbackRoutes(deps: HttpDeps): Api {
  const { store, clock } = deps;
  const api = new Api('Events and alerts');

  api.put(
    '/v1/alerts/:id/feedback',
    {
      summary: 'Marks an alert that fired as right or wrong; in place of an earlier mark',
      body: mark,
      answer: firingAnswer,
    },
    (_c, { params, body: { verdict, note } }) => {
      const { id: firingId, alertId } = firingBy(deps, params.id);
      store.marks.set({ firingId, alertId, verdict, ...(note ? { note } : {}), atMs: clock.nowMs() });
      return firingView(firingBy(deps, params.id), deps);
    },
  );

  api.delete('/v1/alerts/:id/feedback', { summary: 'Takes the mark back', answer: firingAnswer }, (_c, { params }) => {
    const firing = firingBy(deps, params.id);
    const had = store.marks.takeBack(firing.id);
    return new Reply(firingView(firing, deps), had ? '' : 'it was not marked');
  });

  api.get(
    '/rtstream/:id/index/:index/alert/:alert/feedback',
    { summary: "An alert's marks, and the threshold that they speak for", query: listing, answer: feedbackAnswer },
    (_c, { params, query: { limit } }) => {
      const index = indexBy(deps, params.id, params.index);
      return feedbackView(alertBy(deps, index, params.alert), limit, deps);
    },
  );

  return api;
}

function feedbackView({ id, threshold = 0 }: Alert, limit: number, deps: HttpDeps): z.input<typeof feedbackAnswer> {
  const { marks, firings } = deps.store;
  const judged = marks.listByAlert(id);
  const wrong = judged.filter(({ verdict }) => verdict === 'wrong').length;
  const marked = judged.slice(0, limit).flatMap(({ firingId }) => firings.get(firingId) ?? []);
  const suggestion = suggestThreshold(judged);
  const past = suggestion ? firings.confidences(id, MOST_LOOKED_AT) : [];
  return {
    threshold,
    right: judged.length - wrong,
    wrong,
    ...(suggestion && {
      suggestion: {
        threshold: suggestion.threshold,
        wrong_left_out: suggestion.wrongLeftOut,
        right_left_out: suggestion.rightLeftOut,
        fired: past.length,
        would_have_fired: past.filter((confidence) => confidence >= suggestion.threshold).length,
      },
    }),
    marked: marked.map((firing) => firingView(firing, deps)),
  };
}
