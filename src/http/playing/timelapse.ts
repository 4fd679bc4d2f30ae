import { z } from 'zod';
import { playableRange } from '#playback';
import type { HttpDeps } from '../deps.ts';
import { text, time, whole } from '../input.ts';
import { streamBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { exportAnswer, runJob } from '../videos/jobs.ts';

const request = z.object({
  start: time.optional(),
  end: time.optional(),
  seconds: whole(2, 60).default(20).describe('How long the video is to be'),
  name: text(200, 'A day in the yard').optional(),
});

/** Hours or days of a recording as a video of seconds. */
export function timelapseRoutes(deps: HttpDeps): Api {
  const { store, clock } = deps;
  const api = new Api('Playback');

  api.post(
    '/v1/streams/:id/timelapse',
    {
      summary: 'Makes a short video of a long stretch of a recording, out of pictures that lie evenly apart',
      body: request,
      answer: exportAnswer,
      job: true,
    },
    async (c, { params, body: { start, end, seconds, name } }) => {
      const stream = streamBy(deps, params.id);
      const range = playableRange({ startMs: start, endMs: end }, store.segments.bounds(stream.id), clock.nowMs());
      return runJob(c, deps, 'timelapse', {
        streamId: stream.id,
        ...range,
        lengthS: seconds,
        collectionId: stream.collectionId,
        name: name ?? `${stream.name} - Timelapse`,
      });
    },
  );

  return api;
}
