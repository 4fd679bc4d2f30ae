import { z } from 'zod';
import { CAPTURE_STATUSES, type CaptureSession } from '#domain';
import { Fault } from '#runtime';
import { origin } from '../address.ts';
import { grantOf } from '../auth.ts';
import type { HttpContext, HttpDeps } from '../deps.ts';
import { callbackAddress, connectionId, opaque, text, whole } from '../input.ts';
import { collectionBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { playView } from '../videos/asset-views.ts';
import { newSessionAnswer, newSessionView, sessionAnswer, sessionView } from './capture-views.ts';

const creation = z.object({
  end_user_id: text(200, 'user-123').describe('Whose session it is; kept and given back'),
  callback_url: callbackAddress.describe('Where each change of its status is POSTed to; empty for nowhere'),
  ws_connection_id: connectionId.optional(),
  metadata: opaque.default({}).describe('Kept and given back'),
});
const listing = z.object({
  status: z.enum(CAPTURE_STATUSES, `must be one of ${CAPTURE_STATUSES.join(', ')}`).optional(),
  end_user_id: z.string().optional(),
  limit: whole(1, 1000).default(100),
  cursor: z.string().optional().describe('"next_page" of the answer before; any other begins anew'),
});
const exporting = z.object({
  video_channel_id: text(200, 'display:1').optional().describe('Whose picture; the primary one when left out'),
  connection_id: connectionId.optional(),
});
const exportAnswer = z.object({
  session_id: z.string(),
  video_channel_id: z.string().optional(),
  export_status: z.enum(['exporting', 'exported', 'failed']),
  video_id: z.string().optional(),
  stream_url: z.string().optional(),
  player_url: z.string().optional(),
  error: z.object({ message: z.string() }).optional(),
});

/** Sessions in which a client sends several streams, as applications see them. Session tokens open all but the list. */
export function captureRoutes(deps: HttpDeps): Api {
  const { captures } = deps.store;
  const api = new Api('Capture');

  api.post(
    '/collection/:id/capture/session',
    { summary: 'Makes a capture session; a client starts it', token: true, body: creation, answer: newSessionAnswer },
    (c, { params, body }) => {
      demandNoCallback(c, body.callback_url);
      const session = deps.captureDesk.create({
        collectionId: collectionBy(deps, params.id).id,
        endUserId: body.end_user_id,
        metadata: body.metadata,
        grants: [grantOf(c) ?? []].flat(),
        ...(body.callback_url ? { callbackUrl: body.callback_url } : {}),
        ...(body.ws_connection_id === undefined ? {} : { wsConnectionId: body.ws_connection_id }),
      });
      return newSessionView(session);
    },
  );

  api.get(
    '/collection/:id/capture/session',
    {
      summary: "Lists a collection's capture sessions, newest first",
      query: listing,
      answer: z.object({ sessions: z.array(sessionAnswer), next_page: z.string().nullable() }),
    },
    (c, { params, query: { status, end_user_id: endUserId, limit, cursor } }) => {
      demandKey(c);
      const { sessions, next } = captures.list({
        collectionId: collectionBy(deps, params.id).id,
        limit,
        ...(status === undefined ? {} : { status }),
        ...(endUserId === undefined ? {} : { endUserId }),
        ...(cursor !== undefined && /^\d{1,15}$/.test(cursor) ? { cursor: Number(cursor) } : {}),
      });
      return {
        sessions: sessions.map((session) => sessionView(session, deps)),
        next_page: next === undefined ? null : String(next),
      };
    },
  );

  api.get(
    '/collection/:id/capture/session/:session',
    { summary: 'One capture session, with its channels and their streams', answer: sessionAnswer },
    (_c, { params }) => sessionView(sessionIn(deps, params.id, params.session), deps),
  );

  exportRoute(api, deps);
  return api;
}

function exportRoute(api: Api, deps: HttpDeps): void {
  api.post(
    '/collection/:id/capture/session/:session/export',
    {
      summary: 'Makes a video of what a session recorded, or says how that goes; asked again, it is the same video',
      token: true,
      body: exporting,
      answer: exportAnswer,
    },
    (c, { params, body: { video_channel_id: asked } }) => {
      const session = sessionIn(deps, params.id, params.session);
      const { status, assetId, error } = deps.captureDesk.export(session.id, asked);
      const asset = assetId === undefined ? undefined : deps.store.assets.get(assetId);
      const channel = asked ?? session.primaryChannelId;
      return {
        session_id: session.id,
        ...(channel === undefined ? {} : { video_channel_id: channel }),
        export_status: status,
        ...(asset ? { video_id: asset.id, ...playView(asset, deps, origin(c, deps.config)) } : {}),
        ...(error === undefined ? {} : { error: { message: error } }),
      };
    },
  );
}

/** A token is one user's; the list shows everybody's sessions. */
function demandKey(c: HttpContext): void {
  if (c.get('caller').sessionExpiresMs === undefined) return;
  throw new Fault('forbidden', 'x-access-token: a session token does not list sessions; use an API key');
}

/** A token is a user's, anywhere; whom the box calls, also on its own network, is for those with a key. Throws `forbidden`. */
export function demandNoCallback(c: HttpContext, address: string): void {
  if (address === '' || c.get('caller').sessionExpiresMs === undefined) return;
  throw new Fault(
    'forbidden',
    'callback_url: a session token names none; make the session with an API key and with it',
  );
}

/** Throws `not_found`. */
export function sessionBy({ store }: HttpDeps, id: string): CaptureSession {
  const session = store.captures.get(id);
  if (session) return session;
  throw new Fault('not_found', `session_id: there is no capture session "${id.slice(0, 80)}"`);
}

/** Throws `not_found` also for one of another collection. */
function sessionIn(deps: HttpDeps, collection: string, id: string): CaptureSession {
  const session = sessionBy(deps, id);
  if (session.collectionId === collectionBy(deps, collection).id) return session;
  throw new Fault('not_found', `session_id: there is no capture session "${id.slice(0, 80)}" in this collection`);
}
