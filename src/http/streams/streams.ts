import { z } from 'zod';
import { checkSourceUrl } from '#camera';
import { newId, RECORD_ALL, type Stream } from '#domain';
import { Fault } from '#runtime';
import type { HttpDeps } from '../deps.ts';
import { connectionId, flag, text, whole } from '../input.ts';
import { collectionBy, ownStreamBy, streamBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { pushedView, pushWished, renewPushKey } from './push.ts';
import { streamAnswer, streamView } from './views.ts';

const EXAMPLE_URL = 'rtsp://user:password@192.168.1.20:554/stream1';
/** An ffmpeg that has to be killed has ended by then. */
const STOP_MS = 10_000;
const NO_URL = `must be the camera's address, e.g. "${EXAMPLE_URL}"`;
const name = text(200, 'Front gate');
const rate = whole(1, 240).describe('Kept and given back; indexes say by themselves how often they look');

const creation = z.object({
  url: z
    .string({ error: NO_URL })
    .max(2048, 'must not be longer than 2048 characters')
    .meta({
      examples: [EXAMPLE_URL],
      description:
        "The camera's address: rtsp, rtsps, rtmp, rtmps, http, https; never given out again. push:rtmp or push:rtsp where the camera sends to this box",
    })
    .optional(),
  ingest_mode: z
    .enum(['pull', 'push'], 'must be "pull" or "push"')
    .optional()
    .describe('push: whoever has the push_url of the answer sends the stream to this box; url is left out'),
  protocol: z
    .enum(['rtmp', 'rtsp'], 'must be "rtmp" or "rtsp"')
    .optional()
    .describe('By which it is pushed; rtmp by default'),
  name,
  collection_id: z.string('must be a collection id or "default"').default('default'),
  media_types: z
    .array(z.enum(['video', 'audio'], 'must be "video" or "audio"'), 'must be a list such as ["video"]')
    .min(1, 'must name "video", "audio" or both')
    .default(['video'])
    .describe('Sound is recorded where there is some, whatever is said here; ["audio"] leaves out pictures'),
  sample_rate: rate.default(30),
  store: flag.default(false).describe('Kept and given back; a connected stream is always recorded'),
  enable_transcript: flag.default(true).describe('Whether what is said is written down'),
  transport: z.enum(['tcp', 'udp'], 'must be "tcp" or "udp"').default('tcp'),
  ws_connection_id: connectionId.optional(),
});

const listing = z.object({
  limit: whole(1, 1000).default(10),
  offset: whole(0, 1_000_000_000).default(0),
  status: z.enum(['connected', 'stopped'], 'must be connected or stopped').optional(),
  name: z.string().optional(),
  ordering: z
    .string()
    .regex(/^-?(created_at|name|status)$/, 'must be created_at, name or status, with a leading - for descending')
    .optional(),
});

const change = z.object({ name: name.optional(), sample_rate: rate.optional() });
const page = z.object({
  results: z.array(streamAnswer),
  count: z.number(),
  next: z.string().nullable(),
  previous: z.string().nullable(),
});
const statusChange = z.object({ action: z.enum(['start', 'stop'], 'must be "start" or "stop"') });

export function streamRoutes(deps: HttpDeps): Api {
  const { streams } = deps.store;
  const api = new Api('Streams');

  api.post(
    '/rtstream',
    { summary: 'Adds a camera and connects it', body: creation, answer: streamAnswer, status: 201 },
    async (c, { body }) => {
      const stream = newStream(body, deps);
      streams.create(stream);
      deps.supervisor.reconcile();
      await deps.push.letIn(stream.id);
      return pushedView(c, stream, deps);
    },
  );

  api.get(
    '/rtstream',
    { summary: 'Lists streams, newest first; "name" is any part of the name', query: listing, answer: page },
    (c, { query }) => {
      const { results, count } = streams.list(given(query));
      return { results: results.map(streamView), count, ...neighbours(c.req.query(), query, count) };
    },
  );

  api.get('/rtstream/:id', { summary: 'One stream', answer: streamAnswer }, (c, { params }) =>
    pushedView(c, streamBy(deps, params.id), deps),
  );

  api.patch(
    '/rtstream/:id',
    { summary: 'Changes a stream', body: change, answer: streamAnswer },
    (_c, { params, body: { name, sample_rate: sampleRate } }) => {
      const stream = ownStreamBy(deps, params.id);
      if (stream.origin === 'config' && name !== undefined && name !== stream.name) {
        throw new Fault(
          'conflict',
          'name: this camera comes from the configuration, where its name is what it goes by',
        );
      }
      return streamView(streams.update(stream.id, given({ name, sampleRate })));
    },
  );

  api.patch(
    '/rtstream/:id/status',
    {
      summary: 'Starts or stops a stream, any number of times; once it is stopped, all that was recorded is there',
      body: statusChange,
      answer: streamAnswer,
    },
    async (_c, { params, body: { action } }) => {
      const { id } = ownStreamBy(deps, params.id);
      const stream = streams.update(id, { wanted: action === 'start' ? 'connected' : 'stopped' });
      deps.supervisor.reconcile();
      if (action === 'stop') await ended(id, deps);
      return streamView(stream);
    },
  );

  api.post(
    '/v1/streams/:id/push-key',
    {
      summary: 'Gives a stream that is sent to this box another key; whoever sends it now is cut off',
      answer: streamAnswer,
    },
    (c, { params }) => {
      const stream = renewPushKey(ownStreamBy(deps, params.id), deps.store);
      if (!stream) throw new Fault('conflict', 'this stream is not sent to the box: it has no key');
      deps.supervisor.reconcile();
      return pushedView(c, stream, deps);
    },
  );

  return api;
}

/** Until its last segment is in the store; a recorder that hangs is not waited for. */
async function ended(id: string, { supervisor, clock }: HttpDeps): Promise<void> {
  const late = new AbortController();
  const tooLong = clock.sleep(STOP_MS, late.signal).catch(() => undefined);
  await Promise.race([supervisor.stopped(id), tooLong]);
  late.abort();
}

/** As it is connected. Throws `invalid` for an address that can't be one. */
export function newStream(body: z.output<typeof creation>, deps: HttpDeps): Stream {
  const push = pushWished(body);
  const url = push ? '' : addressOf(body.url, deps);
  const nowMs = deps.clock.nowMs();
  return {
    id: newId('stream', nowMs),
    collectionId: collectionBy(deps, body.collection_id || 'default').id,
    name: body.name,
    url,
    ...(push ? { push } : {}),
    mediaTypes: [...new Set(body.media_types)],
    sampleRate: body.sample_rate,
    store: body.store,
    transcription: {
      wanted: body.enable_transcript,
      engine: 'default',
      ...(body.ws_connection_id ? { wsConnectionId: body.ws_connection_id } : {}),
      changedMs: nowMs,
    },
    transport: body.transport,
    zones: [],
    recording: RECORD_ALL,
    wanted: 'connected',
    origin: 'api',
    createdMs: nowMs,
  };
}

function addressOf(url: string | undefined, { config }: Pick<HttpDeps, 'config'>): string {
  if (url === undefined) throw new Fault('invalid', `url: ${NO_URL}`);
  checkSourceUrl(url, { allowFile: config.ingest.allowFile });
  return url;
}

/** Paths of the pages before and after this one; null where there is none. */
function neighbours(
  asked: Record<string, string>,
  { limit, offset }: { limit: number; offset: number },
  count: number,
): { next: string | null; previous: string | null } {
  const page = (at: number) =>
    `/rtstream?${new URLSearchParams({ ...asked, limit: String(limit), offset: String(at) }).toString()}`;
  return {
    next: offset + limit < count ? page(offset + limit) : null,
    previous: offset > 0 ? page(Math.max(0, offset - limit)) : null,
  };
}

/** Without the members that are undefined. */
function given<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  // Only undefined members were taken out.
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
