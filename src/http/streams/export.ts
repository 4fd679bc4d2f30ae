import { z } from 'zod';
import { exportableRange } from '#assets';
import { type Job, newId } from '#domain';
import { origin } from '../address.ts';
import type { HttpDeps } from '../deps.ts';
import { text, time } from '../input.ts';
import { streamBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { answerOf, exportAnswer, exportView, runJob } from '../videos/jobs.ts';

const request = z.object({
  name: text(200, 'Front gate, Monday').optional(),
  start: time.optional(),
  end: time.optional(),
});

interface Range {
  startMs: number;
  endMs: number;
}

export function exportRoutes(deps: HttpDeps): Api {
  const { store } = deps;
  const api = new Api('Streams');

  api.post(
    '/rtstream/:id/export',
    {
      summary:
        'Makes a video of the recording of a stopped stream, or of a part of it; the same video when asked again',
      body: request,
      answer: exportAnswer,
      job: true,
    },
    async (c, { params, body: { name, start, end } }) => {
      const stream = streamBy(deps, params.id);
      if (stream.wanted === 'stopped') await deps.supervisor.stopped(stream.id); // Its last segment is being finished.
      const range = await exportableRange(deps, stream.id, { startMs: start, endMs: end });
      const made = store.assets.findExport(stream.id, range.startMs, range.endMs);
      if (made) return exportView(made, deps, origin(c, deps.config));
      const begun = store.jobs.unfinished().find((job) => exports(job, stream.id, range));
      if (begun) return answerOf(c, deps, begun.id);
      const input = {
        assetId: newId(
          store.segments.hasPictures(stream.id, range.startMs, range.endMs) ? 'video' : 'audio',
          deps.clock.nowMs(),
        ),
        streamId: stream.id,
        ...range,
        name: name ?? `${stream.name} - Recording`,
      };
      return runJob(c, deps, 'export', input);
    },
  );

  return api;
}

function exports({ kind, input }: Job, streamId: string, { startMs, endMs }: Range): boolean {
  const same = input['streamId'] === streamId && input['startMs'] === startMs && input['endMs'] === endMs;
  return kind === 'export' && same;
}
