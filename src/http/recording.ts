import { z } from 'zod';
import { checkSourceUrl } from '#camera';
import { type RecordingPolicy, type Stream, scheduleOf, writtenSchedule } from '#domain';
import { Fault } from '#runtime';
import type { HttpDeps } from './deps.ts';
import { number, weekly } from './input.ts';
import { streamBy } from './lookup.ts';
import { Api } from './route.ts';

const mode = z.enum(['continuous', 'motion', 'events'], 'must be "continuous", "motion" or "events"');
const seconds = number(0, 600, 'must be seconds from 0 to 600');

const shape = {
  mode: mode.describe('What stays: everything, where something moves, or where an alert fires'),
  pre_seconds: seconds.describe('So much before that stays, too'),
  post_seconds: seconds.describe('So much after that stays, too'),
  schedule: weekly.describe('Outside these times, by the clock of the box, nothing stays; empty: always'),
  audio: z.boolean('must be true or false').describe('Whether sound is recorded and listened to'),
};
const answer = z
  .object({ ...shape, substream: z.boolean().describe('Whether a smaller stream of the camera is looked at') })
  .meta({ id: 'RecordingPolicy' });
const wishes = z
  .object({
    ...shape,
    substream_url: z
      .string("must be the address of the camera's smaller stream")
      .max(2048)
      .meta({ examples: ['rtsp://user:password@192.168.1.20:554/stream2'] })
      .describe('Looked at instead of the main stream, which is then only recorded; empty: none'),
  })
  .partial();

/** What of a camera's recording stays, and which of its streams is looked at. */
export function recordingRoutes(deps: HttpDeps): Api {
  const api = new Api('Streams');

  api.get(
    '/v1/streams/:id/recording',
    { summary: "What of a stream's recording stays, and what it is made of", answer },
    (_c, { params }) => recordingView(streamBy(deps, params.id)),
  );

  api.patch(
    '/v1/streams/:id/recording',
    {
      summary: 'Changes what stays from now on; nothing that is recorded goes by it, and the recording goes on',
      body: wishes,
      answer,
    },
    (_c, { params, body }) => {
      const stream = streamBy(deps, params.id);
      if (stream.origin === 'config') {
        throw new Fault('conflict', 'this camera comes from the configuration file: change its recording there');
      }
      if (body.substream_url) checkSourceUrl(body.substream_url, { allowFile: deps.config.ingest.allowFile });
      const changed = deps.store.streams.update(stream.id, {
        recording: policyOf(stream.recording, body),
        ...(body.substream_url === undefined ? {} : { substreamUrl: body.substream_url || undefined }),
      });
      deps.supervisor.reconcile();
      return recordingView(changed);
    },
  );

  return api;
}

function policyOf(before: RecordingPolicy, wish: z.output<typeof wishes>): RecordingPolicy {
  const { schedule: known, ...rest } = before;
  const schedule = wish.schedule ? scheduleOf(wish.schedule) : known;
  return {
    ...rest,
    mode: wish.mode ?? before.mode,
    preMs: wish.pre_seconds === undefined ? before.preMs : wish.pre_seconds * 1000,
    postMs: wish.post_seconds === undefined ? before.postMs : wish.post_seconds * 1000,
    audio: wish.audio ?? before.audio,
    ...(schedule && schedule.length > 0 ? { schedule } : {}),
  };
}

function recordingView({ recording, substreamUrl }: Stream): z.input<typeof answer> {
  const { mode: what, preMs, postMs, schedule = [], audio } = recording;
  return {
    mode: what,
    pre_seconds: preMs / 1000,
    post_seconds: postMs / 1000,
    schedule: writtenSchedule(schedule),
    audio,
    substream: substreamUrl !== undefined,
  };
}
