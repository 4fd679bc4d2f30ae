import { z } from 'zod';
import { checkSourceUrl } from '#camera';
import type { Stream } from '#domain';
import { Fault } from '#runtime';
import type { HttpContext, HttpDeps } from '../deps.ts';
import { flag, text } from '../input.ts';
import { ownStreamBy, streamBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { newStream } from '../streams/streams.ts';
import { streamAnswer, streamView } from '../streams/views.ts';

export const url = z
  .string("must be the camera's address")
  .max(2048, 'must not be longer than 2048 characters')
  .meta({ examples: ['rtsp://user:password@192.168.1.20:554/stream1'] });
const name = text(100, 'Front gate');
export const transport = z.enum(['tcp', 'udp'], 'must be "tcp" or "udp"');
const substream = url.describe("The camera's smaller stream, looked at instead of the main one; empty: none");

const addition = z.object({ name, url, substream_url: substream.optional(), transport: transport.default('tcp') });
const change = z
  .object({
    name,
    url: url.describe('Never given out again'),
    substream_url: substream,
    transport,
    connected: z.boolean('must be true or false').describe('Whether it is to be recorded'),
  })
  .partial();
const removal = z.object({
  delete_recordings: flag.default(false).describe('Whether all goes that was made from it; else it only stops'),
});

/** Cameras are added, changed and removed, wherever they come from. Those of the configuration are changed in it. */
export function cameraRoutes(deps: HttpDeps): Api {
  const { streams } = deps.store;
  const api = new Api('Control');

  api.post(
    '/v1/control/cameras',
    { summary: 'Adds a camera and connects it', body: addition, answer: streamAnswer, status: 201 },
    (_c, { body: { substream_url: smaller, ...body } }) => {
      if (smaller) checkAddress(smaller, deps);
      const wish = { ...body, collection_id: 'default', media_types: ['video' as const], sample_rate: 30 };
      const stream = newStream({ ...wish, store: false, enable_transcript: false }, deps);
      streams.create({ ...stream, ...(smaller ? { substreamUrl: smaller } : {}) });
      deps.supervisor.reconcile();
      return streamView(stream);
    },
  );

  api.patch(
    '/v1/control/cameras/:id',
    {
      summary: 'Changes a camera; it connects anew only where its address or transport changes',
      body: change,
      answer: streamAnswer,
    },
    async (c, { params, body: { connected, ...ways } }) => {
      const stream = ownStreamBy(deps, params.id);
      if (stream.origin === 'config') await changeConfigured(c, stream, ways, deps);
      else changeOwn(stream, ways, deps);
      if (connected !== undefined) streams.update(stream.id, { wanted: connected ? 'connected' : 'stopped' });
      deps.supervisor.reconcile();
      return streamView(streamBy(deps, stream.id));
    },
  );

  api.delete(
    '/v1/control/cameras/:id',
    {
      summary: 'Removes a camera: it stops, and its recordings stay unless they are to go, too',
      query: removal,
      answer: z.object({ recordings: z.enum(['kept', 'deleted']) }),
    },
    async (c, { params, query }) => {
      const all = query.delete_recordings;
      const stream = all ? streamBy(deps, params.id) : ownStreamBy(deps, params.id);
      await stop(c, stream, deps);
      if (all) streams.delete(stream.id, { everywhere: true });
      return { recordings: all ? ('deleted' as const) : ('kept' as const) };
    },
  );

  return api;
}

type Ways = Omit<z.output<typeof change>, 'connected'>;

async function changeConfigured(c: HttpContext, stream: Stream, ways: Ways, deps: HttpDeps): Promise<void> {
  const { name: wanted, url: address, substream_url: smaller, transport: by } = ways;
  if (wanted !== undefined && wanted !== stream.name) {
    throw new Fault('conflict', 'name: this camera comes from the configuration, where its name is what it goes by');
  }
  const camera = {
    ...(address === undefined ? {} : { url: address }),
    ...(smaller === undefined ? {} : { substream: smaller || null }),
    ...(by === undefined ? {} : { transport: by }),
  };
  await configure(c, stream, camera, deps);
}

function changeOwn(stream: Stream, ways: Ways, deps: HttpDeps): void {
  const { name: wanted, url: address, substream_url: smaller, transport: by } = ways;
  if (address !== undefined && stream.push)
    throw new Fault('invalid', 'url: this camera sends to the box: it has none');
  for (const given of [address, smaller]) if (given) checkAddress(given, deps);
  deps.store.streams.update(stream.id, {
    ...(wanted === undefined ? {} : { name: wanted }),
    ...(address === undefined ? {} : { url: address }),
    ...(smaller === undefined ? {} : { substreamUrl: smaller || undefined }),
    ...(by === undefined ? {} : { transport: by }),
  });
}

async function stop(c: HttpContext, stream: Stream, deps: HttpDeps): Promise<void> {
  if (stream.boxId !== undefined) return;
  if (stream.origin === 'config') await configure(c, stream, null, deps);
  deps.store.streams.update(stream.id, { wanted: 'stopped' });
  deps.supervisor.reconcile();
  await deps.supervisor.stopped(stream.id);
}

/** Changes a camera of the configuration there; null takes it out. Throws as the configuration does. */
export async function configure(
  c: HttpContext,
  { name: camera }: Stream,
  wish: object | null,
  deps: HttpDeps,
): Promise<void> {
  await deps.configuration.apply({ patch: { cameras: { [camera]: wish } } }, c.get('caller').name);
}

function checkAddress(given: string, { config }: HttpDeps): void {
  checkSourceUrl(given, { allowFile: config.ingest.allowFile });
}
