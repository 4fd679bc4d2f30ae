import { z } from 'zod';
import { allows, hashKey, newId, SCOPES, type Scope } from '#domain';
import { Fault } from '#runtime';
import type { StoredKey } from '#store';
import type { Caller, HttpDeps } from '../deps.ts';
import { flag, text } from '../input.ts';
import { Api, Reply } from '../route.ts';
import { renewPushKey } from '../streams/push.ts';

const scopes = z
  .array(z.enum(SCOPES, `must be ${SCOPES.join(', ')}`), 'must be a list such as ["read"]')
  .min(1, 'must name a scope')
  .transform((given) => [...new Set(given)])
  .meta({ examples: [['read']] });

const keyAnswer = z.object({
  id: z.number(),
  label: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  created_ms: z.number(),
  last_used_ms: z.number().optional().describe('To the minute; absent: never'),
});

/** API keys over HTTP: nobody gives or takes more than their own key opens. */
export function keyRoutes({ store, supervisor }: Pick<HttpDeps, 'store' | 'supervisor'>): Api {
  const api = new Api('Control');

  api.get(
    '/v1/control/keys',
    {
      summary: 'The API keys that open something, without the keys themselves',
      answer: z.object({ keys: z.array(keyAnswer) }),
    },
    () => ({ keys: store.keys.list().map(keyView) }),
  );

  api.post(
    '/v1/control/keys',
    {
      summary: 'Makes an API key, and shows it this once',
      body: z.object({ label: text(100, 'wall tablet'), scopes }),
      answer: keyAnswer.extend({ key: z.string() }),
      status: 201,
    },
    (c, { body }) => {
      demandReach(c.get('caller'), body.scopes, 'makes');
      const key = newId('key');
      const made = keyBy(store, store.keys.add(hashKey(key), body.label, body.scopes));
      c.set('detail', `key ${made.id} "${made.label}" for ${made.scopes.join(', ')}`);
      return new Reply({ ...keyView(made), key }, 'keep it: it is not shown again');
    },
  );

  api.delete(
    '/v1/control/keys/:id',
    {
      summary: 'Ends an API key at once, what is connected with it, and capture sessions that it has to do with',
      query: z.object({
        renew_push: flag
          .default(false)
          .describe(
            'Also gives streams that are sent to this box other addresses: keys that may change streams know them',
          ),
      }),
      answer: z.object({}),
    },
    (c, { params, query: { renew_push: renewPush } }) => {
      const key = keyBy(store, Number(params.id));
      demandReach(c.get('caller'), key.scopes, 'ends');
      const others = store.keys.list().filter(({ id }) => id !== key.id);
      if (!others.some((other) => other.scopes.includes('all'))) {
        throw new Fault('conflict', 'id: this is the last key that opens everything: make another one before');
      }
      if (renewPush && !key.scopes.includes('all')) {
        throw new Fault('conflict', 'renew_push: this key could see no address of a stream that is sent to this box');
      }
      store.keys.revoke(key.id);
      if (renewPush) {
        for (const stream of store.streams.list({ own: true }).results) renewPushKey(stream, store);
        supervisor.reconcile();
      }
      c.set('detail', `key ${key.id} "${key.label}"`);
      return {};
    },
  );

  return api;
}

function demandReach({ scopes }: Caller, wanted: readonly Scope[], does: string): void {
  const beyond = wanted.find((scope) => !scopes.includes('all') && !allows(scopes, scope));
  if (beyond === undefined) return;
  throw new Fault('forbidden', `scopes: a key for "${scopes.join('", "')}" ${does} no key for "${beyond}"`);
}

function keyBy(store: HttpDeps['store'], id: number): StoredKey {
  const key = Number.isInteger(id) ? store.keys.get(id) : undefined;
  if (!key) throw new Fault('not_found', 'id: there is no such key; GET /v1/control/keys lists them');
  return key;
}

function keyView({ id, label, scopes, createdMs, lastUsedMs }: StoredKey): z.input<typeof keyAnswer> {
  const used = lastUsedMs === undefined ? {} : { last_used_ms: lastUsedMs };
  return { id, label, scopes, created_ms: createdMs, ...used };
}
