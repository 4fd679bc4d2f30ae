import { z } from 'zod';
import { secretText } from '#delivery';
import type { FiringDelivery } from '#store';
import type { HttpDeps } from '../deps.ts';
import { webAddress, whole } from '../input.ts';
import { Api, Reply } from '../route.ts';

const states = z.enum(['waiting', 'dead', 'delivered'], 'must be "waiting", "dead" or "delivered"');
const listing = z.object({
  state: states.default('waiting'),
  limit: whole(1, 500).default(50),
  before: whole(1, Number.MAX_SAFE_INTEGER).optional(),
});

const deliveryAnswer = z
  .object({
    id: z.number(),
    state: states,
    channel: z.enum(['mqtt', 'webhook']),
    target: z.string().describe('Where it goes, without credentials and query; of MQTT the last levels of the topic'),
    what: z.enum(['alert', 'verdict']),
    firing_id: z.string(),
    alert_id: z.string(),
    label: z.string(),
    rtstream_id: z.string(),
    fired_at: z.string(),
    attempts: z.number().describe('How often its receiver refused it, and in the end took it'),
    last_error: z.string().optional(),
    next_try: z.string().optional(),
    delivered_at: z.string().optional(),
    dead_at: z.string().optional(),
  })
  .meta({ id: 'Delivery' });

/** Messages about alerts on their way, those that were given up, and whether a receiver can be reached at all. */
export function deliveryRoutes(deps: HttpDeps): Api {
  const { store, delivery, clock } = deps;
  const api = new Api('Deliveries');

  api.get(
    '/v1/deliveries',
    {
      summary:
        'Messages that wait, that were given up (dead), or that arrived; newest first, "before" is the id of one',
      query: listing,
      answer: z.object({ deliveries: z.array(deliveryAnswer) }),
    },
    (_c, { query: { state, limit, before } }) => {
      const where = { limit, ...(before === undefined ? {} : { beforeId: before }) };
      return { deliveries: store.deliveries.list(state, where).map(deliveryView) };
    },
  );

  api.post(
    '/v1/deliveries/:id/replay',
    {
      summary: 'Sends a message again, whatever became of it, for another day; its idempotency-key stays',
      answer: deliveryAnswer,
    },
    (_c, { params }) => {
      const id = /^\d{1,15}$/.test(params.id) ? Number(params.id) : 0;
      const due = store.deliveries.replay(id, clock.nowMs());
      delivery.wake();
      return deliveryView(due);
    },
  );

  api.post(
    '/v1/webhooks/test',
    {
      summary: 'Posts an alert that never was to an address, and says what came of it',
      body: z.object({ url: webAddress }),
      answer: z.object({
        delivered: z.boolean(),
        status: z.number().optional().describe('The HTTP status that it was answered with'),
        reason: z.string().optional().describe('Why it was not delivered'),
        took_ms: z.number(),
      }),
    },
    async (c, { body }) => {
      const startedMs = clock.monotonicMs();
      const outcome = await delivery.test(body.url, c.req.raw.signal);
      const { kind, status } = outcome;
      return {
        delivered: kind === 'delivered',
        ...(status === undefined ? {} : { status }),
        ...('reason' in outcome ? { reason: outcome.reason } : {}),
        took_ms: Math.round(clock.monotonicMs() - startedMs),
      };
    },
  );

  api.post(
    '/v1/webhooks/secret',
    {
      summary: 'Makes a new secret for signatures and shows it this once; the one before signs too for another day',
      answer: z.object({ secret: z.string() }),
    },
    () => {
      const secret = secretText(store.webhookSecrets.rotate(clock.nowMs()));
      return new Reply({ secret }, 'keep it where your receiver finds it: it is not shown again');
    },
  );

  return api;
}

function deliveryView(delivery: FiringDelivery): z.input<typeof deliveryAnswer> {
  const { id, channel, what, attempts, firing, lastError, deliveredMs, deadMs, nextTryMs } = delivery;
  const state = stateOf(delivery);
  return {
    id,
    state,
    channel,
    target: channel === 'webhook' ? bareAddress(delivery.target) : delivery.target,
    what,
    firing_id: firing.id,
    alert_id: firing.alertId,
    label: firing.label,
    rtstream_id: firing.streamId,
    fired_at: iso(firing.atMs),
    attempts,
    ...(lastError === undefined ? {} : { last_error: lastError }),
    ...(state === 'waiting' && nextTryMs > 0 ? { next_try: iso(nextTryMs) } : {}),
    ...(deliveredMs === undefined ? {} : { delivered_at: iso(deliveredMs) }),
    ...(deadMs === undefined ? {} : { dead_at: iso(deadMs) }),
  };
}

function stateOf({ deliveredMs, deadMs }: FiringDelivery): z.infer<typeof states> {
  if (deliveredMs !== undefined) return 'delivered';
  return deadMs === undefined ? 'waiting' : 'dead';
}

/** Queries of webhooks are where their tokens are. */
export function bareAddress(target: string): string {
  if (!URL.canParse(target)) return '';
  const { origin, pathname } = new URL(target);
  return origin + pathname;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
