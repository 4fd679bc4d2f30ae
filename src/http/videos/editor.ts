import { z } from 'zod';
import { fetchBytes, readUpload } from '#assets';
import { compose, type Timeline } from '#editor';
import { deadline, Fault, isFault } from '#runtime';
import type { HttpContext, HttpDeps } from '../deps.ts';
import { check, webAddress } from '../input.ts';
import { Api } from '../route.ts';
import { videoAnswer } from './asset-views.ts';
import { downloadOf } from './downloads.ts';
import { timelineSchema } from './editor-timeline.ts';
import { renderJob } from './jobs.ts';
import { oldTimelineRequest, timelineOf } from './old-timeline.ts';
import { uploadAt } from './uploads.ts';

/** Captions and long texts lie in it. */
/** Reading a longer one would hold up everything else. */
const TIMELINE_BYTES = 4 * 1024 * 1024;
/** Clients give up a little later. */
const FETCH_MS = 20_000;

const document = z.object({ timeline: timelineSchema });
const request = z
  .object({
    timeline: timelineSchema.optional(),
    timeline_url: webAddress
      .optional()
      .describe('Where the same body lies: an upload_url that it was sent to, or elsewhere'),
  })
  .meta({
    examples: [
      {
        timeline: {
          resolution: '1280x720',
          tracks: [{ clips: [{ start: 0, clip: { asset: { type: 'video', id: 'm-0123' }, duration: 5 } }] }],
        },
      },
    ],
  });
const downloadRequest = z.object({ stream_url: webAddress });

/** Timelines of clips, rendered to one video. */
export function editorRoutes(deps: HttpDeps): Api {
  const api = new Api('Editor');

  api.post(
    '/editor',
    {
      summary: 'Renders a timeline: tracks of clips with videos, audio, images, texts and captions',
      body: request,
      bodyLimit: TIMELINE_BYTES,
      answer: videoAnswer,
      job: true,
    },
    async (c, { body }) => {
      const timeline = body.timeline ?? (await timelineAt(c, deps, body.timeline_url));
      return renderJob(c, deps, await compose(timeline, deps));
    },
  );

  api.post(
    '/editor/download',
    {
      need: 'read',
      summary: 'Where what was rendered is a file',
      body: downloadRequest,
      answer: z.object({ download_url: z.string(), name: z.string() }),
    },
    async (c, { body }) => {
      const { download_url, name } = await downloadOf(c, deps, body.stream_url, { field: 'stream_url' });
      return { download_url, name };
    },
  );

  api.post(
    '/timeline',
    {
      summary: "Renders a timeline of VideoDB's first editor: videos one after the other, and what lies over them",
      body: oldTimelineRequest,
      bodyLimit: TIMELINE_BYTES,
      answer: videoAnswer,
      job: true,
    },
    async (c, { body }) => renderJob(c, deps, await compose(timelineOf(body, deps), deps)),
  );

  return api;
}

/** Throws `invalid` when there is none, or something else lies there. */
async function timelineAt(c: HttpContext, deps: HttpDeps, address: string | undefined): Promise<Timeline> {
  if (address === undefined) {
    throw new Fault('invalid', 'timeline: is missing: it must be an object with "tracks", or give "timeline_url"');
  }
  const uploadId = uploadAt(c, deps, address, 'timeline_url');
  using limit = deadline(c.req.raw.signal, FETCH_MS);
  const bytes = await (uploadId === undefined
    ? fetchBytes(address, TIMELINE_BYTES, limit.signal)
    : readUpload(uploadId, TIMELINE_BYTES, deps)
  ).catch((error: unknown) => {
    if (limit.signal.aborted) throw new Fault('unavailable', 'timeline_url: the server took too long to send it');
    if (!isFault(error)) throw error;
    throw new Fault(error.kind, `timeline_url: ${error.message.replace(/^url: /, '')}`, { cause: error });
  });
  return check(document, parsed(bytes)).timeline;
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    throw new Fault('invalid', 'timeline_url: what lies there is not JSON such as {"timeline": {…}}', { cause: error });
  }
}
