import { Hono } from 'hono';
import { z } from 'zod';
import { newId, Signer } from '#domain';
import { Fault } from '#runtime';
import { origin } from '../address.ts';
import type { HttpDeps, HttpEnv, Routes } from '../deps.ts';
import { collectionBy } from '../lookup.ts';
import { Api } from '../route.ts';

const DAY_MS = 86_400_000;
const PURPOSE = 'websocket';

/** What the address of a WebSocket stands for: a connection, who asked for it, and how the client knows us. */
export interface SocketTicket {
  connectionId: string;
  keyId: number;
  /** Of the session token of that key by which it was asked for. */
  tokenId?: string;
  origin: string;
}

type TicketDeps = Pick<HttpDeps, 'store' | 'clock'>;

/** GET collection/{id}/websocket: an address that is its own ticket, as clients send no key when they open it. */
export function websocketRoutes(deps: HttpDeps): Api {
  const api = new Api('Live events');

  api.get(
    '/collection/:id/websocket',
    {
      summary: 'An address for live events; it may be opened, again and again, for a day',
      answer: z.object({ websocket_url: z.string(), connection_id: z.string() }),
    },
    (c, { params }) => {
      collectionBy(deps, params.id);
      const { keyId, sessionExpiresMs, tokenId } = c.get('caller');
      const connectionId = newId('connection').replace(/^conn-/, `conn-${keyId}-`);
      const here = origin(c, deps.config);
      const expiresMs = Math.min(deps.clock.nowMs() + DAY_MS, sessionExpiresMs ?? Infinity);
      const facts = [connectionId, keyId, here, expiresMs, tokenId ?? 0];
      const ticket = new Signer(deps.store.signingKey).sign(PURPOSE, facts);
      return { websocket_url: `${here.replace(/^http/, 'ws')}/ws/${ticket}`, connection_id: connectionId };
    },
  );

  return api;
}

/** Such an address opened as a page: by a person, or through a proxy that doesn't pass on the upgrade. */
export function websocketNote(): Routes {
  const routes = new Hono<HttpEnv>();
  routes.get('/ws/:ticket', () => {
    throw new Fault(
      'invalid',
      'this address is for WebSocket clients; a proxy before the box must pass on the headers Connection and Upgrade',
    );
  });
  return routes;
}

/** Throws `forbidden` when the ticket is not ours or has expired, `unauthorized` when its key is gone. */
export function openTicket(ticket: string, { store, clock }: TicketDeps): SocketTicket {
  const [connectionId, keyId, here, expiresMs, by] = new Signer(store.signingKey).open(PURPOSE, ticket) ?? [];
  const ours = typeof connectionId === 'string' && typeof keyId === 'number' && typeof here === 'string';
  if (!ours || typeof expiresMs !== 'number' || expiresMs <= clock.nowMs()) {
    throw new Fault('forbidden', 'this address is not valid or has expired: GET /collection/default/websocket for one');
  }
  // Older ones only say that there is one.
  const session = typeof by === 'string' || by === 1 ? { tokenId: `${by}` } : {};
  if (!store.keys.holds({ keyId, ...session })) {
    throw new Fault('unauthorized', 'the API key or session token that asked for this address is gone');
  }
  return { connectionId, keyId, ...session, origin: here };
}
