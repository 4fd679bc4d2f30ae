import { Hono } from 'hono';
import { z } from 'zod';
import { type Alert, type EventDefinition, newId, type Rule, type Stream } from '#domain';
import { compileRule } from '#events';
import type { HttpDeps, HttpEnv, Routes } from './deps.ts';
import { ok } from './envelope.ts';
import { prompt, readBody, text } from './input.ts';
import { alertBy, eventBy, indexBy, streamBy } from './lookup.ts';
import { alertView, eventView } from './views.ts';

const eventPrompt = prompt('someone enters the loading zone');
const creation = z.object({ event_prompt: eventPrompt, label: text(100, 'person_entered') });
const understanding = z.object({ prompt: eventPrompt });

const arming = z.object({
  event_id: text(100, 'event-0123456789abcdef'),
  callback_url: z
    .string('must be an http:// or https:// address, or "" for none')
    .max(2048, 'must not be longer than 2048 characters')
    .refine((url) => url === '' || isWebAddress(url), 'must be an http:// or https:// address, or "" for none')
    .default(''),
  ws_connection_id: text(200, 'conn-1').optional(),
});

/** The SDKs send `action`, VideoDB's own description `status`. */
const statusChange = z
  .object({
    action: z.enum(['enable', 'disable'], 'must be "enable" or "disable"').optional(),
    status: z.enum(['enabled', 'disabled'], 'must be "enabled" or "disabled"').optional(),
  })
  .refine(({ action, status }) => action !== undefined || status !== undefined, {
    path: ['action'],
    message: 'must be "enable" or "disable"',
  })
  .transform(({ action, status }) => status ?? (action === 'enable' ? 'enabled' : 'disabled'));

/** Must be registered before the routes of one stream, which would take `event` for its id. */
export function eventRoutes(deps: HttpDeps): Routes {
  const { events } = deps.store;
  const routes = new Hono<HttpEnv>();

  routes.post('/rtstream/event', async (c) => {
    const { event_prompt: prompt, label } = await readBody(c, creation);
    const rule = compileRule(prompt, { zones: zoneNames(deps) });
    const event: EventDefinition = { id: newId('event'), prompt, label, rule, createdMs: deps.clock.nowMs() };
    events.create(event);
    return ok(c, eventView(event), { message: rule.understood });
  });

  routes.get('/rtstream/event', (c) => ok(c, { events: events.list().map(eventView) }));

  routes.post('/v1/events/understand', async (c) => {
    const { prompt } = await readBody(c, understanding);
    const rule = compileRule(prompt, { zones: zoneNames(deps) });
    return ok(c, { understood: rule.understood, needs: rule.needs, rule });
  });

  return routes;
}

export function alertRoutes(deps: HttpDeps): Routes {
  const { alerts, events } = deps.store;
  const routes = new Hono<HttpEnv>();

  routes.post('/rtstream/:id/index/:index/alert', async (c) => {
    const stream = streamBy(deps, c.req.param('id'));
    const index = indexBy(deps, stream.id, c.req.param('index'));
    const body = await readBody(c, arming);
    const event = eventBy(deps, body.event_id);
    const alert: Alert = {
      id: newId('alert'),
      streamId: stream.id,
      indexId: index.id,
      eventId: event.id,
      ...(body.callback_url ? { callbackUrl: body.callback_url } : {}),
      ...(body.ws_connection_id ? { wsConnectionId: body.ws_connection_id } : {}),
      status: 'enabled',
      createdMs: deps.clock.nowMs(),
    };
    alerts.create(alert);
    const warnings = muteReasons(event.rule, stream, deps);
    return ok(c, { ...alertView(alert, event), warnings }, { message: warnings.join('; ') });
  });

  routes.get('/rtstream/:id/index/:index/alert', (c) => {
    const index = indexBy(deps, c.req.param('id'), c.req.param('index'));
    const list = alerts.listByIndex(index.id).map((alert) => alertView(alert, events.get(alert.eventId)));
    return ok(c, { alerts: list });
  });

  routes.patch('/rtstream/:id/index/:index/alert/:alert/status', async (c) => {
    const index = indexBy(deps, c.req.param('id'), c.req.param('index'));
    const { id } = alertBy(deps, index, c.req.param('alert'));
    const alert = alerts.setStatus(id, await readBody(c, statusChange));
    return ok(c, alertView(alert, events.get(alert.eventId)));
  });

  return routes;
}

/** Why an armed rule can't fire yet: said at once, since such an alert would otherwise just be silent. */
function muteReasons(rule: Rule, stream: Stream, { inference }: HttpDeps): string[] {
  const reasons: string[] = [];
  if (rule.zone !== undefined && !stream.zones.some((zone) => zone.name.toLowerCase() === rule.zone?.toLowerCase())) {
    reasons.push(
      `the camera "${stream.name}" has no zone "${rule.zone}" yet: PUT /v1/streams/${stream.id}/zones sets it`,
    );
  }
  if (rule.needs.includes('object-detection') && inference.status().state === 'none') {
    reasons.push('the rule needs an object detector and none is installed: "watchpost models pull" gets one');
  }
  return reasons;
}

/** Of all cameras: an event is not bound to one until it is armed. */
function zoneNames({ store }: HttpDeps): string[] {
  const { results } = store.streams.list();
  return [...new Set(results.flatMap((stream) => stream.zones.map((zone) => zone.name)))];
}

function isWebAddress(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && !/\s/.test(url);
}
