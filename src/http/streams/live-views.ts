import { z } from 'zod';
import { type CameraFacts, Signer, type Stream } from '#domain';
import { Fault } from '#runtime';
import { origin } from '../address.ts';
import type { HttpDeps } from '../deps.ts';
import { streamBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { demandPictures } from './sound-only.ts';

const PURPOSE = 'jsmpeg';
const LASTS_MS = 60_000;

type ViewDeps = Pick<HttpDeps, 'store' | 'supervisor' | 'clock' | 'push'>;

interface View {
  keyId: number;
  stream: Stream;
  facts: CameraFacts;
}

/** An address at which JSMpeg players find the camera's picture; it is its own ticket, as browsers send no key there. */
export function liveViewRoutes(deps: HttpDeps): Api {
  const api = new Api('Streams');

  api.get(
    '/v1/streams/:id/jsmpeg',
    {
      summary: 'An address for JSMpeg: the camera with half a second of delay, by a second connection to it',
      answer: z.object({ websocket_url: z.string() }),
    },
    (c, { params }) => {
      const { stream } = watchable(params.id, deps);
      const { keyId } = c.get('caller');
      const ticket = new Signer(deps.store.signingKey).sign(PURPOSE, [stream.id, keyId, deps.clock.nowMs() + LASTS_MS]);
      return { websocket_url: `${origin(c, deps.config).replace(/^http/, 'ws')}/jsmpeg/${ticket}` };
    },
  );

  return api;
}

/** Throws `forbidden` when the ticket is not ours or has expired, `not_found`, `refused` or `unavailable` when there is nothing to see. */
export function openView(ticket: string, deps: ViewDeps): View {
  const { store, clock } = deps;
  const [streamId, keyId, expiresMs] = new Signer(store.signingKey).open(PURPOSE, ticket) ?? [];
  const ours = typeof streamId === 'string' && typeof keyId === 'number' && typeof expiresMs === 'number';
  if (!ours || expiresMs <= clock.nowMs() || !store.keys.get(keyId)) {
    throw new Fault('forbidden', 'this address is not valid or has expired: GET /v1/streams/ID/jsmpeg for one');
  }
  return { keyId, ...watchable(streamId, deps) };
}

/**
 * A camera with the address at which it is to be had now. Throws `not_found` when there is no such camera, `conflict` when
 * it isn't connected, or nobody sends it, `refused` when it has no pictures.
 */
export function watchable(id: string, deps: ViewDeps): Omit<View, 'keyId'> {
  const stream = streamBy(deps, id);
  const facts = deps.supervisor.status().find(({ streamId }) => streamId === id)?.facts;
  const url = deps.push.addressOf(stream) ?? stream.url;
  if (!facts || url === '') throw new Fault('conflict', 'the camera is not connected: there is nothing to show now');
  demandPictures(stream, deps);
  return { stream: { ...stream, url }, facts };
}
