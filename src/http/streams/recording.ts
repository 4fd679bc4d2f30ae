import { z } from 'zod';
import { checkSourceUrl } from '#camera';
import { type RecordingPolicy, type Stream, scheduleOf, writtenSchedule } from '#domain';
import { Fault } from '#runtime';
import type { HttpDeps } from '../deps.ts';
import { number, weekly } from '../input.ts';
import { streamBy } from '../lookup.ts';
import { Api } from '../route.ts';

const mode = z.enum(['continuous', 'motion', 'events'], 'must be "continuous", "motion" or "events"');
const seconds = number(0, 600, 'must be seconds from 0 to 600');

const GB = 1e9;

const shape = {
  mode: mode.describe('What stays: everything, where something moves, or where an alert fires'),
  pre_seconds: seconds.describe('So much before that stays, too'),
  post_seconds: seconds.describe('So much after that stays, too'),
  schedule: weekly.describe('Outside these times, by the clock of the box, nothing stays; empty: always'),
  audio: z.boolean('must be true or false').describe('Whether sound is recorded and listened to'),
};
const answer = z
  .object({
    ...shape,
    keep_days: z.number().optional().describe('What is older goes; absent: as the box does with all of them'),
    quota_gb: z.number().optional().describe('Most that its recordings take; absent: as much as there is room for'),
    substream: z.boolean().describe('Whether a smaller stream of the camera is looked at'),
  })
  .meta({ id: 'RecordingPolicy' });
const wishes = z
  .object({
    ...shape,
    keep_days: number(0, 36_500, 'must be days from 0 to 36500').describe('What is older goes; 0: as the box does'),
    quota_gb: number(0, 1_000_000, 'must be GB from 0 to 1000000').describe(
      'Most that its recordings take; 0: no limit',
    ),
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
      summary: 'Changes what stays from now on; the recording goes on',
      body: wishes,
      answer,
    },
    (_c, { params, body }) => {
      const stream = streamBy(deps, params.id);
      if (stream.origin === 'config') {
        throw new Fault(
          'conflict',
          'this camera comes from the configuration: change its recording there (PATCH /v1/control/config, or the file)',
        );
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
  const { schedule: known, keepDays: knownDays, quotaBytes: knownBytes, ...rest } = before;
  const keepDays = wish.keep_days ?? knownDays;
  const quotaBytes = wish.quota_gb === undefined ? knownBytes : wish.quota_gb * GB;
  const schedule = wish.schedule ? scheduleOf(wish.schedule) : known;
  return {
    ...rest,
    mode: wish.mode ?? before.mode,
    preMs: wish.pre_seconds === undefined ? before.preMs : wish.pre_seconds * 1000,
    postMs: wish.post_seconds === undefined ? before.postMs : wish.post_seconds * 1000,
    audio: wish.audio ?? before.audio,
    ...(schedule && schedule.length > 0 ? { schedule } : {}),
    ...(keepDays ? { keepDays } : {}),
    ...(quotaBytes ? { quotaBytes } : {}),
  };
}

function recordingView({ recording, substreamUrl }: Stream): z.input<typeof answer> {
  const { mode: what, preMs, postMs, schedule = [], audio, keepDays, quotaBytes } = recording;
  return {
    mode: what,
    pre_seconds: preMs / 1000,
    post_seconds: postMs / 1000,
    schedule: writtenSchedule(schedule),
    audio,
    ...(keepDays === undefined ? {} : { keep_days: keepDays }),
    ...(quotaBytes === undefined ? {} : { quota_gb: quotaBytes / GB }),
    substream: substreamUrl !== undefined,
  };
}
